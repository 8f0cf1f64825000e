//! One array in a npy file.
#![no_main]

use libfuzzer_sys::fuzz_target;
use spikereel_formats::{list_arrays, read_spikes};

fuzz_target!(|bytes: &[u8]| {
    spikereel_fuzz::with_file("a.npy", bytes, &[], |path| {
        let _ = (list_arrays(path), read_spikes(path, None), spikereel_formats::read::npy::read(path));
    });
});
