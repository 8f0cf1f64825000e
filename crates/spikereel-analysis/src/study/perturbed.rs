//! Decoded sets under many perturbations, and tests of linear combinations of their scores: common ground of the studies that ask what
//! decoded videos still say when something of the input is masked.

use crate::metrics::pearson;
use crate::perturb::Mask;
use crate::readout::Readout;
use crate::stats::{BootstrapTest, HierarchicalBootstrap};
use crate::study::masked_scores::MaskingRun;
use crate::study::masking::{check_runs, network_names};
use crate::study::masking_table::Basis;
use crate::study::scorer::{EvaluationOptions, PerSample, Scorer};
use spikereel_data::{Part, Result};

/// Runs with their scorers.
pub(super) struct PreparedRuns<'a> {
    pub(super) networks: Vec<String>,
    pub(super) runs: Vec<Prepared<'a>>,
    /// Distinct trials of all runs, ascending.
    pub(super) trials: Vec<usize>,
    /// Features with a score here, as indices into readouts, each with its basis.
    pub(super) features: Vec<(usize, Basis)>,
    n_conditions: usize,
}

/// One run.
pub(super) struct Prepared<'a> {
    pub(super) run: MaskingRun<'a>,
    pub(super) scorer: Scorer<'a>,
    network_idx: usize,
}

/// Scores of the trials of one run under one perturbation.
pub(super) struct DecodedSet {
    /// `[readout][trial]` share of draws in which the level was named.
    pub(super) correct: Vec<Option<Vec<f32>>>,
    /// `[draw][readout][trial]`; readouts that are not pooled are empty.
    readings: Vec<Vec<Vec<f64>>>,
}

