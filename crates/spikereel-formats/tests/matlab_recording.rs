//! A real recording in a MATLAB file, where it is at hand: the published decoding of a movie's seconds from one region.
//!
//! The file is not part of the repository (Allen Visual Coding Neuropixels, session 791319847, DANDI:000021, CC-BY-4.0). The test looks for it in
//! `shared/data` beside the workspace and passes without it.

use ndarray::{Array2, ArrayD, Axis, s};
use spikereel_formats::read::matlab::MatFile;
use std::path::{Path, PathBuf};

const FILE: &str = "prep_data_791319847.mat";

fn file() -> Option<PathBuf> {
    let mut folders = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    folders.find_map(|folder| Some(folder.join("shared").join("data").join(FILE)).filter(|path| path.is_file()))
}

/// Share of seconds named right by the nearest mean of the other repeats (Euclidean distance); `act` is `[site, repeat, bin]`.
fn accuracy(act: &ArrayD<f64>, sites: &[usize]) -> f64 {
    let act = act.select(Axis(0), sites);
    let (n_repeats, n_bins) = (act.len_of(Axis(1)), act.len_of(Axis(2)));
    let total = act.sum_axis(Axis(1));
    let mut n_right = 0;
    for repeat in 0..n_repeats {
        let left_out = act.slice(s![.., repeat, ..]);
        let means: Array2<f64> = (&total.slice(s![.., ..]) - &left_out) / (n_repeats - 1) as f64;
        for bin in 0..n_bins {
            let distance = |other: usize| -> f64 {
                let difference = &means.column(other) - &left_out.column(bin);
                difference.iter().map(|value| value * value).sum()
            };
            let nearest = (0..n_bins).min_by(|a, b| distance(*a).total_cmp(&distance(*b)));
            n_right += usize::from(nearest == Some(bin));
        }
    }
    n_right as f64 / (n_repeats * n_bins) as f64
}

#[test]
fn a_real_recording_opens_and_decodes_as_published() {
    let Some(path) = file() else {
        println!("{FILE} is not at hand: nothing checked");
        return;
    };
    let mut mat = MatFile::open(&path).unwrap();
    let named: Vec<&str> = mat.variables().iter().map(|variable| variable.name.as_str()).collect();
    assert_eq!(named.len(), 10, "{named:?}");
    let act = mat.read("act").unwrap().to_array().unwrap();
    assert_eq!(act.shape(), [555, 20, 30]);
    let regions = mat.read("unit_regs").unwrap();
    let regions: Vec<&str> = regions.cells().unwrap().iter().map(|region| region.text().unwrap()).collect();
    assert_eq!(regions.len(), 555);
    assert_eq!(mat.read("units_ind").unwrap().to_f64().unwrap()[..2], [951_058_482.0, 951_058_595.0]);
    for (region, expected) in [("VISp", 0.887), ("CA1", 0.05)] {
        let sites: Vec<usize> = (0..555).filter(|site| regions[*site] == region).collect();
        let accuracy = accuracy(&act, &sites);
        println!("{region}: {} sites, accuracy {accuracy:.4}", sites.len());
        assert!((accuracy - expected).abs() < 0.01, "{region}: {accuracy}, published {expected}");
    }
}
