//! The recovery card: with this many sites and trials, how often is a planted function found, and how often one that is not there?
//!
//! Recordings with known functions are made again and again, a decoder is fitted to each, every region is masked. A function counts as
//! found where its harm is above 0 and the corrected p below alpha, as in any masking study.

use crate::readout::Readout;
use crate::stats::clopper_pearson;
use crate::study::masked_scores::MaskingRun;
use crate::study::masking::{MaskingOptions, masking_study};
use serde::{Deserialize, Serialize};
use spikereel_data::rng::derive_seed;
use spikereel_data::{DataError, FitDecoder, Fold, Part, Region, Result, Truth};

/// Information below this, in accuracy, counts as none: the observer's rounding.
const NOTHING: f64 = 1e-3;

/// What is planted in a recording.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlantedFunctions {
    /// Feature, and the region that masking should name first.
    pub tops: Vec<(String, Region)>,
    /// Feature and a region that carries nothing of it, not even together with others.
    pub empty: Vec<(String, Region)>,
}

impl PlantedFunctions {
    /// Each feature in one region alone: all other regions are empty of it.
    pub fn one_region_a_feature(regions: &[Region], tops: Vec<(String, Region)>) -> Self {
        let others = |(feature, top): &(String, Region)| {
            let own = regions.iter().filter(|region| *region != top);
            own.map(|region| (feature.clone(), region.clone())).collect::<Vec<_>>()
        };
        let empty = tops.iter().flat_map(others).collect();
        Self { tops, empty }
    }

    /// From an ideal observer's truth: regions that add nothing to any coalition are empty.
    pub fn from_truth(truth: &Truth) -> Self {
        let (mut tops, mut empty) = (Vec::new(), Vec::new());
        for feature in &truth.features {
            tops.extend(truth.regions.get(feature.top_region_idx).map(|top| (feature.feature.clone(), top.clone())));
            for (region_idx, region) in truth.regions.iter().enumerate() {
                let bit = 1 << region_idx;
                let value = &feature.coalition_accuracy;
                let adds = (0..value.len()).filter(|mask| mask & bit == 0);
                if adds.clone().all(|mask| value.get(mask | bit).is_some_and(|own| (own - value[mask]).abs() < NOTHING))
                {
                    empty.push((feature.feature.clone(), region.clone()));
                }
            }
        }
        Self { tops, empty }
    }
}

/// A share of repeats with its interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Share {
    /// Repeats in which it happened.
    pub n_found: usize,
    /// Repeats in which it could.
    pub n: usize,
    /// Clopper-Pearson, 95 %.
    pub interval_95: [f64; 2],
}

impl Share {
    /// A share of `n` repeats.
    pub fn new(n_found: usize, n: usize) -> Self {
        Self { n_found, n, interval_95: clopper_pearson(n_found.min(n), n, 0.95) }
    }

    /// The share; none without repeats.
    pub fn value(&self) -> Option<f64> {
        (self.n > 0).then(|| self.n_found as f64 / self.n as f64)
    }
}

/// One feature over all repeats.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FeaturePower {
    /// The feature.
    pub feature: String,
    /// Repeats in which the planted region was found.
    pub detected: Share,
    /// Repeats in which it was found and had the largest harm.
    pub named_first: Share,
    /// Region and repeat pairs without function in which one was found.
    pub false_alarms: Share,
    /// Mean accuracy or pooled correlation with nothing masked, over repeats.
    pub mean_score: f64,
}

/// One region and feature.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PowerCell {
    /// The region.
    pub region: Region,
    /// The feature.
    pub feature: String,
    /// Of the repeats in which the feature's top function stood here.
    pub detected: Share,
    /// Of the repeats in which the region was empty of it.
    pub false_alarms: Share,
}

/// The card.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PowerCard {
    /// The decoder that was fitted.
    pub decoder: String,
    /// Repeats, each a fresh recording and fit.
    pub n_repeats: usize,
    /// Training trials and test trials of the first recording.
    pub n_trials: [usize; 2],
    /// Regions of the first recording and their sites.
    pub regions: Vec<(Region, usize)>,
    /// Level below which a corrected p counts as found.
    pub alpha: f64,
    /// By feature.
    pub features: Vec<FeaturePower>,
    /// By region and feature.
    pub cells: Vec<PowerCell>,
}

impl PowerCard {
    /// A cell by names.
    pub fn cell(&self, region: &str, feature: &str) -> Option<&PowerCell> {
        self.cells.iter().find(|cell| cell.region.0 == region && cell.feature == feature)
    }
}

