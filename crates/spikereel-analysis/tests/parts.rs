//! Single regions, size and folds: what was planted is found again, on simulated data with ridge regression.

mod synthetic;
mod toy;

use spikereel_analysis::baselines::{MeanVideo, RidgeVideo};
use spikereel_analysis::readout::paper_readouts;
use spikereel_analysis::stats::Correction;
use spikereel_analysis::study::scale::{doublings, size_of};
use spikereel_analysis::study::{
    NullTarget, Scale, ScaleAxis, ScaleOptions, SingleRegionOptions, SingleRegions, cross_validation, scale,
    single_regions,
};
use spikereel_data::{FitDecoder, Fold, Region};

fn options(n_null: usize) -> SingleRegionOptions {
    SingleRegionOptions {
        further_sets: Vec::new(),
        n_seeds: 1,
        n_null,
        null_target: NullTarget::default(),
        n_bootstrap: 300,
        correction: Correction::Holm,
        seed: 3,
    }
}

fn regions_alone(folds: &[Fold], fit: &dyn FitDecoder, options: &SingleRegionOptions) -> SingleRegions {
    single_regions(folds, fit, &paper_readouts(), options, &mut |_, _| {}).unwrap()
}

#[test]
fn a_region_alone_shows_what_was_planted_in_it_and_no_more() {
    let folds = synthetic::folds(12, 1, 0, 11);
    let own =
        SingleRegionOptions { further_sets: vec![vec![Region("FEF".into()), Region("PFC".into())]], ..options(20) };
    let found = regions_alone(&folds, &RidgeVideo::default(), &own);
    let names: Vec<&str> = found.sets.iter().map(|set| set.name.as_str()).collect();
    assert_eq!(names, ["PFC", "FEF", "LIP", "MT", "IT", "V4", "PFC+FEF", "all"]);
    assert_eq!((found.n_single, found.n_conditions, found.sets[6].n_sites), (6, 64, 60));
    for set in &found.sets {
        let each: Vec<String> =
            set.accuracies.iter().map(|a| format!("{} {:.2} p {:.4}", a.feature, a.accuracy, a.p_corrected)).collect();
        println!("{} {}", set.name, each.join(", "));
    }
    let accuracy = |region: &str, feature: &str| {
        found.sets.iter().find(|set| set.name == region).unwrap().accuracy(feature).unwrap().clone()
    };
    assert!(accuracy("V4", "shape").accuracy > accuracy("MT", "shape").accuracy + 0.3);
    assert!(accuracy("V4", "shape").p_corrected < 0.05 && accuracy("MT", "motion").p_corrected < 0.05);
    for region in ["PFC", "FEF", "LIP", "IT", "V4"] {
        assert!(accuracy("MT", "motion").accuracy > accuracy(region, "motion").accuracy, "{region}");
    }
    // PFC and MT carry no shape at all.
    for region in ["PFC", "MT"] {
        let chance = accuracy(region, "shape");
        assert!(chance.p_corrected > 0.05 && (chance.accuracy - 0.25).abs() < 0.08, "{region}: {chance:?}");
    }
    let shape = found.by_sites.iter().find(|own| own.feature == "shape").unwrap();
    println!("{shape:?}");
    assert!(shape.n_regions == 6 && shape.rank_correlation.unwrap() < 0.5 && shape.p.unwrap() > 0.05);
    let v4 = found.sets.iter().find(|set| set.name == "V4").unwrap().score("cue Pearson").unwrap();
    assert_eq!(v4.t_test.unwrap().df, (64 + 20 - 2) as f64);
    assert!(v4.is_better_than_null() && v4.p_null_corrected.unwrap() >= v4.p_null.unwrap());
    let text = serde_json::to_string(&found).unwrap();
    assert_eq!(serde_json::from_str::<SingleRegions>(&text).unwrap(), found);
}

#[test]
fn seeds_folds_and_threads_are_put_together_the_same_way() {
    let dataset = toy::dataset(5, 6, 1.0);
    let folds: Vec<Fold> = (0..2).map(|shift| toy::fold(&dataset, shift)).collect();
    let own = SingleRegionOptions { n_seeds: 2, ..options(10) };
    let run = |n_threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
        pool.install(|| regions_alone(&folds, &RidgeVideo::default(), &own))
    };
    let found = run(1);
    assert_eq!(found, run(2));
    let [a, n] = ["A", "N"].map(|name| found.sets.iter().find(|set| set.name == name).unwrap());
    assert!(a.accuracy("shape").unwrap().p_corrected < 0.05 && n.accuracy("shape").unwrap().p_corrected > 0.05);
    let unknown = SingleRegionOptions { further_sets: vec![vec![Region("V9".into())]], ..own };
    let error =
        single_regions(&folds, &RidgeVideo::default(), &paper_readouts(), &unknown, &mut |_, _| {}).unwrap_err();
    assert!(error.to_string().contains("one of A, B, C, N, got V9"), "{error}");
}

