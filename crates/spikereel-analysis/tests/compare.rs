//! Decoders of known quality, side by side; and a video that stands still where another moves.

mod toy;

use ndarray::{Array5, ArrayView3};
use spikereel_analysis::baselines::{ClassMean, MeanVideo};
use spikereel_analysis::motion::FlowDirection;
use spikereel_analysis::readout::paper_readouts;
use spikereel_analysis::study::compare::{Contender, compare_decoders};
use spikereel_analysis::study::frozen_frames::{FrozenOptions, frozen_frames};
use spikereel_data::{Decoder, FitDecoder, Part, Result};

#[test]
fn the_class_mean_beats_the_mean_video_on_every_score_and_its_difference_excludes_zero() {
    let fold = toy::fold(&toy::dataset(3, 9, 2.0), 0);
    let (class, mean) = (ClassMean.fit(&fold, 0).unwrap(), MeanVideo.fit(&fold, 0).unwrap());
    let contenders = [
        Contender { name: "class mean".into(), decoders: vec![class.as_ref(), class.as_ref()] },
        Contender { name: "mean video".into(), decoders: vec![mean.as_ref()] },
    ];
    let scores = compare_decoders(&contenders, &fold, Part::Test, &paper_readouts(), 300, 1).unwrap();
    let names: Vec<&str> = scores.iter().map(|score| score.kind.name.as_str()).collect();
    let expected = [
        "MSE",
        "SSIM",
        "cue Pearson",
        "shape accuracy",
        "RGB Pearson",
        "color accuracy",
        "angle error",
        "motion accuracy",
    ];
    assert_eq!(names, expected);
    for score in &scores {
        let [class, mean] = score.contenders.as_slice() else { panic!("two contenders") };
        println!("{} {:?} {:?}", score.kind.name, class.estimate, mean.difference);
        assert!(class.difference.is_none());
        let difference = mean.difference.clone().unwrap();
        let worse = difference.mean * score.kind.sign();
        assert!(worse < 0.0, "{}: {difference:?}", score.kind.name);
        if score.kind.name != "angle error" {
            assert!(difference.interval_95[0] * difference.interval_95[1] > 0.0, "{}: {difference:?}", score.kind.name);
        }
    }
}

/// The class mean's videos, with one frame repeated over a stretch.
struct Frozen(Box<dyn Decoder>);

impl Decoder for Frozen {
    fn name(&self) -> &str {
        "frozen"
    }

    fn predict(&self, spikes: ArrayView3<'_, f32>) -> Result<Array5<f32>> {
        let mut videos = self.0.predict(spikes)?;
        for mut video in videos.outer_iter_mut() {
            let still = video.index_axis(ndarray::Axis(0), 4).to_owned();
            (5..9).for_each(|frame| video.index_axis_mut(ndarray::Axis(0), frame).assign(&still));
        }
        Ok(videos)
    }
}

#[test]
fn a_stretch_that_stands_still_changes_nothing_and_scores_as_a_guess() {
    let fold = toy::fold(&toy::dataset(3, 9, 2.0), 0);
    let (frozen, moving) = (Frozen(ClassMean.fit(&fold, 0).unwrap()), ClassMean.fit(&fold, 0).unwrap());
    let options = FrozenOptions {
        frames: 4..9,
        direction_factor: Some("direction".into()),
        flow: FlowDirection::default(),
        n_bootstrap: 200,
        seed: 2,
    };
    let decoders: [(String, &dyn Decoder); 2] = [("frozen".into(), &frozen), ("moving".into(), moving.as_ref())];
    let scores = frozen_frames(&decoders, &fold, Part::Test, &options).unwrap();
    let [frozen, moving, truth] = scores.as_slice() else { panic!("two decoders and the truth") };
    assert_eq!((frozen.n_still, moving.n_still), (18, 0));
    assert!(frozen.change_of_trials.iter().flatten().all(|&change| change == 0.0));
    assert!(frozen.angle_error.iter().flatten().all(|&error| error == 90.0));
    let [_, change, angle] = moving.differences.clone().map(Option::unwrap);
    println!("{change:?} {angle:?} {:?}", truth.estimates);
    assert!(change.interval_95[0] > 0.0 && angle.interval_95[1] < 0.0);
    assert_eq!(truth.name, "true videos");
    let beyond = FrozenOptions { frames: 4..40, ..options };
    assert!(frozen_frames(&decoders, &fold, Part::Test, &beyond).is_err());
}
