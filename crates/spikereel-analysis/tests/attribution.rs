//! Shapley values, interactions and masking operators on recordings whose codes are known.

mod simulated;
mod toy;

use simulated::{Nearest, fold, small_cortex};
use spikereel_analysis::baselines::{ClassMean, RidgeVideo};
use spikereel_analysis::perturb::MaskOperator;
use spikereel_analysis::readout::{Readouts, paper_readouts};
use spikereel_analysis::study::{
    CoalitionOptions, CoalitionTable, HarmMapOptions, MaskingOptions, MaskingRun, coalition_study, masking_study,
    max_statistic, retrained_masking_study, size_matched_study, time_resolved_study,
};
use spikereel_data::{Decoder, FitDecoder, Fold};
use spikereel_synth::cortex::{Code, CortexConfig, Feature};

fn run<'a>(fold: &'a Fold, decoder: &'a dyn Decoder) -> [MaskingRun<'a>; 1] {
    [MaskingRun { network: "seed0", decoder, fold }]
}

fn coalitions(fit: &dyn FitDecoder, fold: &Fold, operator: MaskOperator) -> CoalitionTable {
    let decoder = fit.fit(fold, 0).unwrap();
    let options = CoalitionOptions { operator, n_draws: 3, n_replicates: 200, ..CoalitionOptions::default() };
    let table = coalition_study(&run(fold, decoder.as_ref()), &paper_readouts(), &options, &mut |_, _| {}).unwrap();
    for feature in &table.features {
        assert!(feature.efficiency_gap.abs() < 1e-9, "{}: {}", feature.feature, feature.efficiency_gap);
        assert_eq!(feature.values.len(), 1 << table.regions.len());
    }
    table
}

#[test]
fn shapley_and_masking_name_the_planted_top_region_of_each_feature() {
    let mut cortex = CortexConfig::preset("easy").unwrap().with_sessions(1, 10);
    cortex.n_observer_trials = 640;
    for seed in [3, 4, 5] {
        let fold = fold(&cortex, 0.5, seed);
        let truth = fold.dataset().truth.clone().unwrap();
        let ridge = RidgeVideo::default();
        let table = coalitions(&ridge, &fold, MaskOperator::Zero);
        let top = |values: &[f64]| (0..values.len()).max_by(|&a, &b| values[a].total_cmp(&values[b])).unwrap();
        for planted in &truth.features {
            let own = table.features.iter().find(|own| own.feature == planted.feature).unwrap();
            let shapley: Vec<f64> = own.shapley.iter().map(|test| test.mean).collect();
            println!("seed {seed} {}: {:.2?}, planted {:.2?}", own.feature, shapley, planted.shapley);
            assert_eq!(top(&shapley), top(&planted.shapley), "{}", planted.feature);
            assert!(own.shapley[top(&shapley)].interval_95[0] > 0.0);
        }
        let decoder = ridge.fit(&fold, 0).unwrap();
        for operator in [MaskOperator::Zero, MaskOperator::PermuteTrials] {
            let options = MaskingOptions { operator, n_draws: 2, n_replicates: 300, ..MaskingOptions::default() };
            let table =
                masking_study(&run(&fold, decoder.as_ref()), &paper_readouts(), &options, &mut |_, _| {}).unwrap();
            assert!(table.planted.iter().all(|planted| planted.agrees), "{operator}: {:?}", table.planted);
        }
    }
}

/// How two regions interact for color under a code, and how a third that carries nothing interacts with them.
fn color_interactions(code: Code, seed: u64) -> ([f64; 3], f64) {
    let fold = fold(&small_cortex(code, 10), 0.2, seed);
    let table = coalitions(&Nearest { n: 12 }, &fold, MaskOperator::Zero);
    let color = table.features.iter().find(|own| own.feature == "color").unwrap();
    let (own, others): (Vec<_>, Vec<_>) =
        color.interactions.iter().partition(|pair| (pair.first, pair.second) == (0, 1));
    let [low, high] = own[0].index.interval_95;
    ([low, own[0].index.mean, high], others.iter().map(|pair| pair.index.mean.abs()).fold(0.0, f64::max))
}

