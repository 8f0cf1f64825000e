//! Hierarchical bootstrap with the network's seed, the condition and the trial as levels; one-sided p and interval.
//!
//! Networks, conditions and trials are crossed, not nested: networks decode the same conditions and, where their folds agree, the same
//! trials, so one replicate draws conditions and trials once and shows them to every drawn network. Drawing trials within drawn
//! conditions counts trial noise twice, which widens the distribution a little (Saravanan et al. 2020, NBDT 3:1).
//!
//! A percentile p is too small where few networks carry the variance (with three networks of equal sign, no replicate ever changes
//! sign). So the p that counts is the larger of two: the percentile p, and a t test of the mean over the bootstrap's standard error,
//! corrected for the few networks and with Satterthwaite's degrees of freedom between networks and conditions.
//!
//! # References
//! Efron & Tibshirani (1993), An Introduction to the Bootstrap; Satterthwaite (1946), Biometrics Bulletin 2:110.

use crate::stats::t_test::t_sf;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use spikereel_data::rng::stream;

/// What a bootstrap of a mean difference says about `difference > 0`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BootstrapTest {
    /// The estimate on the data as they are.
    pub mean: f64,
    /// Standard error, corrected for the number of networks.
    pub standard_error: f64,
    /// Percentile interval, 95 %, two-sided.
    pub interval_95: [f64; 2],
    /// `(1 + replicates at or below 0) / (1 + replicates)`.
    pub p_percentile: f64,
    /// One-sided t test of the estimate over `standard_error`.
    pub p_t: f64,
    /// Its degrees of freedom.
    pub df: f64,
    /// The larger of the two: the p to use.
    pub p: f64,
    /// Replicates.
    pub n_replicates: usize,
    /// Networks; the level is resampled where there are two or more.
    pub n_networks: usize,
    /// Conditions (or, for pooled values, trials) resampled below networks.
    pub n_units: usize,
}

impl BootstrapTest {
    /// `p` for corrections over many tests: that of the t test where no replicate lies at or below 0, since the percentile p is then only as
    /// small as the number of replicates lets it be.
    pub fn p_of_many(&self) -> f64 {
        let is_at_floor = self.p_percentile * (1 + self.n_replicates) as f64 <= 1.0 + 1e-9;
        if is_at_floor { self.p_t } else { self.p }
    }

    /// Two-sided p of the t test: of a difference that may go either way.
    pub fn p_two_sided(&self) -> f64 {
        if self.mean == 0.0 { 1.0 } else { 2.0 * self.p_t.min(1.0 - self.p_t) }
    }
}

/// How to resample.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HierarchicalBootstrap {
    /// Replicates; the smallest p is `1 / (n_replicates + 1)`.
    pub n_replicates: usize,
    /// The study's seed.
    pub seed: u64,
    /// Name of the random stream.
    pub name: String,
}

impl HierarchicalBootstrap {
    /// Mean of `[network][condition][trial]` differences: over trials, then conditions, then networks. Conditions without trials are
    /// left out. None where nothing is left.
    pub fn mean(&self, differences: &[Vec<Vec<f64>>]) -> Option<BootstrapTest> {
        let network_means: Vec<f64> = differences
            .iter()
            .filter_map(|conditions| {
                let means: Vec<f64> = conditions.iter().filter(|trials| !trials.is_empty()).map(|t| mean(t)).collect();
                (!means.is_empty()).then(|| mean(&means))
            })
            .collect();
        if network_means.len() != differences.len() || network_means.is_empty() {
            return None;
        }
        let n_conditions = differences.iter().map(Vec::len).max().unwrap_or(0);
        let used: Vec<usize> = (0..n_conditions)
            .filter(|&condition| differences.iter().any(|own| own.get(condition).is_some_and(|t| !t.is_empty())))
            .collect();
        let most_trials = differences.iter().flatten().map(Vec::len).max().unwrap_or(0);
        let statistic = |rng: &mut ChaCha8Rng| {
            let networks = self.draw_networks(differences.len(), rng);
            let mut sums = vec![(0.0, 0_usize); networks.len()];
            let mut draws = vec![0.0_f64; most_trials];
            for _ in 0..used.len() {
                let condition = used[rng.random_range(0..used.len())];
                draws.iter_mut().for_each(|draw| *draw = rng.random());
                for (&network, (sum, n)) in networks.iter().zip(&mut sums) {
                    let Some(trials) = differences[network].get(condition).filter(|t| !t.is_empty()) else { continue };
                    let drawn = draws[..trials.len()].iter().map(|u| trials[(u * trials.len() as f64) as usize]);
                    *sum += drawn.sum::<f64>() / trials.len() as f64;
                    *n += 1;
                }
            }
            mean(&sums.iter().map(|&(sum, n)| if n > 0 { sum / n as f64 } else { 0.0 }).collect::<Vec<_>>())
        };
        Some(self.test(&network_means, used.len(), &self.replicates(statistic)))
    }

