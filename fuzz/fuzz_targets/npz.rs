//! Arrays in a npz file, and recordings of counts and of times out of it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use spikereel_formats::{list_arrays, read_recording, read_spikes};

fuzz_target!(|bytes: &[u8]| {
    spikereel_fuzz::with_file("recording.npz", bytes, &["recording.toml", "recording_times.toml"], |path| {
        let _ = (list_arrays(path), read_spikes(path, None), read_recording(path));
        let _ = read_recording(&path.with_file_name("recording_times.toml"));
    });
});
