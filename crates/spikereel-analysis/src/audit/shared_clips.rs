//! Clips of two parts that show the same, found by what they show and not by their number; shifts by one frame among them.

use spikereel_data::{Dataset, Part, Split, VideoPool};
use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

/// A pool of clips by content.
pub(super) struct ClipContents {
    /// `[clip][frame]`, a hash of the frame.
    frames: Vec<Vec<u64>>,
    /// For each condition, whether its trials, of all parts, show one and the same video.
    is_fixed: Vec<bool>,
}

/// What training and test share.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct SharedClips {
    /// Distinct test clips.
    pub n_test: usize,
    /// Of them, those that also are training clips, by number or by content.
    pub n_same: usize,
    /// Of these, the very same clip of the pool.
    pub n_same_number: usize,
    /// Of them, clips of conditions that have only one video: to be expected.
    pub n_same_fixed: usize,
    /// Test clips that are a training clip shifted by one frame, and no training clip as they are.
    pub n_shifted: usize,
}

impl ClipContents {
    pub fn new(dataset: &Dataset) -> Self {
        let frames = frames_of(&dataset.video);
        let mut of_condition: Vec<HashSet<&[u64]>> = vec![HashSet::new(); dataset.conditions.len()];
        for trial in &dataset.trials {
            of_condition[trial.condition_idx].insert(&frames[trial.clip_idx]);
        }
        let is_fixed = of_condition.iter().map(|videos| videos.len() < 2).collect();
        Self { frames, is_fixed }
    }

    /// Holds the clips of the test part against those of training and validation.
    pub fn shared(&self, dataset: &Dataset, split: &Split) -> SharedClips {
        let trials = |part| split.trials(part).iter().filter_map(|&trial| dataset.trials.get(trial));
        let fitted = trials(Part::Train).chain(trials(Part::Validation));
        let (mut whole, mut shifted) = (HashSet::new(), HashSet::new());
        let seen: HashSet<usize> = fitted.map(|trial| trial.clip_idx).collect();
        for &clip in &seen {
            let frames = &self.frames[clip][..];
            whole.insert(frames);
            if frames.len() > 1 {
                shifted.insert((true, &frames[1..]));
                shifted.insert((false, &frames[..frames.len() - 1]));
            }
        }
        let tested: HashMap<usize, usize> =
            trials(Part::Test).map(|trial| (trial.clip_idx, trial.condition_idx)).collect();
        let mut found = SharedClips { n_test: tested.len(), ..SharedClips::default() };
        for (&clip, &condition) in &tested {
            let frames = &self.frames[clip][..];
            if whole.contains(frames) {
                found.n_same += 1;
                found.n_same_number += usize::from(seen.contains(&clip));
                found.n_same_fixed += usize::from(self.is_fixed[condition]);
            } else if frames.len() > 1
                && (shifted.contains(&(true, &frames[..frames.len() - 1])) || shifted.contains(&(false, &frames[1..])))
            {
                found.n_shifted += 1;
            }
        }
        found
    }
}

fn frames_of(pool: &VideoPool) -> Vec<Vec<u64>> {
    let frame_len = pool.clip_len() / pool.shape()[1];
    let hash = |frame: &[u8]| {
        let mut hasher = DefaultHasher::new();
        frame.hash(&mut hasher);
        hasher.finish()
    };
    (0..pool.n_clips()).map(|clip| pool.clip(clip).chunks_exact(frame_len).map(hash).collect()).collect()
}
