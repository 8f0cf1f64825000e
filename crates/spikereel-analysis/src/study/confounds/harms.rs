//! Harms of masking under several controls, and what a control takes from them, on the same test trials.

use super::{ConfoundOptions, Control};
use crate::metrics::pearson;
use crate::perturb::{MaskOperator, mask_regions};
use crate::readout::Readout;
use crate::stats::{BootstrapTest, HierarchicalBootstrap};
use crate::study::masking_table::Basis;
use crate::study::scorer::Scorer;
use serde::{Deserialize, Serialize};
use spikereel_data::{Decoder, Region, Result};

/// A feature's score under a control, nothing masked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ControlledScore {
    /// The control.
    pub control: Control,
    /// The feature.
    pub feature: String,
    /// Accuracy of single trials, or Pearson over trials.
    pub basis: Basis,
    /// The score with its interval, over seeds and test trials.
    pub score: BootstrapTest,
}

/// How much smaller a harm is than under the control it is compared with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reduction {
    /// Compared with: as few trials for balancing, as recorded otherwise.
    pub from: Control,
    /// Harm there minus harm here, paired over test trials; its test is one-sided, of a difference above 0.
    pub test: BootstrapTest,
}

/// The harm of masking one region under one control.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ControlledHarm {
    /// The control.
    pub control: Control,
    /// The feature.
    pub feature: String,
    /// The masked region.
    pub region: Region,
    /// On which score.
    pub basis: Basis,
    /// Harm: unmasked minus masked, over seeds and test trials.
    pub test: BootstrapTest,
    /// Its p corrected over regions.
    pub p_corrected: f64,
    /// Whether harm is above 0 and that p below alpha.
    pub is_found: bool,
    /// What the control takes away; none for the activity as recorded.
    pub reduction: Option<Reduction>,
}

/// Numbers of one seed under one control, all folds, at positions among the distinct test trials; NaN where not decoded.
pub(super) struct Readings {
    /// `[readout][position]` of the truth; of accuracy, 1.
    truth: Vec<Vec<f64>>,
    /// `[readout][position]`; of accuracy, whether the level was named.
    unmasked: Vec<Vec<f64>>,
    /// `[region][readout][position]`.
    masked: Vec<Vec<Vec<f64>>>,
}

impl Readings {
    pub(super) fn new(n_readouts: usize, n_regions: usize, n_positions: usize) -> Self {
        let empty = vec![vec![f64::NAN; n_positions]; n_readouts];
        Self { truth: empty.clone(), unmasked: empty.clone(), masked: vec![empty; n_regions] }
    }

    /// Decodes the test trials of a fold with nothing and with each region masked.
    pub(super) fn add(
        &mut self,
        decoder: &dyn Decoder,
        scorer: &Scorer<'_>,
        regions: &[Region],
        test: &[usize],
    ) -> Result<()> {
        let dataset = scorer.fold.dataset();
        let positions: Vec<usize> = scorer.trials.iter().map(|trial| test.binary_search(trial).unwrap_or(0)).collect();
        for masked in std::iter::once(None).chain((0..regions.len()).map(Some)) {
            let pass = scorer.pass(&mut |_, mut spikes| {
                if let Some(region_idx) = masked {
                    mask_regions(spikes.view_mut(), dataset, &regions[region_idx..=region_idx], MaskOperator::Zero)?;
                }
                decoder.predict(spikes.view())
            })?;
            let kept = masked.map_or(&mut self.unmasked, |region_idx| &mut self.masked[region_idx]);
            for (readout_idx, readout) in scorer.readouts.iter().enumerate() {
                let values: Vec<f64> = if readout.is_pooled() {
                    pass.readings[readout_idx].clone()
                } else {
                    let correct = pass.correct[readout_idx].iter().flatten();
                    correct.map(|&right| f64::from(u8::from(right))).collect()
                };
                for (&position, value) in positions.iter().zip(values) {
                    kept[readout_idx][position] = value;
                }
            }
        }
        for (readout_idx, truth) in self.truth.iter_mut().enumerate() {
            for (&position, &trial) in positions.iter().zip(&scorer.trials) {
                let reading = scorer.truth_readings[readout_idx][scorer.fold.condition_of(trial)].first();
                let is_pooled = scorer.readouts[readout_idx].is_pooled();
                truth[position] = if is_pooled { reading.copied().unwrap_or(f64::NAN) } else { 1.0 };
            }
        }
        Ok(())
    }

