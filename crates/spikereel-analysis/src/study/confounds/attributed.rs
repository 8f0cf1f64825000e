//! What is attributed to each region under several controls, and what a control takes from it, on the same test trials.

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
    /// What the control takes away from it; none for the activity as recorded.
    pub reduction: Option<Reduction>,
}

/// In which sense a feature is attributed to a region.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Attribution {
    /// Needed: what the score loses when the region is masked. Two regions that carry the same hide each other.
    Needed,
    /// Enough: what the score is above guessing (a Pearson correlation: above 0) when all other regions are masked.
    Alone,
}

/// How much smaller a score or a harm is than under the control it is compared with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reduction {
    /// Compared with: as few trials for balancing, as recorded otherwise.
    pub from: Control,
    /// Value there minus value here, paired over test trials; its test is one-sided, of a difference above 0.
    pub test: BootstrapTest,
}

/// How strongly one feature is attributed to one region under one control.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Attributed {
    /// In which sense.
    pub attribution: Attribution,
    /// The control.
    pub control: Control,
    /// The feature.
    pub feature: String,
    /// The region.
    pub region: Region,
    /// On which score.
    pub basis: Basis,
    /// The estimate and its one-sided test of being above 0, over seeds and test trials.
    pub test: BootstrapTest,
    /// Its p corrected over regions.
    pub p_corrected: f64,
    /// Whether the estimate is above 0 and that p below alpha.
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
    /// The same with all other regions masked.
    alone: Vec<Vec<Vec<f64>>>,
    /// `[readout]` score of guessing.
    chance: Vec<f64>,
}

impl Readings {
    pub(super) fn new(n_readouts: usize, n_regions: usize, n_positions: usize) -> Self {
        let empty = vec![vec![f64::NAN; n_positions]; n_readouts];
        Self {
            truth: empty.clone(),
            unmasked: empty.clone(),
            masked: vec![empty.clone(); n_regions],
            alone: vec![empty; n_regions],
            chance: vec![0.0; n_readouts],
        }
    }

    /// Decodes the test trials of a fold with nothing masked, with each region masked, and with all others.
    pub(super) fn add(
        &mut self,
        decoder: &dyn Decoder,
        scorer: &Scorer<'_>,
        regions: &[Region],
        test: &[usize],
    ) -> Result<()> {
        let dataset = scorer.fold.dataset();
        let positions: Vec<usize> = scorer.trials.iter().map(|trial| test.binary_search(trial).unwrap_or(0)).collect();
        let each = |attribution| (0..regions.len()).map(move |region_idx| Some((attribution, region_idx)));
        for masked in std::iter::once(None).chain(each(Attribution::Needed)).chain(each(Attribution::Alone)) {
            let silent: Vec<Region> = match masked {
                None => Vec::new(),
                Some((Attribution::Needed, own)) => vec![regions[own].clone()],
                Some((Attribution::Alone, own)) => [&regions[..own], &regions[own + 1..]].concat(),
            };
            let pass = scorer.pass(&mut |_, mut spikes| {
                mask_regions(spikes.view_mut(), dataset, &silent, MaskOperator::Zero)?;
                decoder.predict(spikes.view())
            })?;
            let kept = match masked {
                None => &mut self.unmasked,
                Some((Attribution::Needed, own)) => &mut self.masked[own],
                Some((Attribution::Alone, own)) => &mut self.alone[own],
            };
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
            let n_levels = scorer.n_levels(readout_idx);
            self.chance[readout_idx] =
                if scorer.readouts[readout_idx].is_pooled() || n_levels == 0 { 0.0 } else { 1.0 / n_levels as f64 };
            for (&position, &trial) in positions.iter().zip(&scorer.trials) {
                let reading = scorer.truth_readings[readout_idx][scorer.fold.condition_of(trial)].first();
                let is_pooled = scorer.readouts[readout_idx].is_pooled();
                truth[position] = if is_pooled { reading.copied().unwrap_or(f64::NAN) } else { 1.0 };
            }
        }
        Ok(())
    }

    /// Score over drawn positions; `masked` none for nothing masked. None where it is not defined.
    fn score(
        &self,
        basis: Basis,
        readout: usize,
        masked: Option<(Attribution, usize)>,
        units: &[usize],
    ) -> Option<f64> {
        let values = match masked {
            None => &self.unmasked,
            Some((Attribution::Needed, region)) => &self.masked[region],
            Some((Attribution::Alone, region)) => &self.alone[region],
        };
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

    fn attributed(
        &self,
        attribution: Attribution,
        basis: Basis,
        readout: usize,
        region: usize,
        units: &[usize],
    ) -> Option<f64> {
        let own = self.score(basis, readout, Some((attribution, region)), units)?;
        match attribution {
            Attribution::Needed => Some(self.score(basis, readout, None, units)? - own),
            Attribution::Alone => Some(own - self.chance[readout]),
        }
    }
}

/// Scores, attributions and reductions; readouts without levels and without a pooled score are left out.
pub(super) fn compare(
    readings: &[(Control, Vec<Readings>)],
    readouts: &[Box<dyn Readout>],
    regions: &[Region],
    n_test: usize,
    options: &ConfoundOptions,
) -> (Vec<ControlledScore>, Vec<Attributed>) {
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
            let reduction = compared_with(*control, readings).and_then(|(from, other)| {
                let difference = |seed: usize, units: &[usize]| {
                    let of = |readings: &[Readings]| readings[seed].score(basis, readout_idx, None, units);
                    Some(of(other)? - of(of_seeds)?)
                };
                let n_seeds = of_seeds.len().min(other.len());
                Some(Reduction {
                    from,
                    test: bootstrap(format!("score/{feature}")).pooled(n_seeds, n_test, difference)?,
                })
            });
            scores.push(ControlledScore { control: *control, feature: feature.clone(), basis, score, reduction });
            for attribution in [Attribution::Needed, Attribution::Alone] {
                let mut found = Vec::new();
                for (region_idx, region) in regions.iter().enumerate() {
                    // One name for all controls: they share their draws of trials.
                    let bootstrap = bootstrap(format!("{attribution:?}/{feature}/{region}"));
                    let value = |readings: &[Readings], seed: usize, units: &[usize]| {
                        readings[seed].attributed(attribution, basis, readout_idx, region_idx, units)
                    };
                    let test = bootstrap.pooled(of_seeds.len(), n_test, |seed, units| value(of_seeds, seed, units));
                    let Some(test) = test else { continue };
                    let reduction = compared_with(*control, readings).and_then(|(from, other)| {
                        let n_seeds = of_seeds.len().min(other.len());
                        let difference = |seed: usize, units: &[usize]| {
                            Some(value(other, seed, units)? - value(of_seeds, seed, units)?)
                        };
                        Some(Reduction { from, test: bootstrap.pooled(n_seeds, n_test, difference)? })
                    });
                    found.push(Attributed {
                        attribution,
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
                let p_values: Vec<f64> = found.iter().map(|own| own.test.p).collect();
                for (own, p) in found.iter_mut().zip(options.correction.correct(&p_values)) {
                    own.p_corrected = p;
                    own.is_found = own.test.mean > 0.0 && p < options.alpha;
                }
                all.extend(found);
            }
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
