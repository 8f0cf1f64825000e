//! The ideal observer on small cortices whose truth is known by construction.

use spikereel_synth::cortex::{Code, CortexConfig, Feature, PerFeature, RegionConfig, generate, observe, shapley};

/// Regions A, B and C of 6 sites, short trials.
fn small(tuning: [PerFeature; 3]) -> CortexConfig {
    let mut config = CortexConfig::preset("standard").unwrap().with_sessions(1, 2);
    config.preset = "custom".into();
    let region = |(name, tuning): (&str, PerFeature)| RegionConfig {
        name: name.into(),
        n_sites: 6,
        tuning,
        ..RegionConfig::default()
    };
    config.regions = ["A", "B", "C"].into_iter().zip(tuning).map(region).collect();
    (config.fixation_secs, config.cue_secs, config.stimulus_secs) = (0.1, 0.3, 0.4);
    config.n_observer_trials = 1280;
    config
}

const ALL: PerFeature = PerFeature { shape: 0.25, color: 0.25, motion: 0.25 };
const NONE: PerFeature = PerFeature { shape: 0.0, color: 0.0, motion: 0.0 };
const COLOR: PerFeature = PerFeature { shape: 0.0, color: 0.4, motion: 0.0 };

#[test]
fn the_posterior_is_calibrated_so_its_peak_equals_the_share_of_hits() {
    let mut config = small([ALL, ALL, NONE]);
    config.regions[0].lapse = PerFeature::new(0.3, 0.1, 0.5);
    config.regions[1].task_share = 0.5;
    config.regions[1].response_coupling = 0.3;
    config.codes =
        vec![Code::Redundant { feature: Feature::Motion, regions: vec!["A".into(), "B".into()], corruption: 0.3 }];
    let observed = observe(&config, 5, 6400).unwrap();
    // Five standard errors of a share from 6400 trials.
    let bound = 5.0 * 0.5 / 6400f64.sqrt();
    for feature in 0..3 {
        for (mask, (accuracy, hits)) in observed.accuracy[feature].iter().zip(&observed.hit_share[feature]).enumerate()
        {
            assert!((accuracy - hits).abs() < bound, "feature {feature}, mask {mask}: {accuracy} {hits}");
        }
    }
    assert!((observed.condition_accuracy - observed.condition_hit_share).abs() < bound);
}

#[test]
fn what_is_not_planted_stands_at_chance_and_adds_nothing() {
    let observed = observe(&small([COLOR, NONE, ALL]), 5, 1280).unwrap();
    let (shape, color) = (&observed.accuracy[0], &observed.accuracy[1]);
    assert!((shape[0] - 0.25).abs() < 1e-12 && (shape[0b011] - 0.25).abs() < 1e-5, "{shape:?}");
    assert!(color[0b001] > 0.5 && (color[0b010] - 0.25).abs() < 1e-5, "{color:?}");
    let values = shapley(3, shape);
    assert!(values[0].abs() < 0.02 && values[1].abs() < 0.02 && values[2] > 0.1, "{values:?}");
}

#[test]
fn shapley_values_add_up_to_what_all_regions_know_above_chance() {
    let truth = generate(&small([ALL, COLOR, NONE]), 6).unwrap()[0].truth.clone().unwrap();
    for feature in &truth.features {
        let sum: f64 = feature.shapley.iter().sum();
        assert!((sum - (feature.coalition_accuracy[7] - 0.25)).abs() < 1e-12, "{}", feature.feature);
        assert!(
            (feature.drop_when_left_out[0] - (feature.coalition_accuracy[7] - feature.coalition_accuracy[6])).abs()
                < 1e-12
        );
    }
    assert_eq!(truth.features[0].top_region_idx, 0);
    assert_eq!(truth.generator["preset"], "custom");
}

/// `v(AB) - v(A) - v(B) + v(none)` for color.
fn interaction(codes: Vec<Code>) -> ([f64; 3], f64) {
    let mut config = small([PerFeature { color: 0.8, ..NONE }, PerFeature { color: 0.8, ..NONE }, NONE]);
    config.codes = codes;
    let color = &observe(&config, 7, 2560).unwrap().accuracy[1];
    ([color[1], color[2], color[3]], color[3] - color[1] - color[2] + color[0])
}

#[test]
fn a_redundant_code_makes_a_second_region_worth_little() {
    let regions = vec!["A".to_string(), "B".to_string()];
    let code = Code::Redundant { feature: Feature::Color, regions, corruption: 0.4 };
    let ([a, b, both], interaction) = interaction(vec![code]);
    assert!(a > 0.6 && b > 0.6 && both < 0.72, "the shared errors stay: {a:.3} {b:.3} {both:.3}");
    assert!(interaction < -0.25, "{interaction:.3}");
}

#[test]
fn an_exclusive_or_code_is_worth_nothing_to_either_region_alone() {
    let code = Code::ExclusiveOr { feature: Feature::Color, regions: ["A".into(), "B".into()] };
    let ([a, b, both], interaction) = interaction(vec![code]);
    assert!((a - 0.25).abs() < 1e-5 && (b - 0.25).abs() < 1e-5, "{a} {b}");
    // One bit of two: at most one half.
    assert!((0.42..0.501).contains(&both) && interaction > 0.15, "{both:.3} {interaction:.3}");
}

#[test]
fn response_coupling_tells_of_color_and_motion_through_the_rule() {
    let mut config = small([NONE, NONE, NONE]);
    (config.regions[0].task_share, config.regions[0].response_coupling) = (1.0, 0.5);
    let observed = observe(&config, 8, 1280).unwrap();
    assert!(observed.accuracy[1][1] > 0.3 && observed.accuracy[2][1] > 0.3, "{:?}", observed.accuracy);
    assert!(observed.accuracy[1][2] < 0.2501);
}

#[test]
fn the_truth_of_several_sessions_is_that_of_one_trial_from_each() {
    let one = observe(&small([ALL, COLOR, NONE]), 9, 2560).unwrap();
    let two = observe(&small([ALL, COLOR, NONE]).with_sessions(2, 2), 9, 2560).unwrap();
    // The same sites, so nearly the same information; only the shared gain is drawn twice.
    assert!((one.condition_accuracy - two.condition_accuracy).abs() < 0.05);
    assert!((one.accuracy[1][1] - two.accuracy[1][1]).abs() < 0.05);
}

#[test]
fn configurations_that_cannot_be_are_refused_by_name() {
    let field = |change: fn(&mut CortexConfig)| {
        let mut config = small([ALL; 3]);
        change(&mut config);
        generate(&config, 1).unwrap_err().field
    };
    assert!(field(|c| c.regions[1].fano_factor = 0.5).contains("region `B`, fano_factor"));
    assert!(field(|c| c.regions[1].lapse.color = f64::NAN).contains("lapse.color"));
    assert_eq!(field(|c| c.regions[1].name = "A".into()), "region name");
    assert_eq!(field(|c| c.cue_secs = 0.25), "cue_secs");
    assert_eq!(field(|c| c.sessions.clear()), "sessions");
    assert_eq!(field(|c| c.sessions[0].n_trials_per_condition = 0), "n_trials_per_condition");
    assert!(field(|c| c.sessions[0].regions = vec!["D".into()]).contains("sessions"));
    let xor = || Code::ExclusiveOr { feature: Feature::Shape, regions: ["A".into(), "D".into()] };
    let mut config = small([ALL; 3]);
    config.codes = vec![xor()];
    assert!(generate(&config, 1).unwrap_err().to_string().contains("`D`"));
}
