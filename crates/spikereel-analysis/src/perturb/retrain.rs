//! Fitting without sites: what the others can do when the decoder never had these.

use ndarray::Axis;
use spikereel_data::{DataError, Decoder, FitDecoder, Fold, Result, SpikeTensor};
use std::sync::Arc;

/// Fits on a fold in which `sites` are 0 after standardisation in every trial. The decoder keeps all inputs, and so the size of the one it
/// is compared with; mask the same sites when it decodes.
///
/// # Errors
/// A site that the fold does not have, or what the fit refuses.
pub fn fit_without(fit: &dyn FitDecoder, fold: &Fold, sites: &[usize], seed: u64) -> Result<Box<dyn Decoder>> {
    fit.fit(&fold_without(fold, sites)?, seed)
}

/// The fold with `sites` at the value that its standardiser takes to 0 (up to rounding).
fn fold_without(fold: &Fold, sites: &[usize]) -> Result<Fold> {
    let dataset = fold.dataset();
    let (n_bins, n_sites) = (dataset.n_bins(), dataset.n_sites());
    if let Some(site) = sites.iter().find(|&&site| site >= n_sites) {
        return Err(DataError::new("site to leave out", format!("below {n_sites}"), site.to_string()));
    }
    let (mut of_zero, mut of_one) = (vec![0.0_f32; n_bins * n_sites], vec![1.0_f32; n_bins * n_sites]);
    fold.standardiser().apply(&mut of_zero);
    fold.standardiser().apply(&mut of_one);
    let mut spikes = dataset.spikes.to_array();
    for bin in 0..n_bins {
        for &site in sites {
            let at = bin * n_sites + site;
            let mean = -f64::from(of_zero[at]) / (f64::from(of_one[at]) - f64::from(of_zero[at]));
            spikes.index_axis_mut(Axis(2), site).index_axis_mut(Axis(1), bin).fill(mean as f32);
        }
    }
    let mut parts = dataset.as_ref().clone().into_parts();
    parts.spikes = SpikeTensor::from_array(spikes.view())?;
    let without = spikereel_data::Dataset::new(parts)?;
    Fold::with_standardiser(Arc::new(without), fold.split().clone(), fold.standardiser().clone())
}
