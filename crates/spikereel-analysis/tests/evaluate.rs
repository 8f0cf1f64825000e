//! Evaluation and baselines on hand-made data.

mod toy;

use ndarray::{Array5, ArrayView3};
use spikereel_analysis::baselines::{ClassMean, MeanVideo, MultinomialRidge, RidgeTarget, RidgeVideo};
use spikereel_analysis::readout::{contrast_readouts, paper_readouts};
use spikereel_analysis::study::{
    Evaluation, EvaluationOptions, NullTarget, PooledOptions, Role, ScoreTable, ceiling, evaluate, null_scores,
    pooled_evaluation,
};
use spikereel_data::{
    ConditionTable, Dataset, Decoder, Factor, FitDecoder, Fold, Level, Part, Result, SharedBytes, Split,
    Standardisation, Timeline, VideoPool,
};
use std::sync::Arc;

fn scored(fit: &dyn FitDecoder, fold: &Fold) -> Evaluation {
    let decoder = fit.fit(fold, 1).unwrap();
    evaluate(decoder.as_ref(), fold, Part::Test, &paper_readouts(), &EvaluationOptions::default()).unwrap().evaluation
}

fn accuracy(evaluation: &Evaluation) -> f64 {
    evaluation.condition_accuracy.as_ref().unwrap().accuracy
}

#[test]
fn baselines_stand_in_their_order_and_the_table_holds_them_all() {
    let fold = toy::fold(&toy::dataset(3, 12, 1.0), 0);
    let class_mean = scored(&ClassMean, &fold);
    let ridge = scored(&RidgeVideo::default(), &fold);
    let multinomial = scored(&MultinomialRidge::default(), &fold);
    let mean = scored(&MeanVideo, &fold);
    let top = ceiling(&fold, Part::Test, &paper_readouts(), &EvaluationOptions::default()).unwrap().evaluation;
    assert!(accuracy(&top) == 1.0 && accuracy(&mean) <= 1.0 / 18.0 + 1e-12);
    for (name, own) in [("class mean", &class_mean), ("ridge", &ridge), ("multinomial", &multinomial)] {
        assert!(accuracy(own) > 0.4, "{name}: {}", accuracy(own));
    }
    // Clips of a condition are all alike here, so the true condition's mean video is the target itself. Motion is compared with
    // the direction's name: cv2's flow reads this pattern within a degree.
    for feature in &top.features {
        let kind = &feature.scores[0].kind;
        let best = if kind.larger_is_better { 1.0 } else { 0.0 };
        let tolerance = if feature.name == "motion" { 1.0 } else { 1e-6 };
        let got = feature.scores[0].condition.mean.unwrap();
        assert!((got - best).abs() <= tolerance, "{}: {got}", feature.name);
    }
    let ridge_decoder = RidgeVideo::default().fit(&fold, 0).unwrap();
    let readouts = paper_readouts();
    let null =
        null_scores(ridge_decoder.as_ref(), &fold, Part::Test, &readouts, 40, NullTarget::AllConditions, 4).unwrap();
    let cue = null.score("shape", "cue Pearson").unwrap();
    assert!(cue.per_input.len() == 40 && cue.beyond_95.unwrap() < ridge.features[0].scores[0].condition.mean.unwrap());
    let columns =
        [(Role::Decoder, &ridge), (Role::Baseline, &class_mean), (Role::Baseline, &mean), (Role::Ceiling, &top)];
    let table = ScoreTable::new(&columns, Some(&null));
    assert_eq!(table.columns.len(), 5);
    assert!(table.rows.iter().all(|row| row.cells.len() == 5));
    let row = table.rows.iter().find(|row| row.kind.name == "cue Pearson").unwrap();
    assert_eq!(row.null_test.unwrap().df, (18 + 40 - 2) as f64);
    let text = serde_json::to_string(&(&ridge, &table, &null)).unwrap();
    assert!(!text.contains("NaN"));
    assert_eq!(serde_json::from_str::<Evaluation>(&serde_json::to_string(&ridge).unwrap()).unwrap(), ridge);
}

#[test]
fn ridge_on_own_clips_and_on_condition_means_agree_where_clips_are_the_means() {
    let fold = toy::fold(&toy::dataset(3, 6, 0.6), 0);
    let spikes = fold.spikes(&fold.trials(Part::Test)[..5]);
    let videos = [RidgeTarget::OwnClip, RidgeTarget::ConditionMean].map(|target| {
        let fit = RidgeVideo { target, penalties: vec![0.3] };
        fit.fit(&fold, 0).unwrap().predict(spikes.view()).unwrap()
    });
    let largest = videos[0].iter().zip(&videos[1]).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(largest < 1e-4, "{largest}");
}

