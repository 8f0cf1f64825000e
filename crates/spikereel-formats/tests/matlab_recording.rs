//! A real recording in a MATLAB file, where it is at hand: decoding a movie's seconds from one region gives the known numbers.
//!
//! The file is not part of the repository (Allen Visual Coding Neuropixels, session 791319847, DANDI:000021, CC-BY-4.0). The test looks for it in
//! `shared/data` beside the workspace and passes without it.

use ndarray::{Array2, ArrayD, ArrayView1, Axis, s};
use spikereel_formats::read::matlab::MatFile;
use std::path::{Path, PathBuf};

const FILE: &str = "prep_data_791319847.mat";

fn file() -> Option<PathBuf> {
    let mut folders = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    folders.find_map(|folder| Some(folder.join("shared").join("data").join(FILE)).filter(|path| path.is_file()))
}

/// What is known of this file: share of its 30 seconds named right from one region (chance .033).
const KNOWN: [(&str, f64); 13] = [
    ("VISp", 0.887),
    ("VISal", 0.66),
    ("VISam", 0.65),
    ("VISl", 0.53),
    ("VISrl", 0.52),
    ("VISpm", 0.42),
    ("LGv", 0.39),
    ("LGd", 0.27),
    ("LP", 0.14),
    ("CA1", 0.05),
    ("SUB", 0.06),
    ("CA3", 0.04),
    ("DG", 0.05),
];

/// Share of seconds named right by the nearest mean of the other repeats. `act` is `[site, repeat, bin]`, each site standardised over
/// all of its values (as the known numbers were, the repeat left out among them); near means a high correlation over sites.
fn accuracy(act: &ArrayD<f64>, sites: &[usize]) -> f64 {
    let mut act = act.select(Axis(0), sites);
    for mut site in act.axis_iter_mut(Axis(0)) {
        let (mean, deviation) = (site.mean().unwrap(), site.std(0.0));
        site.mapv_inplace(|value| (value - mean) / (deviation + 1e-9));
    }
    let (n_repeats, n_bins) = (act.len_of(Axis(1)), act.len_of(Axis(2)));
    let total = act.sum_axis(Axis(1));
    let mut n_right = 0;
    for repeat in 0..n_repeats {
        let left_out = act.slice(s![.., repeat, ..]);
        let means: Array2<f64> = &total.slice(s![.., ..]) - &left_out;
        for bin in 0..n_bins {
            let nearness = |other: usize| correlation(means.column(other), left_out.column(bin));
            let nearest = (0..n_bins).max_by(|a, b| nearness(*a).total_cmp(&nearness(*b)));
            n_right += usize::from(nearest == Some(bin));
        }
    }
    n_right as f64 / (n_repeats * n_bins) as f64
}

fn correlation(a: ArrayView1<'_, f64>, b: ArrayView1<'_, f64>) -> f64 {
    let centered = |values: ArrayView1<'_, f64>| &values - values.mean().unwrap();
    let (a, b) = (centered(a), centered(b));
    a.dot(&b) / (a.dot(&a) * b.dot(&b)).sqrt()
}

#[test]
fn a_real_recording_opens_and_decodes_as_known() {
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
    for (region, expected) in KNOWN {
        let sites: Vec<usize> = (0..555).filter(|site| regions[*site] == region).collect();
        let accuracy = accuracy(&act, &sites);
        println!("{region}: {} sites, accuracy {accuracy:.3}, known {expected}", sites.len());
        assert!((accuracy - expected).abs() < 0.01, "{region}: {accuracy}, known {expected}");
    }
}
