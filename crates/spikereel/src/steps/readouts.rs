//! Which features are read from decoded videos, by stimulus.

use super::videos::gabor_config;
use crate::Result;
use crate::config::StimulusConfig;
use crate::config::choices::StimulusKind;
use spikereel_analysis::readout::{Readouts, contrast_readouts, paper_readouts};
use spikereel_data::Dataset;
use spikereel_synth::stimulus::gabor_patches;

/// The readouts of a stimulus. Clips that came with a recording are scored as videos, and by the paper's features where their
/// conditions carry the paper's factors.
///
/// # Errors
/// Constants of the stimulus that do not fit.
pub fn readouts(config: &StimulusConfig, dataset: &Dataset) -> Result<Readouts> {
    let has_paper_factors =
        ["cue", "color", "direction"].iter().all(|name| dataset.conditions.factor_idx(name).is_some());
    match config.kind {
        StimulusKind::TwoGabor => {
            let gabor = gabor_config(config);
            let [left, right] = gabor_patches(&gabor)?;
            Ok(contrast_readouts([gabor.out_px, gabor.out_px], left, right, gabor.grey as f32)?)
        }
        StimulusKind::Paper => Ok(paper_readouts()),
        StimulusKind::Recorded if has_paper_factors && !dataset.timeline.phases.is_empty() => Ok(paper_readouts()),
        StimulusKind::Recorded => Ok(Vec::new()),
    }
}
