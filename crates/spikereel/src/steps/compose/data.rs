//! The recording, the split and what must be kept in mind, in sentences.

use super::Stored;
use crate::config::choices::{PopulationKind, SplitUnit};
use spikereel_data::prepare::LeakAudit;
use spikereel_data::{Part, Standardisation, TargetKind};
use spikereel_report::schema::{Bins, DataSummary, Factor, FoldSizes, Leak, RegionSummary, SplitSummary};
use std::collections::BTreeSet;

pub(super) fn summary(stored: &Stored<'_>) -> DataSummary {
    let dataset = stored.dataset;
    let region = |(region_idx, region): (usize, &spikereel_data::Region)| RegionSummary {
        name: region.to_string(),
        n_sites: dataset.sites_of_region(region_idx).len(),
    };
    let real_trials: BTreeSet<(usize, u32)> = dataset
        .trials
        .iter()
        .flat_map(|trial| trial.origins.iter().map(|o| (o.session_idx as usize, o.trial_idx)))
        .collect();
    let mut remarks = Vec::new();
    if stored.config.population.kind == PopulationKind::Pseudo {
        remarks.push(format!("{} pseudo-trials were resampled from the real trials.", dataset.n_trials()));
    }
    if stored.about.n_dropped_sites > 0 {
        remarks.push(format!("{} sites were left out, as the recording's sidecar says.", stored.about.n_dropped_sites));
    }
    DataSummary {
        name: dataset.name.clone(),
        origin: origin(stored),
        n_sessions: dataset.sessions.len(),
        n_trials: real_trials.len(),
        n_sites: dataset.n_sites(),
        n_conditions: dataset.conditions.len(),
        regions: dataset.regions().iter().enumerate().map(region).collect(),
        factors: dataset
            .conditions
            .factors()
            .iter()
            .map(|factor| Factor {
                name: factor.name.clone(),
                levels: factor.levels.iter().map(ToString::to_string).collect(),
            })
            .collect(),
        bins: Bins {
            n_bins: dataset.bins.n_bins,
            start_secs: dataset.bins.start_secs,
            width_secs: dataset.bins.width_secs,
            step_secs: dataset.bins.step_secs,
        },
        standardisation: match stored.config.standardise.kind {
            Standardisation::Global => "One mean and standard deviation for all sites and bins, from training trials.",
            Standardisation::PerSite => "Each site by its mean and standard deviation over training trials and bins.",
            Standardisation::PerSiteBin => "Each site and bin by its mean and standard deviation over training trials.",
        }
        .into(),
        target: match dataset.target_kind {
            TargetKind::OwnVideo => "Each trial's target is the video that was shown in it.",
            TargetKind::ConditionOnly => {
                "Each trial's target shows its condition; where the dots stand is not related to the spikes and cannot be decoded."
            }
        }
        .into(),
        remarks,
    }
}

fn origin(stored: &Stored<'_>) -> String {
    if stored.is_simulated() {
        return "Drawn by a generator with planted regional functions; no animal was recorded.".into();
    }
    match &stored.about.license {
        Some(license) => format!("Recorded sessions; license of the data: {license}."),
        None => "Recorded sessions; the sidecar names no license.".into(),
    }
}

pub(super) fn caveats(stored: &Stored<'_>) -> Vec<String> {
    let mut caveats = stored.dataset.remarks.clone();
    if stored.dataset.target_kind == TargetKind::ConditionOnly {
        caveats.push("Dot positions are not related to the spikes: what can be decoded of them is their color and common motion.".into());
    }
    if stored.is_simulated() {
        caveats.push("What was planted follows the order of the literature, not a measurement: a simulation tests the analysis, not the brain.".into());
    } else {
        caveats.push(
            "Shape, color and motion by region are exercised on simulated recordings alone: no public recording known to us has spikes of \
             several regions together with moving, colored stimuli."
                .into(),
        );
    }
    caveats.push("A masked region is set to its mean, not silenced; what a decoder reads from a region need not be computed there.".into());
    let mut seen = BTreeSet::new();
    caveats.retain(|caveat| seen.insert(caveat.clone()));
    caveats
}

pub(super) fn split(stored: &Stored<'_>) -> SplitSummary {
    let (config, dataset) = (&stored.config.split, stored.dataset);
    let audits: Vec<LeakAudit> = stored.folds.iter().map(|fold| LeakAudit::new(dataset, fold.split())).collect();
    let worst = |count: &dyn Fn(&LeakAudit) -> usize| audits.iter().map(count).max().unwrap_or(0);
    let n_test = |pick: &dyn Fn(&LeakAudit) -> usize| audits.iter().map(pick).max().unwrap_or(0);
    let fixed_clip = dataset.target_kind == TargetKind::OwnVideo && dataset.video.n_clips() <= dataset.conditions.len();
    let n_shared_clips = worst(&|audit| audit.n_clips_in_train_and_test.max(audit.n_clips_in_validation_and_test));
    let explanation = if fixed_clip {
        Some("The condition fixes its picture, so every part shows the same clips.".to_string())
    } else if stored.config.stimulus.video_pool > 0 {
        Some("One pool of clips for all parts was asked for, as in the paper.".to_string())
    } else {
        None
    };
    let folds = stored.folds.iter().map(|fold| FoldSizes {
        n_train: fold.trials(Part::Train).len(),
        n_validation: fold.trials(Part::Validation).len(),
        n_test: fold.trials(Part::Test).len(),
    });
    SplitSummary {
        unit: match config.unit {
            SplitUnit::RealTrial => "real trial".into(),
            SplitUnit::PseudoTrial => "pseudo-trial".into(),
        },
        rule: if config.n_folds > 1 {
            format!(
                "{} folds, stratified by condition; every trial is tested once, by a network that never saw it.",
                config.n_folds
            )
        } else {
            "One split, stratified by condition; test trials are scored once, after training.".into()
        },
        folds: folds.collect(),
        leaks: vec![
            Leak {
                what: "real trials".into(),
                n_on_both_sides: worst(&|audit| {
                    audit.n_real_trials_in_train_and_test.max(audit.n_real_trials_in_validation_and_test)
                }),
                n_in_test: n_test(&|audit| audit.parts.get(2).map_or(0, |part| part.n_real_trials)),
                explanation: None,
            },
            Leak {
                what: "videos".into(),
                n_on_both_sides: n_shared_clips,
                n_in_test: n_test(&|audit| audit.parts.get(2).map_or(0, |part| part.n_clips)),
                explanation: explanation.filter(|_| n_shared_clips > 0),
            },
        ],
        leak_effect: None,
    }
}