/// Makes `n_repeats` recordings with `make(seed)`, all with the same regions, and fits and masks each.
///
/// # Errors
/// No repeat, recordings with other regions than the first, or what making, fitting or masking refuses.
pub fn power_card(
    make: &dyn Fn(u64) -> Result<(Fold, PlantedFunctions)>,
    fit: &dyn FitDecoder,
    readouts: &[Box<dyn Readout>],
    n_repeats: usize,
    options: &MaskingOptions,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<PowerCard> {
    let mut repeats: Vec<Repeat> = Vec::new();
    let mut card: Option<PowerCard> = None;
    for repeat_idx in 0..n_repeats {
        let seed = derive_seed(options.seed, &format!("power/repeat{repeat_idx}"));
        let (fold, planted) = make(seed)?;
        let dataset = fold.dataset();
        let first = card.get_or_insert_with(|| PowerCard {
            decoder: fit.name().into(),
            n_repeats,
            n_trials: [fold.trials(Part::Train).len(), fold.trials(Part::Test).len()],
            regions: sites_by_region(&fold),
            alpha: options.alpha,
            features: Vec::new(),
            cells: Vec::new(),
        });
        if !first.regions.iter().map(|(region, _)| region).eq(dataset.regions()) {
            let got = format!("others in repeat {repeat_idx}");
            return Err(DataError::new("regions of the recordings", "the same in all repeats", got));
        }
        let decoder = fit.fit(&fold, derive_seed(seed, "fit"))?;
        let run = MaskingRun { network: "network", decoder: decoder.as_ref(), fold: &fold };
        let options = MaskingOptions { seed, ..options.clone() };
        let table = masking_study(&[run], readouts, &options, &mut |_, _| {})?;
        let found = |feature: &str, region: &Region| {
            let harm = table.cell(region, feature).map(|cell| &cell.primary);
            harm.is_some_and(|harm| harm.harm > 0.0 && harm.p_corrected < options.alpha)
        };
        let largest = |feature: &str| {
            let top = table.feature_cells(feature).max_by(|a, b| a.primary.harm.total_cmp(&b.primary.harm));
            top.map(|cell| cell.region.clone())
        };
        let tops = planted.tops.into_iter().map(|(feature, region)| Top {
            found: found(&feature, &region),
            is_first: largest(&feature).as_ref() == Some(&region),
            feature,
            region,
        });
        let empty = planted.empty.into_iter().map(|(feature, region)| (found(&feature, &region), feature, region));
        let scores = table.features.iter().map(|feature| {
            let unmasked = table.feature_cells(feature).next().map(|cell| cell.primary.unmasked);
            (feature.clone(), unmasked.unwrap_or(0.0))
        });
        repeats.push(Repeat { tops: tops.collect(), empty: empty.collect(), scores: scores.collect() });
        progress(repeat_idx + 1, n_repeats);
    }
    let mut card = card.ok_or_else(|| DataError::new("repeats of the recovery card", "at least one", "none"))?;
    let features: Vec<String> = readouts.iter().map(|readout| readout.name().to_string()).collect();
    card.features = features.iter().map(|feature| of_feature(&repeats, feature)).collect();
    for (region, _) in &card.regions {
        card.cells.extend(features.iter().map(|feature| of_cell(&repeats, region, feature)));
    }
    Ok(card)
}

struct Top {
    feature: String,
    region: Region,
    found: bool,
    is_first: bool,
}

struct Repeat {
    tops: Vec<Top>,
    empty: Vec<(bool, String, Region)>,
    scores: Vec<(String, f64)>,
}

fn sites_by_region(fold: &Fold) -> Vec<(Region, usize)> {
    let dataset = fold.dataset();
    let n_sites = |at: usize| dataset.sites_of_region(at).len();
    dataset.regions().iter().enumerate().map(|(at, region)| (region.clone(), n_sites(at))).collect()
}

fn share<'a, T: 'a>(of: impl Iterator<Item = &'a T>, found: impl Fn(&T) -> bool) -> Share {
    let (mut n_found, mut n) = (0, 0);
    for own in of {
        n += 1;
        n_found += usize::from(found(own));
    }
    Share::new(n_found, n)
}

fn of_feature(repeats: &[Repeat], feature: &str) -> FeaturePower {
    let tops = || repeats.iter().flat_map(|repeat| &repeat.tops).filter(|top| top.feature == feature);
    let empty = repeats.iter().flat_map(|repeat| &repeat.empty).filter(|(_, own, _)| own == feature);
    let scores = repeats.iter().flat_map(|repeat| &repeat.scores).filter(|(own, _)| own == feature);
    FeaturePower {
        feature: feature.into(),
        detected: share(tops(), |top| top.found),
        named_first: share(tops(), |top| top.found && top.is_first),
        false_alarms: share(empty, |(found, ..)| *found),
        mean_score: scores.map(|(_, score)| score).sum::<f64>() / repeats.len().max(1) as f64,
    }
}

fn of_cell(repeats: &[Repeat], region: &Region, feature: &str) -> PowerCell {
    let tops = repeats.iter().flat_map(|repeat| &repeat.tops);
    let empty = repeats.iter().flat_map(|repeat| &repeat.empty);
    PowerCell {
        region: region.clone(),
        feature: feature.into(),
        detected: share(tops.filter(|top| top.feature == feature && top.region == *region), |top| top.found),
        false_alarms: share(empty.filter(|(_, f, r)| f == feature && r == region), |(found, ..)| *found),
    }
}
