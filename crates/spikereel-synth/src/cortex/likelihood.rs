//! Exact likelihood of a trial's counts for every condition, by region: sums over the shared gain and over lapses.
//!
//! Log probabilities of single counts stand in tables, less their value in the first state at the lowest gain: what is
//! common to all states and gains cancels in every posterior, and small numbers add up well in f32.

use super::config::PerFeature;
use super::noise::{N_GAINS, fill_log_pmf};
use super::session::RegionPart;
use super::tuning::Drive;

/// Log probability, up to a term common to all entries, of one region's counts for each heard
/// `[response][shape][color][motion]`.
pub(super) type RegionLogLikelihood = [f64; 128];

/// Position in a [`RegionLogLikelihood`].
pub(super) fn heard_idx([shape, color, motion]: [usize; 3], response: usize) -> usize {
    response * 64 + shape * 16 + color * 4 + motion
}

/// Tables of a region.
pub(super) struct RegionTables<'a> {
    region: &'a RegionPart,
    /// For each site and bin, first entry and number of counts tabulated; entries are `[count][state][gain]`.
    spans: Vec<(usize, usize)>,
    values: Vec<f32>,
}

impl<'a> RegionTables<'a> {
    pub(super) fn new(region: &'a RegionPart) -> Self {
        let highest_gain = region.gains[N_GAINS - 1];
        let (mut spans, mut values) = (Vec::new(), Vec::new());
        for site_bin in &region.site_bins {
            let top = site_bin.means.iter().fold(0.0f64, |top, mean| top.max(mean * highest_gain));
            // Six standard deviations; the rare counts beyond are computed when they occur.
            let n_counts = ((top + 6.0 * (region.fano * top).sqrt()) as usize + 5).min(256);
            spans.push((values.len(), n_counts));
            let columns = columns(region, &site_bin.means, n_counts);
            for count in 0..n_counts {
                values.extend(columns.iter().map(|column| (column[count] - columns[0][count]) as f32));
            }
        }
        Self { region, spans, values }
    }

    /// Log likelihood of a trial, `counts` being the session's `[bin, site]` with `n_session_sites` sites.
    pub(super) fn log_likelihood(&self, counts: &[u8], n_session_sites: usize) -> RegionLogLikelihood {
        let region = self.region;
        let mut sums = [[0.0f32; 16 * N_GAINS]; 4];
        for (at, site_bin) in region.site_bins.iter().enumerate() {
            let (bin_idx, site_idx) = (at / region.n_sites, at % region.n_sites);
            let count = usize::from(counts[bin_idx * n_session_sites + region.first_site + site_idx]);
            let width = site_bin.drive.n_states() * N_GAINS;
            let sums = &mut sums[site_bin.drive as usize][..width];
            let (start, n_counts) = self.spans[at];
            if count < n_counts {
                let row = &self.values[start + count * width..][..width];
                sums.iter_mut().zip(row).for_each(|(sum, value)| *sum += value);
            } else {
                let columns = columns(region, &site_bin.means, count + 1);
                let reference = columns[0][count];
                sums.iter_mut().zip(&columns).for_each(|(sum, column)| *sum += (column[count] - reference) as f32);
            }
        }
        combine(&sums, region.lapse)
    }
}

/// Log probabilities of counts below `n_counts` for each `[state][gain]`.
fn columns(region: &RegionPart, means: &[f64], n_counts: usize) -> Vec<Vec<f64>> {
    let of_mean = |mean: &f64| {
        region.gains.map(|gain| {
            let mut column = vec![0.0; n_counts];
            fill_log_pmf(mean * gain, region.fano, &mut column);
            column
        })
    };
    means.iter().flat_map(of_mean).collect()
}

/// Sums over lapses and gains. Given the gain, what depends on shape (cue and task bins) and what depends on color and
/// motion (sensory bins) are independent, so that lapses are mixed into each by itself.
fn combine(sums: &[[f32; 16 * N_GAINS]; 4], lapse: PerFeature) -> RegionLogLikelihood {
    let log = |drive: Drive, state: usize, gain: usize| f64::from(sums[drive as usize][state * N_GAINS + gain]);
    let mut scales = [0.0; N_GAINS];
    // [gain][response * 4 + shape] and [gain][color * 4 + motion], each below a factor that `scales` keeps.
    let (mut by_shape, mut by_stimulus) = ([[0.0; 8]; N_GAINS], [[0.0; 16]; N_GAINS]);
    for gain in 0..N_GAINS {
        let mut shape: [f64; 8] =
            std::array::from_fn(|at| log(Drive::Cue, at % 4, gain) + log(Drive::Task, at % 4 * 2 + at / 4, gain));
        let mut stimulus: [f64; 16] = std::array::from_fn(|at| log(Drive::Sensory, at, gain));
        scales[gain] = log(Drive::Blank, 0, gain) + exp_in_place(&mut shape) + exp_in_place(&mut stimulus);
        for response in 0..2 {
            mix(&mut shape, response * 4, 1, lapse.shape);
        }
        for level in 0..4 {
            mix(&mut stimulus, level, 4, lapse.color);
        }
        for level in 0..4 {
            mix(&mut stimulus, level * 4, 1, lapse.motion);
        }
        (by_shape[gain], by_stimulus[gain]) = (shape, stimulus);
    }
    let top = scales.iter().fold(f64::NEG_INFINITY, |top, scale| top.max(*scale));
    std::array::from_fn(|at| {
        let (response_and_shape, stimulus) = (at / 16, at % 16);
        let sum: f64 = (0..N_GAINS)
            .map(|gain| (scales[gain] - top).exp() * by_shape[gain][response_and_shape] * by_stimulus[gain][stimulus])
            .sum();
        sum.max(f64::MIN_POSITIVE).ln()
    })
}

