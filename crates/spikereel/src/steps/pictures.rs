//! Clips to look at: mean true and mean decoded video of some conditions, as sheets for the page.

use crate::Result;
use spikereel_analysis::study::{ConditionVideos, Evaluation};
use spikereel_data::Dataset;
use spikereel_report::schema::{Clip, Phase, Videos};
use spikereel_report::sheet::encode_sheet;

/// Clips on the page: enough to see every level of each factor, few enough that the page stays small.
const N_CLIPS: usize = 8;

/// Sheets of evenly chosen conditions among those tested, best to look at side by side. They are chosen by place in the table, never by score.
///
/// # Errors
/// Videos too large to be drawn.
pub fn videos(videos: &ConditionVideos, dataset: &Dataset, decoder: &Evaluation) -> Result<Videos> {
    let [n_frames, height, width, _] = videos.shape;
    let shown: Vec<usize> =
        (0..videos.decoded.len()).filter(|&c| videos.decoded[c].is_some() && videos.truth[c].is_some()).collect();
    let mut clips = Vec::new();
    for condition in evenly(&shown, N_CLIPS) {
        let (Some(truth), Some(decoded)) = (&videos.truth[condition], &videos.decoded[condition]) else { continue };
        let sheet = |video: &[f32]| {
            let bytes: Vec<u8> = video.iter().map(|value| (value.clamp(0.0, 1.0) * 255.0).round() as u8).collect();
            encode_sheet(&bytes, n_frames, height, width)
        };
        let n = decoder.n_per_condition.get(condition).copied().unwrap_or(0);
        clips.push(Clip {
            label: format!("{} ({n} trials)", dataset.conditions.label(condition)),
            sheets: vec![sheet(truth)?, sheet(decoded)?],
        });
    }
    Ok(Videos {
        note: format!(
            "Mean true and mean decoded video over the test trials of a condition; {} of {} conditions, chosen by their place in the table.",
            clips.len(),
            shown.len()
        ),
        n_frames,
        height,
        width,
        frame_rate_hz: dataset.timeline.frame_rate_hz,
        phases: dataset
            .timeline
            .phases
            .iter()
            .map(|span| Phase { name: span.phase.to_string(), n_frames: span.n_frames })
            .collect(),
        tracks: vec!["True".into(), "Decoded".into()],
        clips,
    })
}

/// `n` of `all`, spread so that neighbors differ in every factor: the step shares no divisor with the length.
fn evenly(all: &[usize], n: usize) -> Vec<usize> {
    if all.len() <= n {
        return all.to_vec();
    }
    let divides = |step: usize| (2..=step).any(|d| step.is_multiple_of(d) && all.len().is_multiple_of(d));
    let step = (all.len() / n + 1..all.len()).find(|&step| !divides(step)).unwrap_or(1);
    let mut chosen: Vec<usize> = (0..n).map(|at| all[at * step % all.len()]).collect();
    chosen.sort_unstable();
    chosen
}

#[cfg(test)]
mod tests {
    use super::evenly;

    #[test]
    fn chosen_conditions_are_distinct_and_show_every_level_of_a_factor() {
        let all: Vec<usize> = (0..64).collect();
        let chosen = evenly(&all, 8);
        let distinct: std::collections::BTreeSet<_> = chosen.iter().collect();
        assert_eq!(distinct.len(), 8);
        for divisor in [1, 4, 16] {
            let levels: std::collections::BTreeSet<_> = chosen.iter().map(|c| c / divisor % 4).collect();
            assert!(levels.len() >= 3, "{chosen:?}");
        }
        assert_eq!(evenly(&[3, 5], 8), [3, 5]);
    }
}