#[test]
fn spikes_with_another_number_of_sites_are_refused_by_axis() {
    let fold = toy::fold(&toy::dataset(3, 6, 0.6), 0);
    let wrong = ndarray::Array3::<f32>::zeros((2, 3, 5));
    for fit in [&ClassMean as &dyn FitDecoder, &RidgeVideo::default(), &MultinomialRidge::default()] {
        let error = fit.fit(&fold, 0).unwrap().predict(wrong.view()).unwrap_err();
        assert!(error.to_string().starts_with("spikes, site axis: expected 24, got 5"), "{error}");
    }
}

/// Toy data whose videos are two patches of known contrast; region A reads the left one, B the right one.
fn contrast_dataset() -> (Arc<Dataset>, Vec<f32>, Vec<f32>) {
    let mut parts = Arc::unwrap_or_clone(toy::dataset(11, 15, 1.5)).into_parts();
    let levels = || [0.0, 0.5, 1.0].map(Level::Number).to_vec();
    let factors = vec![
        Factor { name: "contrast_left".into(), levels: levels() },
        Factor { name: "contrast_right".into(), levels: levels() },
    ];
    parts.conditions = ConditionTable::new(factors, (0..9).map(|c| vec![c / 3, c % 3]).collect()).unwrap();
    parts.trials.iter_mut().for_each(|trial| {
        trial.condition_idx /= 2;
        trial.clip_idx = trial.condition_idx;
    });
    let patch = |left: bool| -> Vec<f32> {
        let value =
            |at: usize| ((at / 16 + at % 16) as f32 * 0.9).sin() * if (at % 16 < 8) == left { 0.4 } else { 0.0 };
        (0..256).map(value).collect()
    };
    let (left, right) = (patch(true), patch(false));
    let mut bytes = Vec::new();
    for condition in 0..9 {
        for at in 0..2 * 256 * 3 {
            let pixel = at / 3 % 256;
            let value = 0.5 + (condition / 3) as f32 / 2.0 * left[pixel] + (condition % 3) as f32 / 2.0 * right[pixel];
            bytes.push((value * 255.0).round() as u8);
        }
    }
    parts.video = VideoPool::new([9, 2, 16, 16, 3], SharedBytes::new(bytes)).unwrap();
    parts.timeline = Timeline::new(10.0, 0.0, 2, Vec::new()).unwrap();
    (Arc::new(Dataset::new(parts).unwrap()), left, right)
}

#[test]
fn contrast_is_read_out_of_fold_beside_ridge_and_nulls() {
    let (dataset, left, right) = contrast_dataset();
    let readouts = contrast_readouts([16, 16], left, right, 0.5).unwrap();
    let folds: Vec<Fold> = (0..3)
        .map(|shift| {
            let (test, train): (Vec<usize>, Vec<usize>) = (0..dataset.n_trials()).partition(|t| t / 18 % 3 == shift);
            let split = Split::new(train, Vec::new(), test, dataset.n_trials()).unwrap();
            Fold::new(Arc::clone(&dataset), split, Standardisation::PerSite).unwrap()
        })
        .collect();
    let decoders: Vec<Box<dyn Decoder>> =
        folds.iter().map(|fold| RidgeVideo::default().fit(fold, 0).unwrap()).collect();
    let pairs: Vec<(&dyn Decoder, &Fold)> = decoders.iter().map(AsRef::as_ref).zip(&folds).collect();
    let options = PooledOptions { n_null: 200, ..PooledOptions::default() };
    let pooled = pooled_evaluation(&pairs, &readouts, &options).unwrap();
    assert_eq!((pooled.trials.len(), pooled.features.len()), (dataset.n_trials(), 2));
    for feature in &pooled.features {
        let own = feature.pearson.unwrap();
        assert!(own > 0.8 && feature.minus_ridge.unwrap().abs() < 0.05, "{}: {own}", feature.name);
        let nulls = [feature.null_permuted_95.unwrap(), feature.null_noise_95.unwrap()];
        assert!(nulls.iter().all(|null| (0.0..0.3).contains(null)), "{nulls:?}");
    }
    let all = EvaluationOptions::default();
    let one = evaluate(decoders[0].as_ref(), &folds[0], Part::Test, &readouts, &all).unwrap().evaluation;
    assert!(one.features[0].pooled.as_ref().unwrap().condition_pearson.unwrap() > 0.9);
}

struct WrongShape;

impl Decoder for WrongShape {
    fn name(&self) -> &str {
        "wrong shape"
    }

    fn predict(&self, spikes: ArrayView3<'_, f32>) -> Result<Array5<f32>> {
        Ok(Array5::zeros((spikes.dim().0, 1, 16, 16, 3)))
    }
}

#[test]
fn videos_of_another_shape_are_refused() {
    let fold = toy::fold(&toy::dataset(3, 6, 0.6), 0);
    let error = evaluate(&WrongShape, &fold, Part::Test, &paper_readouts(), &EvaluationOptions::default()).unwrap_err();
    assert!(error.to_string().starts_with("decoded videos: expected"), "{error}");
}
