//! Every variable of a MATLAB file.
#![no_main]

use libfuzzer_sys::fuzz_target;
use spikereel_formats::read::matlab::{MatFile, MatLimits};

fuzz_target!(|bytes: &[u8]| {
    spikereel_fuzz::with_file("a.mat", bytes, &[], |path| {
        // libFuzzer counts more than 2 GiB as a fault.
        let limits = MatLimits { variable_bytes: 1 << 26, values: 100_000 };
        let Ok(mut file) = MatFile::open_with(path, limits) else { return };
        let names: Vec<String> = file.variables().iter().map(|variable| variable.name.clone()).collect();
        for name in names {
            if let Ok(value) = file.read(&name) {
                let _ = (value.to_array(), value.text());
            }
        }
    });
});