/// Subtracts the largest, takes exp, returns the largest.
fn exp_in_place(values: &mut [f64]) -> f64 {
    let top = values.iter().fold(f64::NEG_INFINITY, |top, value| top.max(*value));
    values.iter_mut().for_each(|value| *value = (*value - top).exp());
    top
}

/// With probability `lapse` a uniformly drawn level is heard instead of the shown one.
fn mix(values: &mut [f64], start: usize, step: usize, lapse: f64) {
    let mean = (0..4).map(|level| values[start + level * step]).sum::<f64>() / 4.0;
    for level in 0..4 {
        let value = &mut values[start + level * step];
        *value = (1.0 - lapse) * *value + lapse * mean;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cortex::code::Code;
    use crate::cortex::config::{CortexConfig, Feature, RegionConfig};
    use crate::cortex::session::sessions;
    use crate::cortex::tuning::SiteBin;

    /// Two sites, one of them for the task, one cue and one stimulus bin; all features, lapses and couplings at work.
    fn tiny(fano_factor: f64) -> CortexConfig {
        let region = RegionConfig {
            n_sites: 2,
            tuning: PerFeature::new(0.5, 0.4, 0.6),
            lapse: PerFeature::new(0.2, 0.1, 0.3),
            fano_factor,
            shared_gain_sd: 0.4,
            task_share: 0.5,
            memory: 0.3,
            rule_coupling: 0.2,
            response_coupling: -0.3,
            ..RegionConfig::default()
        };
        let mut config = CortexConfig::preset("standard").unwrap();
        config.regions = vec![region];
        (config.fixation_secs, config.cue_secs, config.stimulus_secs) = (0.1, 0.1, 0.1);
        config
    }

    /// By definition: sum over heard levels and gains of the product of the counts' probabilities.
    fn by_definition(region: &RegionPart, counts: &[u8], shown: [usize; 3], response: usize) -> f64 {
        let probability_heard = |feature: Feature, heard: usize| {
            let lapse = region.lapse.get(feature);
            lapse / 4.0 + if heard == shown[feature as usize] { 1.0 - lapse } else { 0.0 }
        };
        let mut total = 0.0;
        for heard in (0..64).map(|at| [at / 16, at / 4 % 4, at % 4]) {
            let heard_p: f64 = Feature::ALL.iter().map(|&f| probability_heard(f, heard[f as usize])).product();
            for gain in region.gains {
                let probability = |(site_bin, &count): (&SiteBin, &u8)| {
                    let mean = site_bin.means[site_bin.drive.state(heard, response)] * gain;
                    let n = u32::from(count);
                    let factorial: f64 = (1..=n).map(f64::from).product();
                    if region.fano == 1.0 {
                        (-mean).exp() * mean.powi(n as i32) / factorial
                    } else {
                        let (size, p) = (mean / (region.fano - 1.0), 1.0 / region.fano);
                        let rising: f64 = (0..n).map(|i| size + f64::from(i)).product();
                        rising / factorial * p.powf(size) * (1.0 - p).powi(n as i32)
                    }
                };
                let counts_p: f64 = region.site_bins.iter().zip(counts).map(probability).product();
                total += heard_p * counts_p / N_GAINS as f64;
            }
        }
        total
    }

    #[test]
    fn the_tables_give_the_likelihood_of_the_definition() {
        for (fano, counts) in [(1.6, [2, 3, 5, 1, 4, 2]), (1.0, [0, 7, 2, 2, 0, 9]), (2.5, [1, 1, 60, 3, 2, 70])] {
            let sessions = sessions(&tiny(fano), 3).unwrap();
            let region = &sessions[0].regions[0];
            let got = RegionTables::new(region).log_likelihood(&counts, 2);
            let reference = by_definition(region, &counts, [0; 3], 0);
            for at in 0..128 {
                let (shown, response) = ([at / 16 % 4, at / 4 % 4, at % 4], at / 64);
                let expected = (by_definition(region, &counts, shown, response) / reference).ln();
                let got = got[heard_idx(shown, response)] - got[0];
                assert!((got - expected).abs() < 2e-5, "{shown:?} {response}: {got}, by definition {expected}");
            }
        }
    }

    #[test]
    fn a_code_takes_the_place_of_a_regions_own_lapse() {
        let mut config = tiny(1.6);
        config.regions.push(RegionConfig { name: "other".into(), ..config.regions[0].clone() });
        let regions = vec!["region".into(), "other".into()];
        config.codes = vec![Code::Redundant { feature: Feature::Color, regions, corruption: 0.5 }];
        let sessions = sessions(&config, 3).unwrap();
        assert_eq!(sessions[0].regions[1].lapse, PerFeature::new(0.2, 0.0, 0.3));
    }
}