fn two_codes() -> [(&'static str, Code, f64); 2] {
    let regions = || ["A".to_string(), "B".to_string()];
    [
        ("redundant", Code::Redundant { feature: Feature::Color, regions: regions().to_vec(), corruption: 0.2 }, -1.0),
        ("exclusive or", Code::ExclusiveOr { feature: Feature::Color, regions: regions() }, 1.0),
    ]
}

#[test]
fn the_sign_of_an_interaction_is_right_in_twenty_recordings_of_each_code() {
    for (name, code, sign) in two_codes() {
        let (mut n_right, mut n_resolved) = (0, 0);
        for seed in 1..=20 {
            let ([low, mean, high], of_nothing) = color_interactions(code.clone(), seed);
            assert!(
                of_nothing < 0.15,
                "{name}, seed {seed}: a region that carries nothing interacts by {of_nothing:.3}"
            );
            n_right += usize::from(mean * sign > 0.0);
            n_resolved += usize::from(if sign > 0.0 { low > 0.0 } else { high < 0.0 });
        }
        println!("{name}: right sign in {n_right} of 20, its interval beyond 0 in {n_resolved}");
        assert!(n_right >= 19 && n_resolved >= 19, "{name}: {n_right} and {n_resolved}");
    }
}

/// Means of the toy's harms, `[region]`, for a feature.
fn harms(fold: &Fold, operator: MaskOperator, feature: &str) -> Vec<f64> {
    let fit = ClassMean;
    let decoder = fit.fit(fold, 0).unwrap();
    let runs = run(fold, decoder.as_ref());
    let options = MaskingOptions { operator, n_draws: 4, n_replicates: 200, ..MaskingOptions::default() };
    let readouts: Readouts = paper_readouts();
    let table = if operator == MaskOperator::RetrainWithout {
        retrained_masking_study(&runs, &fit, &readouts, &options, &mut |_, _| {}).unwrap()
    } else {
        masking_study(&runs, &readouts, &options, &mut |_, _| {}).unwrap()
    };
    assert_eq!(table.operator, operator);
    table.feature_cells(feature).map(|cell| cell.primary.harm).collect()
}

#[test]
fn operators_agree_on_the_region_that_carries_and_same_condition_noise_harms_nothing() {
    let fold = toy::fold(&toy::dataset(5, 9, 1.0), 0);
    for (at, feature) in ["shape", "color", "motion"].into_iter().enumerate() {
        for operator in [MaskOperator::Zero, MaskOperator::PermuteTrials, MaskOperator::RetrainWithout] {
            let harm = harms(&fold, operator, feature);
            println!("{feature}, {operator}: {harm:.2?}");
            assert!((0..4).all(|other| other == at || harm[other] < 0.5 * harm[at]) && harm[at] > 0.15, "{harm:?}");
        }
        let control = harms(&fold, MaskOperator::ConditionNoise, feature);
        assert!(control.iter().all(|harm| harm.abs() < 0.08), "{control:?}");
    }
}

#[test]
fn more_than_twelve_regions_are_sampled_and_windows_and_subsets_find_their_own() {
    let fold = toy::fold(&toy::dataset(5, 9, 1.0), 0);
    let decoder = ClassMean.fit(&fold, 0).unwrap();
    let runs = run(&fold, decoder.as_ref());
    let options = HarmMapOptions { n_draws: 2, n_replicates: 200, ..HarmMapOptions::default() };
    let readouts = paper_readouts();
    let map = time_resolved_study(&runs, &readouts, 2, &options, &mut |_, _| {}).unwrap();
    assert_eq!(map.windows, [0..2, 2..3]);
    let shape = &map.features[0];
    assert!(shape.feature == "shape" && shape.harm[0][0].mean > shape.harm[3][0].mean + 0.1, "{shape:?}");
    let matched = size_matched_study(&runs, &readouts, &options, &mut |_, _| {}).unwrap();
    assert_eq!((&matched.n_masked, matched.windows.len(), &matched.windows[0]), (&vec![6; 4], 1, &(0..3)));
    let masking = MaskingOptions { n_replicates: 100, ..MaskingOptions::default() };
    let table = masking_study(&runs, &readouts, &masking, &mut |_, _| {}).unwrap();
    for (cell, own) in matched.features[0].harm.iter().zip(table.feature_cells("shape")) {
        assert_eq!(cell[0].mean, own.primary.harm, "regions of one size are masked whole");
    }
    let flips = max_statistic(&table, 999, 1).unwrap();
    for test in &flips {
        let carries =
            [("shape", "A"), ("color", "B"), ("motion", "C")].contains(&(test.feature.as_str(), &test.region.0));
        assert_eq!(test.p < 0.05, carries, "{test:?}");
    }
}

#[test]
fn sampled_orderings_come_near_the_exact_values_within_their_error() {
    use spikereel_data::{Region, Site};
    let fold = toy::fold(&toy::dataset(5, 9, 1.0), 0);
    let exact = coalitions(&ClassMean, &fold, MaskOperator::Zero);
    // The same sites under 13 names: A, B and C stay whole, N is cut into pieces that carry nothing.
    let mut parts = fold.dataset().as_ref().clone().into_parts();
    for (at, site) in parts.sites.iter_mut().enumerate() {
        if at >= 14 {
            *site = Site { region: Region(format!("N{at}")), ..site.clone() };
        }
    }
    let dataset = std::sync::Arc::new(spikereel_data::Dataset::new(parts).unwrap());
    let many = Fold::with_standardiser(dataset, fold.split().clone(), fold.standardiser().clone()).unwrap();
    assert_eq!(many.dataset().regions().len(), 13);
    let decoder = ClassMean.fit(&many, 0).unwrap();
    let operator = MaskOperator::Zero;
    let options = CoalitionOptions { operator, n_orderings: 30, n_replicates: 100, ..CoalitionOptions::default() };
    let table = coalition_study(&run(&many, decoder.as_ref()), &paper_readouts(), &options, &mut |_, _| {}).unwrap();
    assert!(!table.is_exact && table.features[0].interactions.is_empty());
    for (feature, exact) in table.features.iter().zip(&exact.features) {
        assert!(feature.efficiency_gap.abs() < 1e-9);
        let region = ["shape", "color"].iter().position(|name| *name == feature.feature);
        let Some(region) = region else { continue };
        let off = feature.shapley[region].mean - exact.shapley[region].mean;
        println!("{}: off by {off:.3}, error {:.3}", feature.feature, feature.sampling_error[region]);
        assert!(off.abs() < 4.0 * feature.sampling_error[region] + 0.05);
    }
}
