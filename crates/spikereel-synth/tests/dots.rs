//! Moving dots held to the measured facts about the published videos.

use spikereel_synth::stimulus::{Shown, StimulusConfig, clip_pool, condition_table, shown};

const N_CLIPS: usize = 4;

fn luminance(rgb: &[u8]) -> f64 {
    rgb.iter().map(|&value| f64::from(value)).sum()
}

/// Light on the side of the disc that the dots move towards, over the other side, further than `beyond_px` from the
/// middle; by frame, over all conditions.
fn downstream_over_upstream(beyond_px: f64) -> Vec<f64> {
    let table = condition_table();
    let pool = clip_pool(&StimulusConfig::default(), &table, N_CLIPS, 5, "test").unwrap();
    let mut sums = vec![[0.0; 2]; 45];
    for clip_idx in 0..pool.n_clips() {
        let Shown { direction_deg, .. } = shown(&table, clip_idx / N_CLIPS).unwrap();
        let (sin, cos) = direction_deg.to_radians().sin_cos();
        for (sums, frame) in sums.iter_mut().zip(pool.clip(clip_idx).chunks(3072)) {
            for (at, rgb) in frame.chunks(3).enumerate() {
                let (x, y) = ((at % 32) as f64 - 15.75, 15.75 - (at / 32) as f64);
                let towards = x * cos + y * sin;
                if x.hypot(y) < 10.67 && x.hypot(y) > 2.0 && towards.abs() > beyond_px {
                    sums[usize::from(towards < 0.0)] += luminance(rgb);
                }
            }
        }
    }
    sums.iter().map(|[down, up]| down / up).collect()
}

#[test]
fn dots_pile_up_downstream_as_in_the_published_videos() {
    let (halves, outer) = (downstream_over_upstream(0.0), downstream_over_upstream(5.3));
    for (frame_idx, published) in [(0, 1.25), (1, 1.50), (2, 1.57)] {
        let got = halves[15 + frame_idx];
        assert!((got / published - 1.0).abs() < 0.08, "frame {frame_idx}: {got:.3}, published {published}");
    }
    // Which part of the disc the later published figures stand for is not known: they lie between whole halves and
    // outer parts.
    for (frame_idx, published) in [(12, 2.61), (20, 2.31), (29, 2.19)] {
        let (low, high) = (halves[15 + frame_idx], outer[15 + frame_idx]);
        assert!(low < published && published < high, "frame {frame_idx}: {low:.3} to {high:.3}, published {published}");
        assert!(low > 1.7, "a sixth of this speed, the other reading of the generator, gives less: {low:.3}");
    }
}

#[test]
fn dots_cover_the_measured_share_of_the_disc_and_nothing_outside() {
    let table = condition_table();
    let pool = clip_pool(&StimulusConfig::default(), &table, N_CLIPS, 6, "test").unwrap();
    let mut covered = 0.0;
    let mut n = 0.0;
    for clip_idx in 0..pool.n_clips() {
        let peak = spikereel_synth::stimulus::color_rgb(shown(&table, clip_idx / N_CLIPS).unwrap().color_deg).unwrap();
        let frame = &pool.clip(clip_idx)[15 * 3072..16 * 3072];
        for (at, rgb) in frame.chunks(3).enumerate() {
            let (x, y) = ((at % 32) as f64 - 15.75, (at / 32) as f64 - 15.75);
            // The fixation dot and the targets are not dots of the disc.
            if x.hypot(y) < 10.0 && x.hypot(y) > 2.0 {
                covered += f64::from(rgb[0]) / f64::from(peak[0]);
                n += 1.0;
            }
            if x.hypot(y) > 12.3 && (at % 32) > 0 && (at % 32) < 31 {
                assert_eq!(rgb, [0, 0, 0], "dark outside the disc at row {}, column {}", at / 32, at % 32);
            }
        }
    }
    let share = covered / n;
    assert!((0.60..=0.67).contains(&share), "{share:.3}");
}

#[test]
fn clips_repeat_for_a_seed_and_differ_between_streams_and_alternate_in_speed() {
    let config = StimulusConfig { n_fixation_frames: 0, n_cue_frames: 0, n_stimulus_frames: 2, ..Default::default() };
    let table = condition_table();
    let draw = |seed, name| clip_pool(&config, &table, 2, seed, name).unwrap();
    assert_eq!(draw(1, "train").bytes(), draw(1, "train").bytes());
    assert_ne!(draw(1, "train").clip(0), draw(1, "test").clip(0));
    assert_ne!(draw(1, "train").clip(0), draw(2, "train").clip(0));
    let change = |clip: &[u8]| {
        let (first, second) = clip.split_at(3072);
        first.iter().zip(second).map(|(a, b)| f64::from(a.abs_diff(*b))).sum::<f64>()
    };
    let pool = draw(1, "train");
    let (slow, fast) = (0..64).fold((0.0, 0.0), |(slow, fast), condition_idx| {
        (slow + change(pool.clip(2 * condition_idx)), fast + change(pool.clip(2 * condition_idx + 1)))
    });
    assert!(fast > 1.2 * slow, "fast clips change more from frame to frame: {fast} {slow}");
}

#[test]
fn a_request_for_no_clips_is_an_error() {
    assert!(clip_pool(&StimulusConfig::default(), &condition_table(), 0, 1, "x").is_err());
}
