//! Standardisation to zero mean and unit variance, fitted on training trials only.
//!
//! The paper says "standardised" and leaves the axis open; its figures fit one global mean and standard deviation
//! (paper-facts, section 1), which is therefore the published choice. `PerSite` is the usual one in the field.

use crate::{DataError, Result, SpikeTensor};
use serde::{Deserialize, Serialize};

/// Over which axes mean and standard deviation are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standardisation {
    /// One mean and standard deviation for everything.
    Global,
    /// One of each per site, over trials and bins.
    PerSite,
    /// One of each per site and bin, over trials.
    PerSiteBin,
}

/// A fitted standardisation: `z = (x - mean) / sd`, per entry of a trial `[bin, site]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Standardiser {
    kind: Standardisation,
    n_bins: usize,
    n_sites: usize,
    mean: Vec<f32>,
    sd: Vec<f32>,
}

impl Standardiser {
    /// Fits on the given (training) trials; population standard deviation, as scikit-learn's `StandardScaler`.
    ///
    /// An entry without variance keeps sd 1, so that it stays 0 and never divides by 0.
    ///
    /// # Errors
    /// Where there is no trial to fit on.
    pub fn fit(kind: Standardisation, spikes: &SpikeTensor, trials: &[usize]) -> Result<Self> {
        if trials.is_empty() {
            return Err(DataError::new("standardisation", "at least one training trial", "none"));
        }
        let [_, n_bins, n_sites] = spikes.shape();
        let n_groups = match kind {
            Standardisation::Global => 1,
            Standardisation::PerSite => n_sites,
            Standardisation::PerSiteBin => n_sites * n_bins,
        };
        let mut trial = vec![0.0; n_bins * n_sites];
        let (mut sum, mut sum_squares) = (vec![0.0_f64; n_groups], vec![0.0_f64; n_groups]);
        // Two passes: squares of differences keep their digits where means are large.
        for &trial_idx in trials {
            spikes.copy_trial(trial_idx, &mut trial);
            trial.iter().enumerate().for_each(|(at, &value)| sum[group(kind, at, n_sites)] += f64::from(value));
        }
        let n_per_group = (trials.len() * n_bins * n_sites / n_groups) as f64;
        let mean: Vec<f64> = sum.iter().map(|sum| sum / n_per_group).collect();
        for &trial_idx in trials {
            spikes.copy_trial(trial_idx, &mut trial);
            for (at, &value) in trial.iter().enumerate() {
                let group = group(kind, at, n_sites);
                sum_squares[group] += (f64::from(value) - mean[group]).powi(2);
            }
        }
        let sd =
            sum_squares.iter().map(|sum| (sum / n_per_group).sqrt()).map(|sd| if sd > 1e-12 { sd as f32 } else { 1.0 });
        Ok(Self { kind, n_bins, n_sites, sd: sd.collect(), mean: mean.iter().map(|&mean| mean as f32).collect() })
    }

    /// Which axes it was fitted over.
    pub fn kind(&self) -> Standardisation {
        self.kind
    }

    /// Standardises one trial `[bin, site]` in place.
    pub fn apply(&self, trial: &mut [f32]) {
        for (at, value) in trial.iter_mut().enumerate() {
            let group = group(self.kind, at, self.n_sites);
            *value = (*value - self.mean[group]) / self.sd[group];
        }
    }

    /// # Errors
    /// Names the axis on which a trial of this shape could not be standardised.
    pub fn check_axes(&self, n_bins: usize, n_sites: usize) -> Result<()> {
        for (axis, expected, got) in [("bin", self.n_bins, n_bins), ("site", self.n_sites, n_sites)] {
            if expected != got {
                return Err(DataError::new(
                    format!("standardisation, {axis} axis"),
                    expected.to_string(),
                    got.to_string(),
                ));
            }
        }
        Ok(())
    }
}

fn group(kind: Standardisation, at: usize, n_sites: usize) -> usize {
    match kind {
        Standardisation::Global => 0,
        Standardisation::PerSite => at % n_sites,
        Standardisation::PerSiteBin => at,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array3;

    #[test]
    fn training_trials_come_out_with_zero_mean_and_unit_variance_and_others_do_not_matter() {
        let values = Array3::from_shape_fn((6, 2, 3), |(t, b, s)| ((t * 7 + b * 3 + s * 5) % 11) as f32);
        let mut other = values.clone();
        other.index_axis_mut(ndarray::Axis(0), 5).fill(99.0); // a test trial
        let train = [0, 1, 2, 3, 4];
        for kind in [Standardisation::Global, Standardisation::PerSite, Standardisation::PerSiteBin] {
            let fit = |values: &Array3<f32>| {
                Standardiser::fit(kind, &SpikeTensor::from_array(values.view()).unwrap(), &train).unwrap()
            };
            assert_eq!(fit(&values), fit(&other));
        }
        let tensor = SpikeTensor::from_array(values.view()).unwrap();
        let standardiser = Standardiser::fit(Standardisation::PerSite, &tensor, &train).unwrap();
        let mut site0 = Vec::new();
        for t in train {
            let mut trial = vec![0.0; 6];
            tensor.copy_trial(t, &mut trial);
            standardiser.apply(&mut trial);
            site0.extend([trial[0], trial[3]]);
        }
        let mean = site0.iter().sum::<f32>() / 10.0;
        let variance = site0.iter().map(|z| (z - mean).powi(2)).sum::<f32>() / 10.0;
        assert!(mean.abs() < 1e-6 && (variance - 1.0).abs() < 1e-5, "{mean} {variance}");
    }
}
