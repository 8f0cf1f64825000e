//! An NWB file and the HDF5 beneath: its summary, its pictures, recordings by the columns it has.
#![no_main]

use libfuzzer_sys::fuzz_target;
use spikereel_formats::read::nwb::PictureOptions;
use spikereel_formats::{NwbFile, NwbOptions, read_nwb};

fuzz_target!(|bytes: &[u8]| {
    spikereel_fuzz::with_file("a.nwb", bytes, &[], |path| {
        let Ok(nwb) = NwbFile::open(path) else { return };
        let summary = nwb.summary();
        for info in &summary.stimuli {
            let _ = nwb.preview(&info.path, &PictureOptions::default());
        }
        let columns = summary.tables.iter().flat_map(|table| &table.columns);
        for column in columns.take(12) {
            let mut options = NwbOptions::default();
            options.trials.factors = vec![column.name.clone()];
            options.trials.window = Some([0.0, 1.0]);
            let _ = read_nwb(path, &options);
        }
    });
});
