//! Masking on hand-made data: what is planted is found, what is not there is not, and threads do not matter.

mod toy;

use spikereel_analysis::baselines::RidgeVideo;
use spikereel_analysis::readout::paper_readouts;
use spikereel_analysis::stats::clopper_pearson;
use spikereel_analysis::study::{
    MaskingOptions, MaskingRun, MaskingTable, PerSample, compare_with_planted, masking_study,
};
use spikereel_data::{Decoder, FeatureTruth, FitDecoder, Fold, Region, Truth};

fn study(folds: &[(&str, Fold)], n_replicates: usize) -> MaskingTable {
    let decoders: Vec<Box<dyn Decoder>> =
        folds.iter().map(|(_, fold)| RidgeVideo::default().fit(fold, 0).unwrap()).collect();
    let runs: Vec<MaskingRun<'_>> = folds
        .iter()
        .zip(&decoders)
        .map(|((network, fold), decoder)| MaskingRun { network, decoder: decoder.as_ref(), fold })
        .collect();
    let options = MaskingOptions { n_replicates, per_sample: PerSample::Cheap, ..MaskingOptions::default() };
    masking_study(&runs, &paper_readouts(), &options, &mut |_, _| {}).unwrap()
}

fn planted() -> Truth {
    let features = [("shape", 0), ("color", 1), ("motion", 2)]
        .map(|(feature, top)| FeatureTruth {
            feature: feature.into(),
            chance: 0.3,
            coalition_accuracy: Vec::new(),
            shapley: Vec::new(),
            drop_when_left_out: (0..4).map(|region| if region == top { 0.5 } else { 0.0 }).collect(),
            top_region_idx: top,
            top_margin: 0.5,
            tuning: Vec::new(),
        })
        .to_vec();
    Truth {
        preset: "toy".into(),
        regions: toy::REGIONS.map(|name| Region(name.into())).to_vec(),
        features,
        condition_accuracy: 0.9,
        within_condition_correlation: 0.1,
        n_observer_trials: 0,
        generator: serde_json::Value::Null,
    }
}

#[test]
fn the_planted_region_of_each_feature_is_found_from_one_network_and_from_three() {
    let dataset = toy::dataset(5, 9, 1.0);
    for names in [["net", "net", "net"], ["net0", "net1", "net2"]] {
        let folds: Vec<(&str, Fold)> =
            names.iter().enumerate().map(|(k, name)| (*name, toy::fold(&dataset, k))).collect();
        let table = study(&folds, 500);
        let compared = compare_with_planted(&table, &planted());
        assert_eq!(compared.len(), 3);
        for own in &compared {
            assert!(own.agrees && own.found_is_significant && own.planted_margin > 0.0, "{own:?}");
        }
        for (feature, region) in [("shape", "A"), ("color", "B"), ("motion", "C")] {
            for cell in table.feature_cells(feature) {
                let carries = cell.region.0 == region;
                assert_eq!(cell.primary.p_corrected < 0.05, carries, "{feature} {}: {:?}", cell.region, cell.primary);
                let paper = cell.paper.as_ref().unwrap();
                assert!(paper.change.n == 18 && paper.change.mean.unwrap() >= 0.0);
            }
        }
        let text = serde_json::to_string(&table).unwrap();
        assert_eq!(serde_json::from_str::<MaskingTable>(&text).unwrap(), table);
    }
}

#[test]
fn a_region_that_carries_nothing_is_not_named_more_often_than_alpha() {
    let (mut named, mut n) = (0, 0);
    for seed in 0..34 {
        let dataset = toy::dataset(100 + seed, 9, 0.35);
        let table = study(&[("net", toy::fold(&dataset, 0))], 300);
        for cell in table.cells.iter().filter(|cell| cell.region.0 == "N") {
            named += usize::from(cell.primary.p_corrected < 0.05);
            n += 1;
        }
    }
    let [low, high] = clopper_pearson(named, n, 0.95);
    assert!(n >= 100 && low <= 0.05, "{named} of {n}: {low} to {high}");
}

#[test]
fn one_thread_and_two_give_the_same_table() {
    let dataset = toy::dataset(7, 6, 0.7);
    let run = |n_threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
        pool.install(|| study(&[("net", toy::fold(&dataset, 0))], 200))
    };
    assert_eq!(run(1), run(2));
}

#[test]
fn a_trial_twice_in_one_network_and_an_unknown_region_are_refused() {
    let dataset = toy::dataset(7, 6, 0.7);
    let fold = toy::fold(&dataset, 0);
    let decoder = RidgeVideo::default().fit(&fold, 0).unwrap();
    let run = MaskingRun { network: "net", decoder: decoder.as_ref(), fold: &fold };
    let mut options = MaskingOptions { n_replicates: 100, ..MaskingOptions::default() };
    let error = masking_study(&[run, run], &paper_readouts(), &options, &mut |_, _| {}).unwrap_err();
    assert!(error.to_string().contains("each trial once a network"), "{error}");
    options.regions = Some(vec![Region("V9".into())]);
    let error = masking_study(&[run], &paper_readouts(), &options, &mut |_, _| {}).unwrap_err();
    assert!(error.to_string().contains("one of A, B, C, N, got V9"), "{error}");
}
