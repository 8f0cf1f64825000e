//! Shuffled labels are decoded where pseudo-trials were split after they were drawn, and only there; the recovery card finds what is planted.

mod planted;

use spikereel_analysis::baselines::RidgeVideo;
use spikereel_analysis::readout::paper_readouts;
use spikereel_analysis::study::MaskingOptions;
use spikereel_analysis::study::leakage::leakage_study;
use spikereel_analysis::study::power::{PlantedFunctions, power_card};
use spikereel_data::prepare::{SplitUnit, shuffle_conditions};
use spikereel_data::{Recording, Region};
use spikereel_synth::cortex::{CortexConfig, Feature};

#[test]
fn a_leaky_split_decodes_labels_that_mean_nothing_and_a_clean_one_does_not() {
    let recordings = planted::recordings(CortexConfig::preset("hard").unwrap(), 3, 10, 21);
    let shuffled: Vec<Recording> = recordings.iter().map(|own| shuffle_conditions(own, 5).unwrap()).collect();
    let both = |recordings: &[Recording]| {
        let fold = |unit| planted::pseudo(recordings, unit, 20, 21);
        let (clean, leaky) = (fold(SplitUnit::RealTrial), fold(SplitUnit::PseudoTrial));
        leakage_study(&clean, &leaky, &RidgeVideo::default(), &paper_readouts(), 1, 400, 3).unwrap()
    };
    let (real, null) = (both(&recordings), both(&shuffled));
    for (name, study) in [("real", &real), ("null", &null)] {
        for score in &study.scores {
            let (clean, leaky) = (score.clean.mean, score.leaky.mean);
            println!("{name} {} {clean:.3} {leaky:.3} {:?}", score.kind.name, score.gain.interval_95);
        }
        assert_eq!((study.clean.n_real_shared, study.clean.n_test_all_shared), (0, 0));
        assert!(study.clean.audit.is_clean() && !study.leaky.audit.is_clean());
        assert!(study.leaky.n_real_shared * 10 > study.leaky.n_real * 7, "{:?}", study.leaky);
        assert!(study.leaky.n_site_trials_shared <= study.leaky.n_site_trials);
    }
    let null_score = null.score("condition accuracy").unwrap();
    assert!(null_score.leaky_above_chance.as_ref().unwrap().interval_95[0] > 0.02, "{null_score:?}");
    assert!(null_score.clean_above_chance.as_ref().unwrap().p > 0.01, "{null_score:?}");
    assert!(null_score.gain.interval_95[0] > 0.0 && real.score("condition accuracy").unwrap().gain.mean > 0.0);
}

#[test]
fn the_recovery_card_finds_strong_functions_and_seldom_names_empty_regions() {
    let sizes = [("A".to_string(), 12), ("B".to_string(), 12), ("C".to_string(), 12), ("N".to_string(), 12)];
    let regions: Vec<Region> = sizes.iter().map(|(name, _)| Region(name.clone())).collect();
    let make = |seed: u64| {
        let shift = (seed % 4) as usize;
        let at = |k: usize| (k + shift) % 4;
        let of_feature = [(Feature::Shape, at(0)), (Feature::Color, at(1)), (Feature::Motion, at(2))];
        let cortex = CortexConfig::one_region_a_feature(&sizes, of_feature, 1.5)?;
        let fold = planted::recorded(&planted::recordings(cortex, 1, 12, seed)[0], seed);
        let tops = of_feature.map(|(feature, at)| (feature.name().to_string(), regions[at].clone())).to_vec();
        Ok((fold, PlantedFunctions::one_region_a_feature(&regions, tops)))
    };
    let options = MaskingOptions { n_replicates: 200, seed: 9, ..MaskingOptions::default() };
    let card = power_card(&make, &RidgeVideo::default(), &paper_readouts(), 4, &options, &mut |_, _| {}).unwrap();
    for own in &card.features {
        let shares = [own.detected, own.named_first, own.false_alarms].map(|own| (own.n_found, own.n));
        println!("{} {shares:?} score {:.2}", own.feature, own.mean_score);
        assert_eq!((own.detected.n, own.false_alarms.n), (4, 12));
        assert!(own.detected.n_found >= 3 && own.named_first.n_found == own.detected.n_found, "{own:?}");
        assert!(own.false_alarms.interval_95[0] <= 0.05, "{own:?}");
    }
    let n: usize = card.cells.iter().map(|cell| cell.detected.n + cell.false_alarms.n).sum();
    assert_eq!((n, card.cells.len()), (4 * 12, 12));
    assert!(power_card(&make, &RidgeVideo::default(), &paper_readouts(), 0, &options, &mut |_, _| {}).is_err());
}
