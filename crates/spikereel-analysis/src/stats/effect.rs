//! Effect sizes with bootstrap intervals: Cohen's dz of paired differences, Cohen's d of two samples, any mean.
//!
//! # References
//! Efron (1987), Better bootstrap confidence intervals, JASA 82:171 (bias-corrected and accelerated, BCa). Held to `scipy.stats.bootstrap`.

use super::percentile;
use super::t_test::{cohens_d, cohens_dz};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use spikereel_data::rng::stream;
use statrs::function::erf::{erfc, erfc_inv};

/// An estimate with its bootstrap interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// On the data as they are.
    pub value: f64,
    /// 95 % interval: BCa where it is defined, else percentile; none where neither is.
    pub interval_95: Option<[f64; 2]>,
}

impl Estimate {
    /// Whether the interval exists and leaves out `value`.
    pub fn excludes(&self, value: f64) -> bool {
        self.interval_95.is_some_and(|[low, high]| value < low || value > high)
    }
}

/// How an interval is drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Resampling<'a> {
    /// Replicates.
    pub n_replicates: usize,
    /// The study's seed.
    pub seed: u64,
    /// Name of the random stream.
    pub name: &'a str,
}

impl Resampling<'_> {
    /// Any statistic of one sample. None where it is not defined on the sample.
    pub fn of_sample(&self, values: &[f64], statistic: impl Fn(&[f64]) -> Option<f64> + Sync) -> Option<Estimate> {
        self.of_samples([values, &[]], |[values, _]| statistic(values))
    }

    /// The mean.
    pub fn mean(&self, values: &[f64]) -> Option<Estimate> {
        self.of_sample(values, |values| {
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            mean.is_finite().then_some(mean)
        })
    }

    /// Cohen's dz: mean over standard deviation of paired differences.
    pub fn cohens_dz(&self, differences: &[f64]) -> Option<Estimate> {
        self.of_sample(differences, cohens_dz)
    }

    /// Cohen's d of independent samples, each resampled by itself.
    pub fn cohens_d(&self, a: &[f64], b: &[f64]) -> Option<Estimate> {
        self.of_samples([a, b], |[a, b]| cohens_d(a, b))
    }

    fn of_samples(
        &self,
        samples: [&[f64]; 2],
        statistic: impl Fn([&[f64]; 2]) -> Option<f64> + Sync,
    ) -> Option<Estimate> {
        let value = statistic(samples)?;
        let drawn = |values: &[f64], rng: &mut ChaCha8Rng| -> Vec<f64> {
            (0..values.len()).map(|_| values[rng.random_range(0..values.len())]).collect()
        };
        let replicate = |replicate: usize| {
            let mut rng = stream(self.seed, &format!("{}/replicate{replicate}", self.name));
            let (a, b) = (drawn(samples[0], &mut rng), drawn(samples[1], &mut rng));
            statistic([&a, &b])
        };
        let replicates: Vec<f64> = (0..self.n_replicates).into_par_iter().filter_map(replicate).collect();
        let jackknife: Vec<Vec<f64>> = (0..2)
            .map(|which| {
                let without = |at: usize| {
                    let mut left: Vec<f64> = samples[which].to_vec();
                    left.remove(at);
                    statistic(if which == 0 { [&left, samples[1]] } else { [samples[0], &left] })
                };
                (0..samples[which].len()).filter_map(without).collect()
            })
            .collect();
        let is_whole = jackknife.iter().zip(samples).all(|(left, sample)| left.len() == sample.len());
        let bca = if is_whole { bca_interval(value, &replicates, &jackknife, 0.95) } else { None };
        Some(Estimate { value, interval_95: bca.or_else(|| percentile_interval(&replicates, 0.95)) })
    }
}

/// Percentile interval of bootstrap replicates; none without replicates.
pub fn percentile_interval(replicates: &[f64], confidence: f64) -> Option<[f64; 2]> {
    let tail = (1.0 - confidence) / 2.0;
    Some([percentile(replicates, tail)?, percentile(replicates, 1.0 - tail)?])
}

/// BCa interval from the estimate, bootstrap replicates, and for each sample the statistic without each of its values. None where it is not
/// defined: no replicates, all of them on one side of the estimate, or a jackknife that does not vary.
pub fn bca_interval(estimate: f64, replicates: &[f64], jackknife: &[Vec<f64>], confidence: f64) -> Option<[f64; 2]> {
    let n = replicates.len() as f64;
    let below = replicates.iter().filter(|&&value| value < estimate).count() as f64;
    let at_or_below = replicates.iter().filter(|&&value| value <= estimate).count() as f64;
    let bias = normal_quantile((below + at_or_below) / (2.0 * n));
    let (mut cubes, mut squares) = (0.0, 0.0);
    for left_out in jackknife.iter().filter(|left_out| !left_out.is_empty()) {
        let n = left_out.len() as f64;
        let mean = left_out.iter().sum::<f64>() / n;
        let influence = left_out.iter().map(|value| (n - 1.0) * (mean - value));
        cubes += influence.clone().map(|value| value.powi(3)).sum::<f64>() / n.powi(3);
        squares += influence.map(|value| value.powi(2)).sum::<f64>() / n.powi(2);
    }
    let acceleration = cubes / squares.powf(1.5) / 6.0;
    let tail = normal_quantile((1.0 - confidence) / 2.0);
    let share = |z: f64| {
        let moved = bias + z;
        0.5 * erfc(-(bias + moved / (1.0 - acceleration * moved)) / std::f64::consts::SQRT_2)
    };
    let (low, high) = (share(tail), share(-tail));
    if !(bias.is_finite() && low.is_finite() && high.is_finite()) {
        return None;
    }
    Some([percentile(replicates, low)?, percentile(replicates, high)?])
}

fn normal_quantile(p: f64) -> f64 {
    -std::f64::consts::SQRT_2 * erfc_inv(2.0 * p)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_distr::{Distribution, StandardNormal};

    #[test]
    fn the_interval_holds_the_true_effect_about_as_often_as_it_says() {
        let holds = |seed: u64| {
            let mut rng = stream(seed, "sample");
            let values: Vec<f64> = (0..40)
                .map(|_| {
                    let z: f64 = StandardNormal.sample(&mut rng);
                    z + 0.5
                })
                .collect();
            let [low, high] =
                Resampling { n_replicates: 400, seed, name: "dz" }.cohens_dz(&values).unwrap().interval_95.unwrap();
            low <= 0.5 && high >= 0.5
        };
        let n_held = (0..200).filter(|&seed| holds(seed)).count();
        assert!((176..=199).contains(&n_held), "{n_held} of 200");
    }

    #[test]
    fn a_sample_that_does_not_vary_has_no_effect_size_and_its_mean_no_width() {
        let resampling = Resampling { n_replicates: 50, seed: 1, name: "flat" };
        assert_eq!(resampling.cohens_dz(&[1.0; 8]), None);
        assert_eq!(resampling.mean(&[1.0; 8]).unwrap().interval_95, Some([1.0, 1.0]));
        assert_eq!(resampling.mean(&[]), None);
    }
}
