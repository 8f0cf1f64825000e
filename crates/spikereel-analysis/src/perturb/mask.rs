//! Masking: taking a region's activity away from a decoder that was trained with it.

use ndarray::ArrayViewMut3;
use serde::{Deserialize, Serialize};
use spikereel_data::{DataError, Dataset, Region, Result};

/// What takes the place of a masked region's activity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum MaskOperator {
    /// 0 after standardisation, as in the paper: the mean over the standardiser's group, not silence.
    #[default]
    Zero,
}

impl std::fmt::Display for MaskOperator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Zero => "zero after standardisation",
        })
    }
}

/// Masks regions in standardised spikes `[trial, bin, site]`; other sites stay as they are.
///
/// # Errors
/// A region that the dataset does not have, or a site axis of another length.
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
    for region in regions {
        let Some(region_idx) = dataset.regions().iter().position(|known| known == region) else {
            let known: Vec<String> = dataset.regions().iter().map(ToString::to_string).collect();
            return Err(DataError::new("region to mask", format!("one of {}", known.join(", ")), region.to_string()));
        };
        for site_idx in dataset.sites_of_region(region_idx) {
            let mut site = spikes.index_axis_mut(ndarray::Axis(2), site_idx);
            match operator {
                MaskOperator::Zero => site.fill(0.0),
            }
        }
    }
    Ok(())
}
