//! The main recording at another rate or with fewer pixels; and its coarser copy, for networks that are trained many times: the same
//! trials and the same split, half the frames and bins, half the pixels a side. A sample then costs an eighth.

use super::Material;
use crate::config::choices::StimulusKind;
use crate::config::{BinsGiven, Given, Resolved, resolve};
use crate::progress::Progress;
use crate::steps::{prepare, source};
use crate::{Error, Result};

/// Pixels below which a frame is not halved: the cue is a few pixels wide there.
const LEAST_PX: usize = 16;

/// Frames a second, and frames of fixation, cue and stimulus.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Rate {
    pub(super) hz: f64,
    pub(super) n_frames: [usize; 3],
}

/// The published videos.
pub(super) const PUBLISHED: Rate = Rate { hz: 10.0, n_frames: [5, 10, 30] };

/// A configuration with bins as long as frames, at another rate.
///
/// # Errors
/// A fault of ours.
pub(super) fn at_rate(config: &Resolved, rate: Rate, frame_px: usize) -> Result<Given> {
    let mut given = Given::from_toml(&config.to_toml()?, "the main recording's configuration")?;
    let [n_fixation, n_cue, n_stimulus] = rate.n_frames;
    let n_frames = n_fixation + n_cue + n_stimulus;
    let width_secs = 1.0 / rate.hz;
    given.bins = BinsGiven {
        start_secs: Some(-((n_fixation + n_cue) as f64) * width_secs),
        width_secs: Some(width_secs),
        step_secs: Some(width_secs),
        n_bins: Some(n_frames),
    };
    let stimulus = &mut given.stimulus;
    (stimulus.frame_px, stimulus.frame_rate_hz) = (Some(frame_px), Some(rate.hz));
    (stimulus.n_frames, stimulus.n_fixation_frames, stimulus.n_cue_frames) =
        (Some(n_frames), Some(n_fixation), Some(n_cue));
    Ok(given)
}

/// The main recording prepared once more, as `given` says.
///
/// # Errors
/// What is wrong with the data.
pub(super) fn prepared(main: &Resolved, given: Given, progress: &dyn Progress) -> Result<Material> {
    let loaded = source::load(&given, progress)?;
    let mut config = resolve(given, &loaded.facts()?)?;
    config.precision = main.precision;
    let assembled = prepare::assemble(&config, loaded, progress)?;
    Material::of_dataset(config, assembled.dataset, assembled.splits)
}

/// The copy; none where bins do not go with frames, videos are not drawn here, the recording is prepared already, or cannot be prepared so
/// (which is said).
///
/// # Errors
/// A fault of ours.
pub fn coarse(main: &Resolved, progress: &dyn Progress) -> Result<Option<Material>> {
    match halved(main)? {
        Some(given) => prepared_or_none(main, given, progress),
        None => Ok(None),
    }
}

/// The recording as `given` says; none, and a remark, where the data cannot be had so.
///
/// # Errors
/// A fault of ours.
pub(super) fn prepared_or_none(main: &Resolved, given: Given, progress: &dyn Progress) -> Result<Option<Material>> {
    match prepared(main, given, progress) {
        Ok(material) => Ok(Some(material)),
        Err(error @ (Error::Data(_) | Error::Config(_) | Error::Sidecar { .. } | Error::Io { .. })) => {
            progress
                .say(&format!("the recording cannot be prepared at another rate, so studies use it as it is: {error}"));
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// The main configuration at half the rate and half the pixels. An odd frame of fixation is left out, the first, as in the paper's films at 5
/// frames a second; cue and stimulus must be even, so that no frame of the copy spans two phases.
fn halved(main: &Resolved) -> Result<Option<Given>> {
    let (bins, stimulus) = (&main.bins, &main.stimulus);
    let frame_secs = 1.0 / stimulus.frame_rate_hz;
    let is_near = |a: f64, b: f64| (a - b).abs() < 1e-9;
    let go_together = bins.n_bins == stimulus.n_frames
        && is_near(bins.width_secs, frame_secs)
        && is_near(bins.step_secs, frame_secs)
        && is_near(bins.start_secs, -((stimulus.n_fixation_frames + stimulus.n_cue_frames) as f64) * frame_secs);
    let is_drawn = stimulus.kind == StimulusKind::Paper && main.data.dataset.is_none();
    if !is_drawn || !go_together || !stimulus.frame_px.is_multiple_of(2) || stimulus.frame_px / 2 < LEAST_PX {
        return Ok(None);
    }
    let n_stimulus = stimulus.n_frames - stimulus.n_fixation_frames - stimulus.n_cue_frames;
    let is_even = |n_frames: usize| n_frames > 0 && n_frames.is_multiple_of(2);
    if !is_even(stimulus.n_cue_frames) || !is_even(n_stimulus) {
        return Ok(None);
    }
    let n_frames = [stimulus.n_fixation_frames, stimulus.n_cue_frames, n_stimulus].map(|n_frames| n_frames / 2);
    Ok(Some(at_rate(main, Rate { hz: stimulus.frame_rate_hz / 2.0, n_frames }, stimulus.frame_px / 2)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::SourceFacts;
    use crate::progress::Silent;
    use spikereel_data::Part;

    fn main_recording() -> Resolved {
        let text = "[data]\nsimulate = \"easy\"\ntrials_per_condition = 4\n[stimulus]\nclips_train = 2\nclips_validation = 1\nclips_test = 1\n";
        resolve(Given::from_toml(text, "test").unwrap(), &SourceFacts::default()).unwrap()
    }

    #[test]
    fn the_same_trials_and_spikes_are_in_the_copy() {
        let config = main_recording();
        let main = Material::new(Given::from_toml(&config.to_toml().unwrap(), "test").unwrap(), &Silent).unwrap();
        let copy = coarse(&config, &Silent).unwrap().unwrap();
        assert_eq!(copy.dataset.video_shape(), [22, 16, 16, 3]);
        for part in [Part::Train, Part::Validation, Part::Test] {
            assert_eq!(copy.folds[0].trials(part), main.folds[0].trials(part));
        }
        let (fine, halved) = (main.dataset.spikes.to_array(), copy.dataset.spikes.to_array());
        assert_eq!((fine.dim().1, halved.dim().1), (45, 22));
        // The first of five frames of fixation is left out.
        for ((trial, bin, site), &count) in halved.indexed_iter() {
            assert_eq!(count, fine[(trial, 2 * bin + 1, site)] + fine[(trial, 2 * bin + 2, site)]);
        }
    }

    #[test]
    fn what_cannot_be_halved_has_no_copy() {
        let mut config = main_recording();
        config.stimulus.frame_px = 16;
        assert!(coarse(&config, &Silent).unwrap().is_none());
        let mut config = main_recording();
        config.bins.n_bins = 9;
        assert!(coarse(&config, &Silent).unwrap().is_none());
        // 5 frames of fixation, 9 of the cue: the middle frame of the copy would span both.
        let mut config = main_recording();
        (config.stimulus.n_cue_frames, config.stimulus.n_frames, config.bins.n_bins) = (9, 44, 44);
        config.bins.start_secs = -1.4;
        assert!(coarse(&config, &Silent).unwrap().is_none());
    }
}