fn scaled(fold: &Fold, axis: ScaleAxis, sizes: Vec<usize>) -> Scale {
    let options = ScaleOptions { axis, sizes, n_draws: 3, n_bootstrap: 300, seed: 2 };
    scale(fold, &RidgeVideo::default(), &paper_readouts(), &options, &mut |_, _| {}).unwrap()
}

#[test]
fn more_sites_help_until_the_planted_lapses_bound_what_they_can_show() {
    let fold = &synthetic::folds(12, 1, 0, 12)[0];
    let whole = size_of(fold, ScaleAxis::Sites);
    let found = scaled(fold, ScaleAxis::Sites, doublings(17, whole));
    for slope in &found.slopes {
        println!(
            "{} {:.3} {:?}, last {:.3}",
            slope.feature, slope.per_doubling, slope.interval_95, slope.last_per_doubling
        );
    }
    let drawn: Vec<(usize, usize)> = found.points.iter().map(|point| (point.n, point.draws.len())).collect();
    assert_eq!(drawn, [(17, 3), (34, 3), (68, 3), (140, 1)]);
    let slope = |feature: &str| found.slopes.iter().find(|slope| slope.feature == feature).unwrap();
    for feature in ["shape", "motion"] {
        assert!(slope(feature).interval_95[0] > 0.0, "{feature}: {:?}", slope(feature));
    }
    let shape = found.headlines().iter().position(|(label, _, _)| label == "shape accuracy").unwrap();
    let means: Vec<f64> = found.bands(shape).iter().map(|band| band.mean.unwrap()).collect();
    println!("shape {means:?}");
    assert!(means[1] - means[0] > means[3] - means[2], "{means:?}");
    assert!(slope("shape").last_per_doubling < slope("shape").per_doubling);
}

#[test]
fn more_training_trials_and_more_bins_help_too() {
    let fold = &synthetic::folds(12, 1, 0, 13)[0];
    for (axis, sizes) in [(ScaleAxis::TrainingTrials, vec![1, 8]), (ScaleAxis::Bins, vec![1, 9])] {
        let found = scaled(fold, axis, sizes);
        let shape = found.slopes.iter().find(|slope| slope.feature == "shape").unwrap();
        assert!(shape.interval_95[0] > 0.0, "{axis}: {shape:?}");
    }
    let options = ScaleOptions { axis: ScaleAxis::Sites, sizes: vec![900], n_draws: 1, n_bootstrap: 100, seed: 2 };
    let error = scale(fold, &MeanVideo, &paper_readouts(), &options, &mut |_, _| {}).unwrap_err();
    assert!(error.to_string().starts_with("numbers of sites: expected some of 1 to 140"), "{error}");
}

#[test]
fn folds_give_spread_an_interval_and_the_difference_to_the_first_decoder() {
    let dataset = toy::dataset(5, 9, 1.0);
    let folds: Vec<Fold> = (0..3).map(|shift| toy::fold(&dataset, shift)).collect();
    let (ridge, mean) = (RidgeVideo::default(), MeanVideo);
    let mut heard = 0;
    let found = cross_validation(&folds, &[&ridge, &mean], &paper_readouts(), 1, &mut |_, n| heard += 100 / n).unwrap();
    assert_eq!((heard, found.decoders.len(), found.n_test[0], found.n_train[0]), (96, 2, 54, 108));
    let score =
        |decoder: usize, label: &str| found.decoders[decoder].scores.iter().find(|score| score.label == label).unwrap();
    let accuracy = score(1, "shape accuracy").first_minus_this.unwrap();
    assert!(accuracy.interval_95[0] > 0.0 && accuracy.n == 3, "{accuracy:?}");
    let mse = score(0, "MSE");
    assert!(mse.first_minus_this.is_none() && mse.per_fold.len() == 3);
    let own = mse.mean.unwrap();
    assert!((own.standard_error.powi(2) - (1.0 / 3.0 + 0.5) * own.sd.powi(2)).abs() < 1e-15);
    assert!(cross_validation(&folds[..1], &[&ridge], &paper_readouts(), 1, &mut |_, _| {}).is_err());
}
