//! What the paper reports of masking (Zhang et al. 2026, doi 10.1038/s42003-025-09486-7), to stand beside our numbers.

use spikereel_data::Dataset;

/// One region and feature in the paper.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Published {
    feature: &'static str,
    region: &'static str,
    /// Mean change: gray levels of 255 for shape and color, degrees for motion; none where only the verdict is printed.
    pub(super) mean: Option<f64>,
    /// Its standard deviation over conditions.
    pub(super) sd: Option<f64>,
    /// The t of its unpaired test, df 126.
    pub(super) t: Option<f64>,
    /// What the paper concludes.
    pub(super) verdict: &'static str,
}

const fn entry(
    feature: &'static str,
    region: &'static str,
    mean_and_sd: Option<[f64; 2]>,
    t: Option<f64>,
    verdict: &'static str,
) -> Published {
    let (mean, sd) = match mean_and_sd {
        Some([mean, sd]) => (Some(mean), Some(sd)),
        None => (None, None),
    };
    Published { feature, region, mean, sd, t, verdict }
}

const MASKING: [Published; 13] = [
    entry("shape", "V4", Some([16.42, 7.83]), Some(-16.34), "p < .0001"),
    entry("shape", "LIP", Some([7.11, 4.01]), Some(-12.85), "p < .0001"),
    entry("shape", "MT", Some([4.76, 2.87]), Some(-11.99), "p < .0001"),
    entry("shape", "IT", Some([1.81, 1.52]), Some(-7.42), "p < .0001"),
    entry("shape", "PFC", None, None, "n.s."),
    entry("shape", "FEF", None, None, "n.s."),
    entry("color", "LIP", Some([8.57, 8.52]), Some(-3.07), "p = .0026"),
    entry("color", "V4", Some([3.55, 2.65]), None, "n.s."),
    entry("color", "MT", Some([2.98, 2.33]), None, "n.s."),
    entry("color", "IT", Some([1.07, 0.93]), None, "n.s."),
    entry("motion", "MT", Some([30.75, 40.48]), None, "p = .0014"),
    entry("motion", "V4", Some([15.88, 12.61]), None, "p < .0001"),
    entry("motion", "LIP", Some([9.18, 9.06]), None, "p < .0001"),
];

/// Whether a dataset has the paper's six regions.
pub(super) fn has_regions(dataset: &Dataset) -> bool {
    ["PFC", "FEF", "LIP", "MT", "IT", "V4"].iter().all(|name| dataset.regions().iter().any(|region| region.0 == *name))
}

/// What the paper reports of a feature and region, if anything.
pub(super) fn masking(feature: &str, region: &str) -> Option<&'static Published> {
    MASKING.iter().find(|own| own.feature == feature && own.region == region)
}
