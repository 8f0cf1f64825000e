//! Masking: taking a region's activity away from a decoder, or replacing it by activity that lacks one relation.

use crate::perturb::donors::donors;
use ndarray::{ArrayViewMut3, Axis};
use serde::{Deserialize, Serialize};
use spikereel_data::rng::stream;
use spikereel_data::{DataError, Dataset, Fold, Region, Result};
use std::ops::Range;

/// What takes the place of a masked region's activity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum MaskOperator {
    /// 0 after standardisation, as in the paper: the mean over the standardiser's group, not silence.
    #[default]
    Zero,
    /// The activity of another trial of the same part, whatever its condition, all sites of the region from one trial: what reaches the
    /// decoder is real activity that says nothing about the shown condition.
    PermuteTrials,
    /// The activity of another trial of the same condition: what the region says about the condition stays, its trial-by-trial relation
    /// to other regions goes. A control: its harm to features of the condition should be about 0.
    ConditionNoise,
    /// The decoder is fitted anew without the region, so that others may take over what they know as well.
    RetrainWithout,
}

impl MaskOperator {
    /// Whether what is put in is drawn at random, so that it is repeated and averaged.
    pub fn is_random(self) -> bool {
        matches!(self, Self::PermuteTrials | Self::ConditionNoise)
    }
}

impl std::fmt::Display for MaskOperator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Zero => "zero after standardisation",
            Self::PermuteTrials => "activity of another trial",
            Self::ConditionNoise => "activity of another trial of the same condition",
            Self::RetrainWithout => "nothing, the decoder being fitted anew without it",
        })
    }
}

/// Sites that are masked together, in a span of bins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MaskedSites {
    /// Names the random stream of the donors: equal names get equal donors within a draw.
    pub name: String,
    /// The sites.
    pub sites: Vec<usize>,
    /// The bins.
    pub bins: Range<usize>,
}

impl MaskedSites {
    /// All sites of a region in all bins.
    ///
    /// # Errors
    /// A region that the dataset does not have.
    pub fn of_region(dataset: &Dataset, region: &Region) -> Result<Self> {
        let sites = dataset.sites_of_region(region_idx(dataset, region)?);
        Ok(Self { name: region.to_string(), sites, bins: 0..dataset.n_bins() })
    }
}

/// One masking of the trials of a part, with its draws made.
pub struct Mask<'a> {
    fold: &'a Fold,
    operator: MaskOperator,
    /// Ascending.
    trials: Vec<usize>,
    groups: Vec<MaskedSites>,
    /// `[group][position in trials]`; empty where nothing is drawn.
    donors: Vec<Vec<usize>>,
}

impl<'a> Mask<'a> {
    /// Masks `groups`, each with donors of its own among `trials` (ascending). Equal seeds, draws and names give equal donors.
    ///
    /// # Errors
    /// A site or bin that the fold does not have, or fewer than two trials where a donor is needed.
    pub fn new(
        fold: &'a Fold,
        trials: &[usize],
        operator: MaskOperator,
        groups: Vec<MaskedSites>,
        seed: u64,
        draw: usize,
    ) -> Result<Self> {
        let dataset = fold.dataset();
        let mut drawn = Vec::new();
        for group in &groups {
            if let Some(site) = group.sites.iter().find(|&&site| site >= dataset.n_sites()) {
                return Err(DataError::new("site to mask", format!("below {}", dataset.n_sites()), site.to_string()));
            }
            if group.bins.end > dataset.n_bins() {
                let expected = format!("at most {}", dataset.n_bins());
                return Err(DataError::new("bins to mask, end", expected, group.bins.end.to_string()));
            }
            if operator.is_random() {
                let conditions: Vec<usize> = trials.iter().map(|&trial| fold.condition_of(trial)).collect();
                let within = (operator == MaskOperator::ConditionNoise).then_some(conditions.as_slice());
                let mut rng = stream(seed, &format!("mask/{operator:?}/{}/draw{draw}", group.name));
                drawn.push(donors(trials, within, &mut rng)?);
            }
        }
        Ok(Self { fold, operator, trials: trials.to_vec(), groups, donors: drawn })
    }

    /// Masks standardised spikes `[trial, bin, site]` of `batch`, trials of the part; other sites and bins stay as they are.
    ///
    /// # Errors
    /// Axes that do not agree with the fold, or a trial that is not of the part.
    pub fn apply(&self, batch: &[usize], mut spikes: ArrayViewMut3<'_, f32>) -> Result<()> {
        let (n_bins, n_sites) = (self.fold.dataset().n_bins(), self.fold.dataset().n_sites());
        let axes = [("trial", batch.len()), ("bin", n_bins), ("site", n_sites)];
        for ((axis, expected), &got) in axes.into_iter().zip(spikes.shape()) {
            if expected != got {
                let field = format!("spikes to mask, {axis} axis");
                return Err(DataError::new(field, expected.to_string(), got.to_string()));
            }
        }
        let mut donor_spikes = vec![0.0; n_bins * n_sites];
        for (group_idx, group) in self.groups.iter().enumerate() {
            for (&trial, mut own) in batch.iter().zip(spikes.axis_iter_mut(Axis(0))) {
                let donor = if self.operator.is_random() {
                    let position = self.trials.binary_search(&trial).map_err(|_| {
                        DataError::new("trials to mask", "trials that donors were drawn for", trial.to_string())
                    })?;
                    Some(self.donors[group_idx][position])
                } else {
                    None
                };
                if let Some(donor) = donor {
                    self.fold.fill_spikes(donor, &mut donor_spikes);
                }
                for bin in group.bins.clone() {
                    for &site in &group.sites {
                        own[[bin, site]] = donor.map_or(0.0, |_| donor_spikes[bin * n_sites + site]);
                    }
                }
            }
        }
        Ok(())
    }
}

fn region_idx(dataset: &Dataset, region: &Region) -> Result<usize> {
    dataset.regions().iter().position(|known| known == region).ok_or_else(|| {
        let known: Vec<String> = dataset.regions().iter().map(ToString::to_string).collect();
        DataError::new("region to mask", format!("one of {}", known.join(", ")), region.to_string())
    })
}

/// Sets regions to 0 in standardised spikes `[trial, bin, site]`; other sites stay as they are.
///
/// # Errors
/// A region that the dataset does not have, a site axis of another length, or an operator that needs donors ([`Mask`] draws them).
pub fn mask_regions(
    mut spikes: ArrayViewMut3<'_, f32>,
    dataset: &Dataset,
    regions: &[Region],
    operator: MaskOperator,
) -> Result<()> {
    let n_sites = dataset.n_sites();
    if spikes.dim().2 != n_sites {
        return Err(DataError::new("spikes to mask, site axis", n_sites.to_string(), spikes.dim().2.to_string()));
    }
    if operator != MaskOperator::Zero {
        return Err(DataError::new("operator without donors", MaskOperator::Zero.to_string(), operator.to_string()));
    }
    for region in regions {
        for site_idx in dataset.sites_of_region(region_idx(dataset, region)?) {
            spikes.index_axis_mut(Axis(2), site_idx).fill(0.0);
        }
    }
    Ok(())
}
