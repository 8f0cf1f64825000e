//! Planted errors: choice differs from the right response on the stated share of trials, task sites follow it, the observer sums it out.

use spikereel_data::{Recording, Spikes};
use spikereel_synth::cortex::{CHOICE_CORRECT, CortexConfig, Feature, generate, observe};

fn planted(n_trials: usize, n_observer_trials: usize) -> CortexConfig {
    let mut config = CortexConfig::planted_choice().unwrap().with_sessions(1, n_trials);
    config.n_observer_trials = n_observer_trials;
    config
}

fn column<'a>(recording: &'a Recording, name: &str) -> &'a [f64] {
    &recording.covariates.iter().find(|(own, _)| own == name).unwrap().1
}

#[test]
fn without_errors_recordings_are_those_of_before_and_have_no_choice_column() {
    let mut config = CortexConfig::preset("easy").unwrap().with_sessions(1, 1);
    config.n_observer_trials = 0;
    let text = serde_json::to_string(&config).unwrap();
    assert!(!text.contains("error_share"), "{text}");
    assert_eq!(serde_json::from_str::<CortexConfig>(&text).unwrap(), config);
    let recording = &generate(&config, 1).unwrap()[0];
    assert_eq!(
        recording.covariates.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(),
        ["rule", "response", "reaction_time_secs"]
    );
    let Spikes::Counts(tensor, _) = &recording.spikes else { panic!("counts") };
    // FNV-1a of the counts, taken before choices could be wrong.
    let hash = tensor
        .bytes()
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |h, &b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
    assert_eq!(hash, 0x61d8_39a2_fd87_a309);
}

#[test]
fn the_share_of_errors_is_the_configured_one_and_lip_and_fef_follow_the_choice_alone() {
    let recording = &generate(&planted(20, 0), 2).unwrap()[0];
    let (choice, response, correct) =
        (column(recording, "choice"), column(recording, "response"), column(recording, "correct"));
    let n = choice.len() as f64;
    let n_wrong = choice.iter().zip(response).filter(|(a, b)| a != b).count() as f64;
    assert!((n_wrong / n - 0.2).abs() < 0.04, "{}", n_wrong / n);
    for ((choice, response), correct) in choice.iter().zip(response).zip(correct) {
        assert_eq!(*correct == CHOICE_CORRECT, choice == response);
    }
    let Spikes::Counts(counts, _) = &recording.spikes else { panic!("counts") };
    let counts = counts.to_array();
    // Mean absolute difference over sites of the mean count in the stimulus, between the two values of a column.
    let difference = |column: &[f64], keep: &dyn Fn(usize) -> bool, sites: std::ops::Range<usize>| {
        let mean = |value: f64, site: usize| {
            let trials: Vec<usize> = (0..column.len()).filter(|&at| column[at] == value && keep(at)).collect();
            let sum: f64 = trials.iter().map(|&t| f64::from(counts.slice(ndarray::s![t, 16.., site]).sum())).sum();
            sum / trials.len() as f64
        };
        sites.clone().map(|site| (mean(0.0, site) - mean(1.0, site)).abs()).sum::<f64>() / sites.len() as f64
    };
    let all = |_: usize| true;
    assert!(difference(choice, &all, 0..40) > 12.0, "{}", difference(choice, &all, 0..40));
    // Cues are crossed with colors and directions, so IT knows nothing of the choice; V4 and MT do, through what is shown.
    assert!(difference(choice, &all, 60..80) < 4.0, "IT: {}", difference(choice, &all, 60..80));
    let chose_left = |at: usize| choice[at] == 0.0;
    assert!(difference(response, &chose_left, 0..40) < 8.0, "{}", difference(response, &chose_left, 0..40));
}

#[test]
fn the_observer_that_sums_over_choices_is_calibrated_and_errors_weaken_what_choice_tells_of_color() {
    let config = planted(2, 0);
    let observed = observe(&config, 3, 3200).unwrap();
    let bound = 5.0 * 0.5 / 3200f64.sqrt();
    for feature in 0..3 {
        for (accuracy, hits) in observed.accuracy[feature].iter().zip(&observed.hit_share[feature]) {
            assert!((accuracy - hits).abs() < bound, "feature {feature}: {accuracy} {hits}");
        }
    }
    // IT names the rule, LIP the choice: on half of the trials a choice that is right four times in five leaves two colors.
    let color = &observed.accuracy[Feature::Color as usize];
    assert!((color[0b01010] - (0.5 * 0.25 + 0.5 * 0.4)).abs() < 0.02, "{}", color[0b01010]);
    let without = observe(&CortexConfig { error_share: 0.0, ..config }, 3, 3200).unwrap();
    let faultless = without.accuracy[Feature::Color as usize][0b01010];
    assert!((faultless - (0.5 * 0.25 + 0.5 * 0.5)).abs() < 0.02, "{faultless}");
}

#[test]
fn one_region_a_feature_is_refused_without_that_region_and_an_error_share_above_one_too() {
    let regions = vec![("A".to_string(), 5), ("B".to_string(), 5)];
    let of_feature = [(Feature::Shape, 0), (Feature::Color, 1), (Feature::Motion, 2)];
    let error = CortexConfig::one_region_a_feature(&regions, of_feature, 1.0).unwrap_err();
    assert_eq!(error.field, "region of motion");
    let config = CortexConfig { error_share: 1.5, ..planted(1, 0) };
    assert_eq!(generate(&config, 1).unwrap_err().field, "error_share");
}