    /// Score over drawn positions; `region` none for nothing masked. None where it is not defined.
    fn score(&self, basis: Basis, readout: usize, region: Option<usize>, units: &[usize]) -> Option<f64> {
        let values = region.map_or(&self.unmasked, |region| &self.masked[region]);
        let drawn = units
            .iter()
            .map(|&unit| (self.truth[readout][unit], values[readout][unit]))
            .filter(|(truth, value)| truth.is_finite() && value.is_finite());
        if basis == Basis::PooledPearson {
            let (truth, read): (Vec<f64>, Vec<f64>) = drawn.unzip();
            // Without variation in what is read, nothing of the truth is in it.
            return pearson(&truth, &truth).map(|_| pearson(&truth, &read).unwrap_or(0.0));
        }
        let (sum, n) = drawn.fold((0.0, 0_usize), |(sum, n), (_, value)| (sum + value, n + 1));
        (n > 0).then(|| sum / n as f64)
    }

    fn harm(&self, basis: Basis, readout: usize, region: usize, units: &[usize]) -> Option<f64> {
        Some(self.score(basis, readout, None, units)? - self.score(basis, readout, Some(region), units)?)
    }
}

/// Scores, harms and reductions; readouts without levels and without a pooled score are left out.
pub(super) fn compare(
    readings: &[(Control, Vec<Readings>)],
    readouts: &[Box<dyn Readout>],
    regions: &[Region],
    n_test: usize,
    options: &ConfoundOptions,
) -> (Vec<ControlledScore>, Vec<ControlledHarm>) {
    let bootstrap = |name: String| HierarchicalBootstrap {
        n_replicates: options.n_replicates,
        seed: options.seed,
        name: format!("confounds/{name}"),
    };
    let (mut scores, mut all) = (Vec::new(), Vec::new());
    for (control, of_seeds) in readings {
        for (readout_idx, readout) in readouts.iter().enumerate() {
            let basis = if readout.is_pooled() { Basis::PooledPearson } else { Basis::Accuracy };
            let feature = readout.name().to_string();
            let score = bootstrap(format!("score/{feature}"))
                .pooled(of_seeds.len(), n_test, |seed, units| of_seeds[seed].score(basis, readout_idx, None, units));
            let Some(score) = score else { continue };
            scores.push(ControlledScore { control: *control, feature: feature.clone(), basis, score });
            let mut harms = Vec::new();
            for (region_idx, region) in regions.iter().enumerate() {
                // One name for all controls: they share their draws of trials.
                let bootstrap = bootstrap(format!("harm/{feature}/{region}"));
                let test = bootstrap.pooled(of_seeds.len(), n_test, |seed, units| {
                    of_seeds[seed].harm(basis, readout_idx, region_idx, units)
                });
                let Some(test) = test else { continue };
                let reduction = compared_with(*control, readings).and_then(|(from, other)| {
                    let n_seeds = of_seeds.len().min(other.len());
                    let test = bootstrap.pooled(n_seeds, n_test, |seed, units| {
                        Some(
                            other[seed].harm(basis, readout_idx, region_idx, units)?
                                - of_seeds[seed].harm(basis, readout_idx, region_idx, units)?,
                        )
                    })?;
                    Some(Reduction { from, test })
                });
                harms.push(ControlledHarm {
                    control: *control,
                    feature: feature.clone(),
                    region: region.clone(),
                    basis,
                    p_corrected: test.p,
                    is_found: false,
                    test,
                    reduction,
                });
            }
            let p_values: Vec<f64> = harms.iter().map(|harm| harm.test.p).collect();
            for (harm, p) in harms.iter_mut().zip(options.correction.correct(&p_values)) {
                harm.p_corrected = p;
                harm.is_found = harm.test.mean > 0.0 && p < options.alpha;
            }
            all.extend(harms);
        }
    }
    (scores, all)
}

fn compared_with(control: Control, readings: &[(Control, Vec<Readings>)]) -> Option<(Control, &[Readings])> {
    let from = match control {
        Control::Plain => return None,
        Control::Balanced => Control::Matched,
        Control::Matched | Control::Regressed => Control::Plain,
    };
    readings.iter().find(|(own, _)| *own == from).map(|(own, readings)| (*own, readings.as_slice()))
}
