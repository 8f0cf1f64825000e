//! The presets hold their stated difficulty and order of regions, for more than one seed.

use spikereel_data::Truth;
use spikereel_synth::cortex::{CortexConfig, generate};

fn truth(preset: &str, seed: u64) -> Truth {
    let mut config = CortexConfig::preset(preset).unwrap().with_sessions(1, 1);
    config.n_observer_trials = 2560;
    generate(&config, seed).unwrap()[0].truth.clone().unwrap()
}

fn check(preset: &str, seed: u64, accuracy: std::ops::Range<f64>, margin: f64) {
    let truth = truth(preset, seed);
    let place = format!("{preset}, seed {seed}");
    assert!(accuracy.contains(&truth.condition_accuracy), "{place}: 64-way {:.3}", truth.condition_accuracy);
    let correlation = truth.within_condition_correlation;
    assert!((0.02..0.2).contains(&correlation), "{place}: correlation {correlation:.3}");
    for (feature, (name, top)) in truth.features.iter().zip([("shape", "V4"), ("color", "V4"), ("motion", "MT")]) {
        assert_eq!(feature.feature, name);
        assert_eq!(truth.regions[feature.top_region_idx].0, top, "{place}: top region for {name}");
        assert!(feature.top_margin > margin, "{place}: margin for {name} {:.3}", feature.top_margin);
        let best_shapley = (0..6).max_by(|&a, &b| feature.shapley[a].total_cmp(&feature.shapley[b]));
        assert_eq!(best_shapley, Some(feature.top_region_idx), "{place}: Shapley agrees for {name}");
        let alone = |region: &str| {
            let idx = truth.regions.iter().position(|other| other.0 == region).unwrap();
            feature.coalition_accuracy[1 << idx]
        };
        assert!(alone("PFC") < 0.36, "{place}: PFC knows next to nothing of {name}: {:.3}", alone("PFC"));
        for region in ["FEF", "LIP"] {
            assert!(alone(region) < alone(top) - 0.1, "{place}: {region} is weak for {name}: {:.3}", alone(region));
        }
        let untuned: &[&str] = if name == "motion" { &["IT"] } else { &["MT"] };
        for region in untuned {
            assert!((alone(region) - 0.25).abs() < 1e-5, "{place}: {region} has no {name}: {}", alone(region));
        }
    }
}

#[test]
fn standard_is_named_at_sixty_to_eighty_percent_for_every_seed_tried() {
    (1..=3).for_each(|seed| check("standard", seed, 0.62..0.78, 0.08));
}

#[test]
fn easy_is_clearly_above_standard() {
    check("easy", 1, 0.89..0.98, 0.03);
}

#[test]
fn hard_is_clearly_below_standard() {
    check("hard", 1, 0.30..0.48, 0.08);
}

#[test]
fn an_unknown_preset_is_an_error_that_names_the_known_ones() {
    let error = CortexConfig::preset("medium").unwrap_err().to_string();
    assert!(error.contains("easy, standard or hard") && error.contains("`medium`"), "{error}");
}

#[test]
fn a_configuration_survives_json_and_unknown_fields_are_refused() {
    let config = CortexConfig::preset("standard").unwrap();
    let mut json = serde_json::to_value(&config).unwrap();
    assert_eq!(serde_json::from_value::<CortexConfig>(json.clone()).unwrap(), config);
    json["regions"][0]["tunning"] = 1.into();
    assert!(serde_json::from_value::<CortexConfig>(json).unwrap_err().to_string().contains("tunning"));
}