    /// Any statistic of drawn networks and drawn units (trials): `statistic(network_idx, unit positions)`, averaged over networks.
    /// Units are drawn once a replicate, so they stay paired across networks and between the two sides of a difference.
    /// None where a network's own statistic is undefined; replicates where it is undefined count as 0.
    pub fn pooled(
        &self,
        n_networks: usize,
        n_units: usize,
        statistic: impl Fn(usize, &[usize]) -> Option<f64> + Sync,
    ) -> Option<BootstrapTest> {
        let all: Vec<usize> = (0..n_units).collect();
        let own: Option<Vec<f64>> = (0..n_networks).map(|network| statistic(network, &all)).collect();
        let own = own.filter(|own| !own.is_empty() && n_units > 1)?;
        let replicate = |rng: &mut ChaCha8Rng| {
            let networks = self.draw_networks(n_networks, rng);
            let units: Vec<usize> = (0..n_units).map(|_| rng.random_range(0..n_units)).collect();
            mean(&networks.iter().map(|&network| statistic(network, &units).unwrap_or(0.0)).collect::<Vec<_>>())
        };
        Some(self.test(&own, n_units, &self.replicates(replicate)))
    }

    /// Like [`HierarchicalBootstrap::pooled`] for several statistics of the same draws, in the order that `statistics` returns them.
    /// None where a network's own statistics are undefined or their number differs.
    pub fn pooled_many(
        &self,
        n_networks: usize,
        n_units: usize,
        statistics: impl Fn(usize, &[usize]) -> Option<Vec<f64>> + Sync,
    ) -> Option<Vec<BootstrapTest>> {
        let all: Vec<usize> = (0..n_units).collect();
        let own: Option<Vec<Vec<f64>>> = (0..n_networks).map(|network| statistics(network, &all)).collect();
        let own = own.filter(|own| !own.is_empty() && n_units > 1)?;
        let n_values = own[0].len();
        if own.iter().any(|values| values.len() != n_values) {
            return None;
        }
        let replicates: Vec<Vec<f64>> = (0..self.n_replicates)
            .into_par_iter()
            .map(|replicate| {
                let mut rng = stream(self.seed, &format!("{}/replicate{replicate}", self.name));
                let networks = self.draw_networks(n_networks, &mut rng);
                let units: Vec<usize> = (0..n_units).map(|_| rng.random_range(0..n_units)).collect();
                let mut sums = vec![0.0; n_values];
                for network in networks {
                    let values = statistics(network, &units).unwrap_or_else(|| vec![0.0; n_values]);
                    sums.iter_mut().zip(values).for_each(|(sum, value)| *sum += value / n_networks as f64);
                }
                sums
            })
            .collect();
        let test_of = |at: usize| {
            let of = |rows: &[Vec<f64>]| rows.iter().map(|row| row[at]).collect::<Vec<f64>>();
            self.test(&of(&own), n_units, &of(&replicates))
        };
        Some((0..n_values).map(test_of).collect())
    }

    fn draw_networks(&self, n: usize, rng: &mut ChaCha8Rng) -> Vec<usize> {
        if n == 1 { vec![0] } else { (0..n).map(|_| rng.random_range(0..n)).collect() }
    }

    /// One value a replicate, each from a stream of its own, so that threads do not matter.
    fn replicates(&self, statistic: impl Fn(&mut ChaCha8Rng) -> f64 + Sync) -> Vec<f64> {
        (0..self.n_replicates)
            .into_par_iter()
            .map(|replicate| statistic(&mut stream(self.seed, &format!("{}/replicate{replicate}", self.name))))
            .collect()
    }

