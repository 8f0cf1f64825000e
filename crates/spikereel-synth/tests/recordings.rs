//! Generated recordings: statistics as configured, sessions kept apart, equal for equal seeds.

use spikereel_data::{Recording, Spikes};
use spikereel_synth::cortex::{CortexConfig, RegionConfig, SessionConfig, SpikeForm, generate};
use spikereel_synth::stimulus::{StimulusConfig, own_clips, shown};

fn plain() -> CortexConfig {
    let mut config = CortexConfig::preset("standard").unwrap().with_sessions(1, 6);
    config.n_observer_trials = 0;
    config
}

fn counts(recording: &Recording) -> ndarray::Array3<f32> {
    match &recording.spikes {
        Spikes::Counts(counts, _) => counts.to_array(),
        Spikes::Times(_) => panic!("counts were asked for"),
    }
}

fn mean_and_variance(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let values: Vec<f64> = values.collect();
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    (mean, values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (values.len() - 1) as f64)
}

#[test]
fn sites_regions_conditions_and_bins_are_the_papers() {
    let recording = &generate(&plain(), 1).unwrap()[0];
    assert_eq!((recording.n_sites(), recording.n_trials(), recording.conditions.len()), (140, 384, 64));
    let names: Vec<&str> = recording.regions().iter().map(|region| region.0.as_str()).collect();
    assert_eq!(names, ["PFC", "FEF", "LIP", "MT", "IT", "V4"]);
    assert_eq!(recording.sites[90].region.0, "MT");
    let Spikes::Counts(tensor, grid) = &recording.spikes else { panic!("counts") };
    assert_eq!(tensor.shape(), [384, 45, 140]);
    assert_eq!((grid.start_secs, grid.width_secs, grid.n_bins), (-1.5, 0.1, 45));
    for condition_idx in 0..64 {
        assert_eq!(recording.condition_of_trial.iter().filter(|&&idx| idx == condition_idx).count(), 6);
    }
}

#[test]
fn mean_and_fano_factor_are_the_configured_ones() {
    for (fano_factor, shared_gain_sd) in [(1.0, 0.0), (2.2, 0.0), (1.5, 0.3)] {
        let mut config = plain();
        let region = RegionConfig {
            n_sites: 8,
            baseline_spread: 0.0,
            baseline_rate_hz: 30.0,
            response_gain: 0.5,
            latency_secs: 0.0,
            fano_factor,
            shared_gain_sd,
            ..RegionConfig::default()
        };
        config.regions = vec![region];
        config.transient_gain = 0.0;
        let counts = counts(&generate(&config, 2).unwrap()[0]);
        for (bin_idx, expected) in [(2, 3.0), (30, 4.5)] {
            let site = |site_idx| {
                mean_and_variance(counts.slice(ndarray::s![.., bin_idx, site_idx]).iter().map(|&n| f64::from(n)))
            };
            let (mut mean, mut fano) = (0.0, 0.0);
            for site_idx in 0..8 {
                let (site_mean, variance) = site(site_idx);
                mean += site_mean / 8.0;
                fano += variance / site_mean / 8.0;
            }
            let gain_variance = shared_gain_sd * shared_gain_sd;
            assert!((mean - expected).abs() < 0.06 * expected, "bin {bin_idx}: {mean}, expected {expected}");
            // Shared gain adds mean * variance of the gain (its log-normal excess is small here).
            let expected_fano = fano_factor + expected * gain_variance;
            assert!((fano / expected_fano - 1.0).abs() < 0.12, "bin {bin_idx}: {fano}, expected {expected_fano}");
        }
    }
}

#[test]
fn equal_seeds_give_equal_recordings_on_one_thread_and_on_two_and_other_seeds_others() {
    let mut config = plain();
    config.n_observer_trials = 128;
    let on = |n_threads: usize, seed| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
        let recordings = pool.install(|| generate(&config, seed).unwrap());
        let Spikes::Counts(tensor, _) = &recordings[0].spikes else { panic!("counts") };
        (
            tensor.bytes().to_vec(),
            serde_json::to_string(&recordings[0].truth).unwrap(),
            recordings[0].covariates.clone(),
        )
    };
    assert!(on(1, 3) == on(2, 3));
    assert!(on(1, 3).0 != on(1, 4).0);
}

#[test]
fn spike_times_fall_into_the_bins_of_their_counts() {
    let mut config = plain().with_sessions(1, 1);
    let expected = counts(&generate(&config, 4).unwrap()[0]);
    config.spikes = SpikeForm::Times;
    let recording = &generate(&config, 4).unwrap()[0];
    let Spikes::Times(times) = &recording.spikes else { panic!("times were asked for") };
    for (site_idx, list) in times.times_secs.iter().enumerate() {
        for trial_idx in [0, 31, 63] {
            let align = times.align_secs[trial_idx];
            let mut binned = [0.0f32; 45];
            for time in list.iter().map(|time| (time - align + 1.5) / 0.1).filter(|bin| (0.0..45.0).contains(bin)) {
                binned[time as usize] += 1.0;
            }
            for (bin_idx, got) in binned.into_iter().enumerate() {
                assert_eq!(got, expected[(trial_idx, bin_idx, site_idx)], "trial {trial_idx}, bin {bin_idx}");
            }
        }
    }
}

