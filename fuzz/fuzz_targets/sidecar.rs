//! A sidecar beside whole arrays.
#![no_main]

use libfuzzer_sys::fuzz_target;
use spikereel_formats::read_recording;

fuzz_target!(|bytes: &[u8]| {
    spikereel_fuzz::with_file("recording.toml", bytes, &["recording.npz"], |path| {
        let _ = read_recording(path);
    });
});
