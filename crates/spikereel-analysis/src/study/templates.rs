//! Naming a video's level by the nearest mean training video, squared error over given frames.

use rayon::prelude::*;
use spikereel_data::{DataError, Result};

/// Mean training videos to choose from.
pub(super) struct Templates {
    frames: Vec<usize>,
    frame_len: usize,
    /// Mean of all templates: differences to it keep their digits.
    centre: Vec<f32>,
    /// Each with its label, minus the centre, and half its squared length.
    levels: Vec<(usize, Vec<f32>, f64)>,
}

impl Templates {
    /// Of whole videos `(label, [frame, height, width, rgb])`, compared over `frames`. None where fewer than two labels are there.
    pub(super) fn new(videos: Vec<(usize, Vec<f32>)>, frames: Vec<usize>, frame_len: usize) -> Option<Self> {
        if videos.len() < 2 || frames.is_empty() {
            return None;
        }
        let pick = |video: &[f32]| -> Vec<f32> {
            frames.iter().flat_map(|&frame| video[frame * frame_len..(frame + 1) * frame_len].iter().copied()).collect()
        };
        let mut levels: Vec<(usize, Vec<f32>, f64)> =
            videos.into_iter().map(|(label, video)| (label, pick(&video), 0.0)).collect();
        let mut centre = vec![0.0_f32; frames.len() * frame_len];
        for (_, values, _) in &levels {
            centre.iter_mut().zip(values).for_each(|(sum, value)| *sum += value / levels.len() as f32);
        }
        for (_, values, half) in &mut levels {
            values.iter_mut().zip(&centre).for_each(|(value, centre)| *value -= centre);
            *half = 0.5 * dot(values, values);
        }
        Some(Self { frames, frame_len, centre, levels })
    }

    /// Number of labels.
    pub(super) fn n_levels(&self) -> usize {
        self.levels.len()
    }

    /// Label of the nearest template for each whole video; first one on ties.
    pub(super) fn nearest(&self, videos: &[f32], video_len: usize) -> Result<Vec<usize>> {
        videos.par_chunks_exact(video_len).map(|video| self.nearest_one(video)).collect()
    }

    /// The weights `[frame, height, width, rgb]` whose inner product with a whole video is its margin for `label`, up to a constant: 1/2 for
    /// the label's template, -1/2 for the mean of the others. Linear, so that it has one gradient everywhere. None for an unknown label.
    pub(super) fn margin_weights(&self, label: usize, n_frames: usize) -> Option<Vec<f32>> {
        let own = &self.levels.iter().find(|level| level.0 == label)?.1;
        let n_others = (self.levels.len() - 1) as f32;
        let mut difference = own.clone();
        for (_, other, _) in self.levels.iter().filter(|level| level.0 != label) {
            difference.iter_mut().zip(other).for_each(|(sum, value)| *sum -= value / n_others);
        }
        let energy = dot(&difference, &difference);
        if energy.is_nan() || energy <= 0.0 {
            return None;
        }
        let mut weights = vec![0.0; n_frames * self.frame_len];
        for (&frame, values) in self.frames.iter().zip(difference.chunks_exact(self.frame_len)) {
            let out = &mut weights[frame * self.frame_len..][..self.frame_len];
            out.iter_mut().zip(values).for_each(|(out, value)| *out = (f64::from(*value) / energy) as f32);
        }
        Some(weights)
    }

    fn nearest_one(&self, video: &[f32]) -> Result<usize> {
        let mut own = Vec::with_capacity(self.centre.len());
        for (&frame, centre) in self.frames.iter().zip(self.centre.chunks_exact(self.frame_len)) {
            own.extend(video[frame * self.frame_len..][..self.frame_len].iter().zip(centre).map(|(v, c)| v - c));
        }
        let mut best = (f64::NEG_INFINITY, None);
        for (label, values, half) in &self.levels {
            let closeness = dot(&own, values) - half;
            if closeness > best.0 {
                best = (closeness, Some(*label));
            }
        }
        best.1.ok_or_else(|| DataError::new("decoded video", "finite values", "NaN or infinity"))
    }
}

/// Inner product: short f32 sums in lanes, added up in f64, always in the same order.
pub(super) fn dot(a: &[f32], b: &[f32]) -> f64 {
    let mut total = 0.0;
    for (a, b) in a.chunks(512).zip(b.chunks(512)) {
        let mut lanes = [0.0_f32; 16];
        let (a_whole, a_rest) = a.as_chunks::<16>();
        let (b_whole, b_rest) = b.as_chunks::<16>();
        for (a, b) in a_whole.iter().zip(b_whole) {
            for lane in 0..16 {
                lanes[lane] += a[lane] * b[lane];
            }
        }
        total += lanes.iter().map(|&lane| f64::from(lane)).sum::<f64>();
        total += a_rest.iter().zip(b_rest).map(|(&a, &b)| f64::from(a * b)).sum::<f64>();
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_template_is_the_one_with_the_smallest_squared_error_over_its_frames() {
        let video =
            |seed: usize| -> Vec<f32> { (0..4 * 27).map(|i| ((i * seed * 31 + 7) % 53) as f32 / 53.0).collect() };
        let frames = vec![1, 3];
        let templates = Templates::new((0..5).map(|k| (k * 10, video(k + 1))).collect(), frames.clone(), 27).unwrap();
        for seed in 6..30 {
            let own = video(seed);
            let error = |k: usize| -> f32 {
                let at = |v: &[f32], f: usize, i: usize| v[f * 27 + i];
                frames
                    .iter()
                    .flat_map(|&f| (0..27).map(move |i| (f, i)))
                    .map(|(f, i)| (at(&own, f, i) - at(&video(k + 1), f, i)).powi(2))
                    .sum()
            };
            let nearest = (0..5).min_by(|&a, &b| error(a).total_cmp(&error(b))).unwrap() * 10;
            assert_eq!(templates.nearest(&own, own.len()).unwrap(), [nearest]);
        }
    }
}