#[test]
fn sessions_share_out_the_sites_and_have_their_own_trials() {
    let mut config = plain().with_sessions(3, 2);
    config.sessions.push(SessionConfig { n_trials_per_condition: 1, regions: vec!["MT".into(), "V4".into()] });
    let recordings = generate(&config, 5).unwrap();
    let mut ids: Vec<String> = Vec::new();
    for recording in &recordings {
        assert!(recording.sites.iter().all(|site| site.session == recording.session));
        ids.extend(recording.sites.iter().map(|site| site.id.clone()));
    }
    assert_eq!(ids.len(), 140);
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 140, "no site stands in two sessions");
    let n_sites: Vec<usize> = recordings.iter().map(Recording::n_sites).collect();
    assert_eq!(n_sites[3], 10, "five of MT, five of V4");
    assert_eq!(recordings[3].n_trials(), 64);
    assert_ne!(recordings[0].condition_of_trial, recordings[1].condition_of_trial);
}

#[test]
fn reaction_times_have_the_published_median_and_follow_the_gain_of_coupled_regions() {
    let mut config = plain().with_sessions(1, 20);
    for region in &mut config.regions {
        region.reaction_time_coupling = if region.name == "FEF" { 0.8 } else { 0.0 };
    }
    let recording = &generate(&config, 6).unwrap()[0];
    let column = |name: &str| &recording.covariates.iter().find(|(column, _)| column == name).unwrap().1;
    let times = column("reaction_time_secs");
    let mut sorted = times.clone();
    sorted.sort_by(f64::total_cmp);
    assert!((sorted[sorted.len() / 2] - 0.288).abs() < 0.008, "median {}", sorted[sorted.len() / 2]);
    let counts = counts(recording);
    let correlation = |sites: std::ops::Range<usize>| {
        let total = |trial| f64::from(counts.slice(ndarray::s![trial, .., sites.clone()]).sum());
        let totals: Vec<f64> = (0..times.len()).map(total).collect();
        let (mean_a, var_a) = mean_and_variance(totals.iter().copied());
        let (mean_b, var_b) = mean_and_variance(times.iter().map(|time| (time - 0.2).ln()));
        let sum: f64 = totals.iter().zip(times).map(|(a, b)| (a - mean_a) * ((b - 0.2).ln() - mean_b)).sum();
        sum / (times.len() - 1) as f64 / (var_a * var_b).sqrt()
    };
    assert!(correlation(30..60) < -0.7, "FEF {}", correlation(30..60));
    assert!(correlation(120..140).abs() < 0.12, "V4 {}", correlation(120..140));
    let fraction_right = column("response").iter().sum::<f64>() / times.len() as f64;
    assert!((fraction_right - 0.5).abs() < 1e-9 && column("rule").iter().all(|rule| [0.0, 1.0].contains(rule)));
}

#[test]
fn own_clips_show_each_trials_condition_with_dots_of_its_own() {
    let recording = &generate(&plain().with_sessions(1, 2), 7).unwrap()[0];
    let config = StimulusConfig { n_fixation_frames: 0, n_cue_frames: 1, n_stimulus_frames: 1, ..Default::default() };
    let pool = own_clips(&config, recording, 7).unwrap();
    assert_eq!(pool.n_clips(), recording.n_trials());
    let trials_of = |condition_idx: usize| {
        (0..128).filter(|&trial| recording.condition_of_trial[trial] == condition_idx).collect::<Vec<_>>()
    };
    for condition_idx in [0, 25, 63] {
        let trials = trials_of(condition_idx);
        let (first, second) = (pool.clip(trials[0]), pool.clip(trials[1]));
        assert_eq!(first[..3072], second[..3072], "the same cue");
        assert_ne!(first[3072..], second[3072..], "other dots");
        let rgb = spikereel_synth::stimulus::color_rgb(shown(&recording.conditions, condition_idx).unwrap().color_deg);
        let rgb = rgb.unwrap();
        // White and grey dots stand at the centre and at the sides; only colored pixels are summed.
        let colored = first[3072..].chunks(3).filter(|pixel| pixel[0].abs_diff(pixel[2]) > 10);
        let sums = colored.fold([0.0; 3], |sums, pixel| [0, 1, 2].map(|c: usize| sums[c] + f64::from(pixel[c])));
        for channel in 1..3 {
            let (got, expected) = (sums[channel] / sums[0], f64::from(rgb[channel]) / f64::from(rgb[0]));
            assert!((got / expected - 1.0).abs() < 0.03, "condition {condition_idx}: {got:.3}, expected {expected:.3}");
        }
    }
}
