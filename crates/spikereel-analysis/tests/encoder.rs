//! Scores of an encoder whose truth is known: it answers with the mean training spikes of the video it recognises.

mod toy;

use ndarray::{Array3, ArrayView5, Axis};
use spikereel_analysis::study::encoder_scores::{EncoderOptions, NullPixels, band_scores, encoder_study};
use spikereel_data::{Encoder, Fold, Part, Result};

struct Knows {
    videos: Vec<Vec<f32>>,
    spikes: Vec<Array3<f32>>,
    /// Answers for the condition this many further on.
    shift: usize,
}

impl Knows {
    fn new(fold: &Fold, shift: usize) -> Self {
        let members = fold.train_of_condition();
        let video = |trials: &Vec<usize>| fold.videos(&trials[..1]).into_raw_vec_and_offset().0;
        let mean = |trials: &Vec<usize>| fold.spikes(trials).mean_axis(Axis(0)).unwrap().insert_axis(Axis(0));
        Self { videos: members.iter().map(video).collect(), spikes: members.iter().map(mean).collect(), shift }
    }
}

impl Encoder for Knows {
    fn name(&self) -> &str {
        "knows"
    }

    fn predict(&self, video: ArrayView5<'_, f32>) -> Result<Array3<f32>> {
        let own = video.outer_iter().map(|video| {
            let distance = |known: &Vec<f32>| video.iter().zip(known).map(|(a, b)| (a - b).powi(2)).sum::<f32>();
            let of: Vec<f32> = self.videos.iter().map(distance).collect();
            let nearest = (0..of.len()).min_by(|&a, &b| of[a].total_cmp(&of[b])).unwrap();
            self.spikes[(nearest + self.shift) % of.len()].view()
        });
        Ok(ndarray::concatenate(Axis(0), &own.collect::<Vec<_>>()).unwrap())
    }
}

fn options() -> EncoderOptions {
    EncoderOptions {
        batch: 16,
        n_null: 20,
        null_pixels: NullPixels::Uniform,
        n_bootstrap: 200,
        n_permutations: 200,
        seed: 5,
    }
}

#[test]
fn regions_that_carry_a_condition_are_predicted_and_the_one_that_carries_nothing_is_not() {
    let fold = toy::fold(&toy::dataset(3, 9, 2.0), 0);
    let study = encoder_study(&Knows::new(&fold, 0), &fold, Part::Test, &options()).unwrap();
    assert_eq!(study.n_per_condition, [3; 18]);
    for region in &study.regions {
        let score = &region.flattened;
        println!("{} {:.3} {:?} {}", region.region, score.summary.mean.unwrap(), score.specific, score.p_permutation);
        assert_eq!((region.n_sites, score.per_condition.len(), score.null.len()), (6, 18, 20));
        let [low, high] = score.interval_95.unwrap();
        assert!(low <= score.summary.mean.unwrap() && score.summary.mean.unwrap() <= high);
        if region.region == "N" {
            assert!(score.summary.mean.unwrap().abs() < 0.15 && score.p_permutation > 0.05);
        } else {
            assert!(score.summary.mean.unwrap() > 0.6 && score.p_permutation < 0.01);
            assert!(score.specific_interval_95.unwrap()[0] > 0.0 && score.t_test.unwrap().t > 0.0);
        }
    }
}

#[test]
fn an_encoder_that_answers_for_another_condition_is_not_specific() {
    let fold = toy::fold(&toy::dataset(3, 9, 2.0), 0);
    // 6 conditions further on is the next cue, with the same color and direction.
    let study = encoder_study(&Knows::new(&fold, 6), &fold, Part::Test, &options()).unwrap();
    let of = |name: &str| study.regions.iter().find(|region| region.region == name).unwrap();
    assert!(of("A").flattened.specific.unwrap() < 0.0, "A carries the cue");
    assert!(of("B").flattened.specific.unwrap() > 0.1, "B carries the color");
    assert!(of("A").flattened.p_permutation > 0.5);
}

#[test]
fn one_thread_and_two_give_the_same_study() {
    let fold = toy::fold(&toy::dataset(3, 6, 2.0), 0);
    let run = |n_threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
        pool.install(|| encoder_study(&Knows::new(&fold, 0), &fold, Part::Test, &options()).unwrap())
    };
    assert_eq!(run(1), run(2));
}

#[test]
fn variance_explained_is_one_for_a_perfect_course_and_goes_through_the_filter() {
    let fold = toy::fold(&toy::dataset(3, 6, 2.0), 0);
    let mut study = encoder_study(&Knows::new(&fold, 0), &fold, Part::Test, &options()).unwrap();
    for courses in study.regions.iter_mut().flat_map(|region| region.courses.iter_mut().flatten()) {
        // Wrong by a constant, which a filter that removes the mean takes away.
        courses.predicted = courses.recorded.iter().map(|value| value + 3.0).collect();
    }
    let without_mean = |course: &[f64]| {
        let mean = course.iter().sum::<f64>() / course.len() as f64;
        Some(course.iter().map(|value| value - mean).collect())
    };
    let scores = band_scores(&study, &without_mean, 100, 1, "high");
    assert!(scores.iter().all(|score| (score.summary.mean.unwrap() - 1.0).abs() < 1e-9), "{scores:?}");
    let all = band_scores(&study, &|course| Some(course.to_vec()), 100, 1, "all");
    assert!(all.iter().all(|score| score.summary.mean.unwrap() < 0.0));
    assert!(band_scores(&study, &|_| None, 100, 1, "none").iter().all(|score| score.summary.n == 0));
}