impl<'a> PreparedRuns<'a> {
    pub(super) fn new(runs: &[MaskingRun<'a>], part: Part, readouts: &'a [Box<dyn Readout>]) -> Result<Self> {
        check_runs(runs, part)?;
        let networks = network_names(runs);
        let options = EvaluationOptions {
            ssim: false,
            condition_accuracy: false,
            per_sample: PerSample::None,
            ..EvaluationOptions::default()
        };
        let mut prepared = Vec::new();
        let mut trials = Vec::new();
        for run in runs {
            let scorer = Scorer::new(run.fold, part, readouts, options.clone())?;
            trials.extend(scorer.trials.iter().copied());
            let network_idx = networks.iter().position(|name| name == run.network).unwrap_or(0);
            prepared.push(Prepared { run: *run, scorer, network_idx });
        }
        trials.sort_unstable();
        trials.dedup();
        let basis = |readout: usize| {
            if readouts[readout].is_pooled() {
                return Some(Basis::PooledPearson);
            }
            let named = prepared.iter().all(|run: &Prepared<'_>| run.scorer.n_levels(readout) > 1);
            named.then_some(Basis::Accuracy)
        };
        let features = (0..readouts.len()).filter_map(|readout| Some((readout, basis(readout)?))).collect();
        let n_conditions = runs[0].fold.dataset().conditions.len();
        Ok(Self { networks, runs: prepared, trials, features, n_conditions })
    }

    /// Chance of a feature: 1 over its levels; 0 for a correlation.
    pub(super) fn chance(&self, readout: usize, basis: Basis) -> f64 {
        match basis {
            Basis::Accuracy => 1.0 / self.runs[0].scorer.n_levels(readout) as f64,
            _ => 0.0,
        }
    }

    /// Tests of linear combinations of the scores of `sets` `[set][run]`; each combination lists sets and their weights.
    pub(super) fn tests(
        &self,
        (readout, basis): (usize, Basis),
        sets: &[Vec<DecodedSet>],
        combinations: &[Vec<(usize, f64)>],
        bootstrap: &HierarchicalBootstrap,
    ) -> Option<Vec<BootstrapTest>> {
        if basis == Basis::PooledPearson {
            let correlations = self.correlations(readout, sets)?;
            return bootstrap.pooled_many(self.networks.len(), self.trials.len(), |network, units| {
                let values = correlations.of(network, units)?;
                let combine = |weights: &Vec<(usize, f64)>| weights.iter().map(|&(set, w)| w * values[set]).sum();
                Some(combinations.iter().map(combine).collect())
            });
        }
        let test_of = |weights: &Vec<(usize, f64)>| {
            let of_run = |run: usize| -> Option<Vec<f64>> {
                let mut sums = vec![0.0; self.runs[run].scorer.trials.len()];
                for &(set, weight) in weights {
                    let correct = sets[set][run].correct[readout].as_ref()?;
                    sums.iter_mut().zip(correct).for_each(|(sum, &share)| *sum += weight * f64::from(share));
                }
                Some(sums)
            };
            self.mean_test(&(0..self.runs.len()).map(of_run).collect::<Option<Vec<_>>>()?, bootstrap)
        };
        combinations.iter().map(test_of).collect()
    }

    /// Test of the mean of values `[run][trial]`: over trials, then conditions, then networks.
    pub(super) fn mean_test(&self, values: &[Vec<f64>], bootstrap: &HierarchicalBootstrap) -> Option<BootstrapTest> {
        let mut arranged = vec![vec![Vec::new(); self.n_conditions]; self.networks.len()];
        for (prepared, values) in self.runs.iter().zip(values) {
            for (&trial, &value) in prepared.scorer.trials.iter().zip(values) {
                arranged[prepared.network_idx][prepared.run.fold.condition_of(trial)].push(value);
            }
        }
        bootstrap.mean(&arranged)
    }

    fn correlations(&self, readout: usize, sets: &[Vec<DecodedSet>]) -> Option<Correlations> {
        let blank = vec![vec![f64::NAN; self.trials.len()]; self.networks.len()];
        let mut truth = blank.clone();
        let mut read = Vec::with_capacity(sets.len());
        for set in sets {
            let n_draws = set.iter().map(|of_run| of_run.readings.len()).max().unwrap_or(0);
            let mut draws = vec![blank.clone(); n_draws];
            for (prepared, of_run) in self.runs.iter().zip(set) {
                for (at, &trial) in prepared.scorer.trials.iter().enumerate() {
                    let position = self.trials.binary_search(&trial).ok()?;
                    let condition = prepared.run.fold.condition_of(trial);
                    truth[prepared.network_idx][position] =
                        *prepared.scorer.truth_readings[readout][condition].first()?;
                    for (draw, readings) in draws.iter_mut().zip(&of_run.readings) {
                        draw[prepared.network_idx][position] = readings[readout][at];
                    }
                }
            }
            read.push(draws);
        }
        Some(Correlations { truth, read })
    }
}

/// Values to be correlated: `[network][position]` of the truth, `[set][draw][network][position]` of what was read.
struct Correlations {
    truth: Vec<Vec<f64>>,
    read: Vec<Vec<Vec<Vec<f64>>>>,
}

impl Correlations {
    /// Pearson of each set over drawn positions, mean over draws; 0 where what is read does not vary; None where the truth does not.
    fn of(&self, network: usize, units: &[usize]) -> Option<Vec<f64>> {
        let truth: Vec<f64> = units.iter().map(|&unit| self.truth[network][unit]).collect();
        let kept: Vec<usize> = (0..units.len()).filter(|&at| truth[at].is_finite()).collect();
        let truth: Vec<f64> = kept.iter().map(|&at| truth[at]).collect();
        pearson(&truth, &truth)?;
        let of_draw = |draw: &Vec<Vec<f64>>| {
            let read: Vec<f64> = kept.iter().map(|&at| draw[network][units[at]]).collect();
            pearson(&truth, &read).unwrap_or(0.0)
        };
        let mean = |draws: &Vec<Vec<Vec<f64>>>| draws.iter().map(of_draw).sum::<f64>() / draws.len().max(1) as f64;
        Some(self.read.iter().map(mean).collect())
    }
}

impl<'a> Prepared<'a> {
    /// Decodes the trials once for each mask, or once unmasked where there is none.
    pub(super) fn decode(&self, masks: &[Mask<'_>]) -> Result<DecodedSet> {
        let draws: Vec<Option<&Mask<'_>>> =
            if masks.is_empty() { vec![None] } else { masks.iter().map(Some).collect() };
        let mut set = DecodedSet { correct: Vec::new(), readings: Vec::new() };
        for mask in &draws {
            let pass = self.scorer.pass(&mut |trials, mut spikes| {
                if let Some(mask) = mask {
                    mask.apply(trials, spikes.view_mut())?;
                }
                self.run.decoder.predict(spikes.view())
            })?;
            let weight = 1.0 / draws.len() as f32;
            let shares =
                |correct: Vec<bool>| correct.into_iter().map(|right| if right { weight } else { 0.0 }).collect();
            let own: Vec<Option<Vec<f32>>> = pass.correct.into_iter().map(|correct| correct.map(shares)).collect();
            if set.correct.is_empty() {
                set.correct = own;
            } else {
                for (sum, own) in set.correct.iter_mut().zip(own) {
                    let pairs = sum.iter_mut().flatten().zip(own.into_iter().flatten());
                    pairs.for_each(|(sum, own)| *sum += own);
                }
            }
            let mut readings = pass.readings;
            for (readings, readout) in readings.iter_mut().zip(self.scorer.readouts) {
                if !readout.is_pooled() {
                    readings.clear();
                }
            }
            set.readings.push(readings);
        }
        Ok(set)
    }
}
