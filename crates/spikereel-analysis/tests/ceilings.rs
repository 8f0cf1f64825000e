//! Ceilings: split halves, the ideal observer, and scores between floor and ceiling.

mod synthetic;
mod toy;

use spikereel_analysis::baselines::{MeanVideo, MultinomialRidge, RidgeVideo};
use spikereel_analysis::readout::paper_readouts;
use spikereel_analysis::study::ceilings::{observer_shares, score_shares};
use spikereel_analysis::study::reliability::{region_reliability, video_reliability};
use spikereel_analysis::study::{Evaluation, EvaluationOptions, ceiling, evaluate};
use spikereel_data::{FitDecoder, Fold, Part};

fn scored(fit: &dyn FitDecoder, fold: &Fold) -> Evaluation {
    let decoder = fit.fit(fold, 1).unwrap();
    evaluate(decoder.as_ref(), fold, Part::Test, &paper_readouts(), &EvaluationOptions::default()).unwrap().evaluation
}

#[test]
fn a_region_that_carries_something_is_reliable_and_one_that_does_not_is_not() {
    let fold = toy::fold(&toy::dataset(5, 18, 1.0), 0);
    let all: Vec<usize> = (0..fold.dataset().n_trials()).collect();
    let found = region_reliability(&fold, &all, 50, 1);
    let whole = |region: usize| found[region].of_conditions.whole.unwrap();
    println!("{:?}", (0..4).map(whole).collect::<Vec<_>>());
    assert!((0..3).all(|region| whole(region) > 0.3) && whole(3).abs() < 0.3);
    let [low, high] = found[0].of_conditions.interval_95.unwrap();
    assert!(low < whole(0) && whole(0) < high && found[0].of_conditions.n_conditions == 18);
    assert!(found[0].of_conditions.half.mean.unwrap() < whole(0));
    assert_eq!(found, region_reliability(&fold, &all, 50, 1));
}

#[test]
fn videos_that_are_all_alike_are_perfectly_reliable_and_decoded_ones_less() {
    let fold = toy::fold(&toy::dataset(5, 12, 0.6), 0);
    let trials = fold.trials(Part::Test).to_vec();
    let readouts = paper_readouts();
    let own = video_reliability(&fold, &trials, &readouts, 4, 1, &mut |trials| Ok(fold.videos(trials))).unwrap();
    assert_eq!(own.iter().map(|own| own.name.as_str()).collect::<Vec<_>>(), ["shape", "color", "motion", "video"]);
    for reliability in &own {
        let best = if reliability.kind.larger_is_better { 1.0 } else { 0.0 };
        assert!((reliability.whole.unwrap() - best).abs() < 1e-5, "{reliability:?}");
    }
    let decoder = RidgeVideo::default().fit(&fold, 1).unwrap();
    let mut decode = |trials: &[usize]| decoder.predict(fold.spikes(trials).view());
    let decoded = video_reliability(&fold, &trials, &readouts, 4, 1, &mut decode).unwrap();
    assert!(decoded[3].whole.unwrap() < 1.0 && decoded[3].half.mean.unwrap() < decoded[3].whole.unwrap());
}

#[test]
fn the_ceiling_is_a_share_of_one_of_itself_and_the_floor_of_none() {
    let fold = toy::fold(&toy::dataset(3, 12, 1.0), 0);
    let top = ceiling(&fold, Part::Test, &paper_readouts(), &EvaluationOptions::default()).unwrap().evaluation;
    let (floor, ridge) = (scored(&MeanVideo, &fold), scored(&RidgeVideo::default(), &fold));
    let shares = |own: &Evaluation| score_shares(&[own], &[&floor], &[&top], 200, 1);
    assert!(shares(&top).iter().all(|share| share.share == Some(1.0)));
    assert!(shares(&floor).iter().all(|share| share.share == Some(0.0)));
    let own = shares(&ridge);
    let shape = own.iter().find(|share| share.feature == "shape").unwrap();
    let [low, high] = shape.share_interval_95.unwrap();
    assert!(0.0 < low && low <= shape.share.unwrap() && shape.share.unwrap() <= high && high <= 1.0, "{shape:?}");
}

#[test]
fn no_decoder_beats_the_ideal_observer() {
    let folds = synthetic::folds(12, 1, 1280, 14);
    let truth = folds[0].dataset().truth.clone().unwrap();
    let multinomial = scored(&MultinomialRidge::default(), &folds[0]);
    let found = observer_shares(&truth, &[("multinomial ridge", vec![&multinomial])]);
    assert_eq!(found.len(), 4);
    for own in &found {
        println!(
            "{} ideal {:.3} own {:.3} {:?} share {:?}",
            own.feature, own.ideal, own.accuracy, own.interval_95, own.share
        );
        assert!(own.interval_95[0] <= own.ideal && own.share.unwrap() > 0.05, "{own:?}");
    }
}