    fn test(&self, network_values: &[f64], n_units: usize, replicates: &[f64]) -> BootstrapTest {
        let n_networks = network_values.len();
        let estimate = mean(network_values);
        let boot_variance = variance(replicates, 0.0);
        // A bootstrap of n networks sees (n - 1) / n of their variance; the missing part is added.
        let between = if n_networks > 1 { variance(network_values, 1.0) / n_networks as f64 } else { 0.0 };
        let total = boot_variance + between / n_networks as f64;
        let standard_error = total.sqrt();
        let df_units = n_units.saturating_sub(1).max(1) as f64;
        let df = if between > 0.0 {
            let within = (total - between).max(0.0);
            (between + within).powi(2) / (between.powi(2) / (n_networks - 1) as f64 + within.powi(2) / df_units)
        } else {
            df_units
        };
        let p_t = match (standard_error > 0.0, estimate > 0.0) {
            (true, _) => t_sf(estimate / standard_error, df),
            (false, true) => 0.0,
            (false, false) => 1.0,
        };
        let n_at_or_below = replicates.iter().filter(|&&value| value <= 0.0).count();
        let p_percentile = (1 + n_at_or_below) as f64 / (1 + replicates.len()) as f64;
        BootstrapTest {
            mean: estimate,
            standard_error,
            interval_95: [
                percentile(replicates, 0.025).unwrap_or(estimate),
                percentile(replicates, 0.975).unwrap_or(estimate),
            ],
            p_percentile,
            p_t,
            df,
            p: p_percentile.max(p_t),
            n_replicates: replicates.len(),
            n_networks,
            n_units,
        }
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn variance(values: &[f64], ddof: f64) -> f64 {
    let own = mean(values);
    let sum: f64 = values.iter().map(|value| (value - own).powi(2)).sum();
    if values.len() as f64 > ddof { sum / (values.len() as f64 - ddof) } else { 0.0 }
}

/// Quantile with linear interpolation, as `numpy.quantile`; `share` in 0..=1. None without values or with NaN among them.
pub fn percentile(values: &[f64], share: f64) -> Option<f64> {
    if values.is_empty() || values.iter().any(|value| value.is_nan()) {
        return None;
    }
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = share.clamp(0.0, 1.0) * (sorted.len() - 1) as f64;
    let (low, rest) = (at.floor() as usize, at.fract());
    let high = (low + 1).min(sorted.len() - 1);
    Some(sorted[low] + rest * (sorted[high] - sorted[low]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_distr::{Distribution, StandardNormal};

    fn bootstrap(seed: u64) -> HierarchicalBootstrap {
        HierarchicalBootstrap { n_replicates: 400, seed, name: "test".into() }
    }

    /// Differences with random effects of network and condition and trial noise, true mean `shift`.
    fn draw(seed: u64, n_networks: usize, sd_network: f64, shift: f64) -> Vec<Vec<Vec<f64>>> {
        let mut rng = stream(seed, "draw");
        let mut normal = || -> f64 { StandardNormal.sample(&mut rng) };
        let of_condition: Vec<f64> = (0..16).map(|_| 0.3 * normal()).collect();
        (0..n_networks)
            .map(|_| {
                let network = sd_network * normal();
                let mut trials = |c: usize| (0..6).map(|_| shift + network + of_condition[c] + normal()).collect();
                (0..16).map(&mut trials).collect()
            })
            .collect()
    }

    #[test]
    fn under_the_null_p_is_below_five_percent_no_more_often_than_that() {
        for (n_networks, sd_network) in [(1, 0.0), (3, 0.0), (3, 0.5), (5, 0.5)] {
            let n = 300;
            let below: usize = (0..n)
                .filter(|&seed| bootstrap(seed).mean(&draw(seed, n_networks, sd_network, 0.0)).unwrap().p < 0.05)
                .count();
            let [low, _] = crate::stats::clopper_pearson(below, n as usize, 0.95);
            assert!(low <= 0.05, "{n_networks} networks, sd {sd_network}: {below} of {n}");
        }
    }

    #[test]
    fn a_clear_effect_is_found_and_its_interval_holds_it() {
        let test = bootstrap(1).mean(&draw(1, 3, 0.1, 1.0)).unwrap();
        assert!(test.p < 0.05 && test.interval_95[0] < 1.2 && test.interval_95[1] > 0.8, "{test:?}");
    }

    #[test]
    fn no_difference_at_all_gives_p_one() {
        let test = bootstrap(1).mean(&[vec![vec![0.0; 4]; 8]]).unwrap();
        assert_eq!((test.p, test.mean), (1.0, 0.0));
    }

    #[test]
    fn one_thread_and_two_give_the_same_bits() {
        let data = draw(4, 3, 0.2, 0.1);
        let run = |n| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(n).build().unwrap();
            pool.install(|| bootstrap(9).mean(&data).unwrap())
        };
        assert_eq!(run(1), run(2));
    }
}
