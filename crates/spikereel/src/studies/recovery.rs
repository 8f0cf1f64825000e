//! Recovery: over fresh simulated recordings and networks, how often do Shapley values and masking name the planted top region, and how
//! often do they find a region that carries nothing?
//!
//! In every recording one region that is planted as no feature's top is dealt out anew among the trials of each part, without regard to
//! condition. It then carries nothing, and what is found for it is a false alarm; the planted top of each feature stays what it was.

use super::Material;
use super::attribution::blank;
use super::operators::short_name;
use crate::config::Given;
use crate::progress::Progress;
use crate::steps::network::train_config;
use crate::{Error, Result};
use serde::{Deserialize, Serialize};
use spikereel_analysis::perturb::MaskOperator;
use spikereel_analysis::stats::{Correction, clopper_pearson};
use spikereel_analysis::study::{
    CoalitionOptions, MaskingOptions, MaskingRun, coalition_study, masking_study, retrained_masking_study,
};
use spikereel_data::prepare::shuffle_region_across_conditions;
use spikereel_data::rng::derive_seed;
use spikereel_data::{Fold, Part, Truth};
use spikereel_nn::FitNetwork;
use spikereel_report::schema::{AxisSpec, Chart, ChartPanel, DataTable, IntervalRow, PanelBody, Section};
use spikereel_synth::cortex::CortexConfig;
use std::sync::Arc;

/// Level below which a corrected p counts as found.
const ALPHA: f64 = 0.05;

/// How recovery is measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RecoveryOptions {
    /// Recordings, each with a network of its own.
    pub n_seeds: usize,
    /// Number of the first of them, so that a long measurement can be made in parts.
    pub first_recording: usize,
    /// Operators of masking.
    pub operators: Vec<MaskOperator>,
    /// Operators of the coalitions behind Shapley values, one draw each; none that fits anew.
    pub coalition_operators: Vec<MaskOperator>,
    /// Preset of the simulation.
    pub preset: String,
    /// Trials of each condition.
    pub trials_per_condition: usize,
    /// Epochs of each network.
    pub epochs: usize,
    /// Draws of random operators.
    pub n_draws: usize,
    /// Bootstrap replicates.
    pub n_bootstrap: usize,
    /// Seed of all.
    pub seed: u64,
}

impl Default for RecoveryOptions {
    fn default() -> Self {
        Self {
            n_seeds: 20,
            first_recording: 0,
            operators: vec![MaskOperator::Zero, MaskOperator::PermuteTrials, MaskOperator::ConditionNoise],
            coalition_operators: vec![MaskOperator::Zero, MaskOperator::PermuteTrials],
            preset: "easy".into(),
            trials_per_condition: 24,
            epochs: 8,
            n_draws: 3,
            n_bootstrap: 1000,
            seed: 1,
        }
    }
}

/// A count with its Clopper-Pearson 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Share {
    /// How many.
    pub n_yes: usize,
    /// Of how many.
    pub n: usize,
    /// Interval of the share.
    pub interval_95: [f64; 2],
}

/// What one method reached for one feature.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RecoveryRow {
    /// `Shapley, ...` or `masking, ...`, with the operator.
    pub method: String,
    /// The feature.
    pub feature: String,
    /// Recordings in which the planted top region was ranked first.
    pub ranked_first: Share,
    /// Recordings in which it was ranked first and significant after correction over regions.
    pub found: Share,
}

/// Recovery over all recordings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RecoveryTable {
    /// How it was measured.
    pub options: RecoveryOptions,
    /// Methods by features.
    pub rows: Vec<RecoveryRow>,
    /// By method: share of (recording, feature) in which the region that carries nothing is significant after correction.
    pub false_alarms: Vec<(String, Share)>,
    /// Mean accuracy by feature with nothing masked: networks that learned nothing cannot pass for a calibrated test.
    pub accuracy: Vec<(String, f64)>,
}

/// One region of one feature by one method in one recording.
struct Outcome {
    method: String,
    feature: String,
    is_first: bool,
    is_found: bool,
    false_alarm: bool,
}

/// Measures recovery; each recording trains one network, and one more for each region where an operator fits anew.
///
/// # Errors
/// A preset that is not known, divergence.
pub fn recovery(options: &RecoveryOptions, progress: &dyn Progress) -> Result<RecoveryTable> {
    let task = progress.begin("recovery", options.n_seeds as u64, "recording");
    let mut outcomes = Vec::new();
    let mut accuracy: Vec<(String, f64)> = Vec::new();
    for at in options.first_recording..options.first_recording + options.n_seeds {
        let (own, of_features) = one(options, at, progress)?;
        let count = |is: fn(&Outcome) -> bool| own.iter().filter(|outcome| is(outcome)).count();
        let (n_first, n_alarms) = (count(|outcome| outcome.is_first), count(|outcome| outcome.false_alarm));
        progress.say(&format!(
            "recording {at}: the planted region first in {n_first} of {} answers, the region of nothing found in {n_alarms}",
            own.len()
        ));
        outcomes.extend(own);
        for (feature, value) in of_features {
            match accuracy.iter_mut().find(|(name, _)| *name == feature) {
                Some((_, sum)) => *sum += value / options.n_seeds as f64,
                None => accuracy.push((feature, value / options.n_seeds as f64)),
            }
        }
        task.advance(1);
    }
    let share = |chosen: &[&Outcome], is: &dyn Fn(&Outcome) -> bool| {
        let n_yes = chosen.iter().filter(|outcome| is(outcome)).count();
        Share { n_yes, n: chosen.len(), interval_95: clopper_pearson(n_yes, chosen.len(), 0.95) }
    };
    let (mut rows, mut false_alarms): (Vec<RecoveryRow>, Vec<(String, Share)>) = (Vec::new(), Vec::new());
    for outcome in &outcomes {
        let of_method: Vec<&Outcome> = outcomes.iter().filter(|own| own.method == outcome.method).collect();
        if !false_alarms.iter().any(|(method, _)| *method == outcome.method) {
            false_alarms.push((outcome.method.clone(), share(&of_method, &|own| own.false_alarm)));
        }
        if !rows.iter().any(|row| row.method == outcome.method && row.feature == outcome.feature) {
            let own: Vec<&Outcome> = of_method.into_iter().filter(|own| own.feature == outcome.feature).collect();
            rows.push(RecoveryRow {
                method: outcome.method.clone(),
                feature: outcome.feature.clone(),
                ranked_first: share(&own, &|own| own.is_first),
                found: share(&own, &|own| own.is_first && own.is_found),
            });
        }
    }
    Ok(RecoveryTable { options: options.clone(), rows, false_alarms, accuracy })
}

/// The settings of a small, quick network: sixteen pixels, nine bins and frames.
fn settings(options: &RecoveryOptions, seed: u64) -> Result<Given> {
    // TOML has no unsigned 64-bit numbers.
    let text = format!(
        r#"
        seed = {}
        [data]
        simulate = "{}"
        trials_per_condition = {}
        [bins]
        start_secs = -1.5
        width_secs = 0.5
        n_bins = 9
        [stimulus]
        frame_px = 16
        frame_rate_hz = 2.0
        n_frames = 9
        n_fixation_frames = 1
        n_cue_frames = 2
        clips_train = 12
        clips_validation = 2
        clips_test = 4
        [train]
        epochs = {}
        "#,
        seed >> 2,
        options.preset,
        options.trials_per_condition,
        options.epochs
    );
    let recipe = include_str!("../../../../docs/recipes/cue-and-dots.toml");
    Ok(Given::from_toml(&text, "settings of recovery")?.over(Given::from_toml(recipe, "recipe")?))
}

fn one(options: &RecoveryOptions, at: usize, progress: &dyn Progress) -> Result<(Vec<Outcome>, Vec<(String, f64)>)> {
    let seed = derive_seed(options.seed, &format!("recovery/recording{at}"));
    let cortex = CortexConfig::preset(&options.preset)?.with_sessions(1, options.trials_per_condition);
    let material = Material::simulated(settings(options, seed)?, &cortex, progress)?;
    let truth = material.dataset.truth.clone().ok_or_else(|| Error::Bug("a simulation without truth".into()))?;
    let nothing = region_of_nothing(&truth, at);
    let fold = &material.folds[0];
    let mut dataset = material.dataset.as_ref().clone();
    let name = &truth.regions[nothing];
    let region_idx = dataset.regions().iter().position(|region| region == name).unwrap_or(0);
    for part in [Part::Train, Part::Validation, Part::Test] {
        dataset = shuffle_region_across_conditions(&dataset, region_idx, fold.trials(part), seed)?;
    }
    let fold = Fold::new(Arc::new(dataset), fold.split().clone(), fold.standardiser().kind())?;
    let fit = FitNetwork { config: train_config(&material.config), precision: material.config.precision.of_engine() };
    let (decoder, _) = fit.fit_network(&fold, seed, &mut ())?;
    let runs = [MaskingRun { network: "seed0", decoder: &decoder, fold: &fold }];
    let regions = fold.dataset().regions().to_vec();
    let mut outcomes = Vec::new();
    // What a method says: a value and a corrected p for each region.
    let mut tell = |method: &str, feature: &str, values: &[f64], p: &[f64]| {
        let Some(planted) = truth.features.iter().find(|own| own.feature == feature) else { return };
        let top_name = &truth.regions[planted.top_region_idx];
        let first = (0..values.len()).max_by(|&a, &b| values[a].total_cmp(&values[b])).unwrap_or(0);
        outcomes.push(Outcome {
            method: method.into(),
            feature: feature.into(),
            is_first: regions[first] == *top_name && values[first] > 0.0,
            is_found: p[first] < ALPHA,
            false_alarm: values[region_idx] > 0.0 && p[region_idx] < ALPHA,
        });
    };
    let mut accuracy: Vec<(String, f64)> = Vec::new();
    for &operator in &options.coalition_operators {
        let coalitions = CoalitionOptions {
            operator,
            n_draws: 1,
            n_replicates: options.n_bootstrap,
            seed,
            ..CoalitionOptions::default()
        };
        let table = coalition_study(&runs, &material.readouts, &coalitions, &mut |_, _| {})?;
        for feature in &table.features {
            let values: Vec<f64> = feature.shapley.iter().map(|test| test.mean).collect();
            let p: Vec<f64> = feature.shapley.iter().map(|test| test.p).collect();
            let method = format!("Shapley, {}", short_name(operator));
            tell(&method, &feature.feature, &values, &Correction::Holm.correct(&p));
        }
        accuracy = table.features.iter().map(|feature| (feature.feature.clone(), feature.of_all.mean)).collect();
    }
    for &operator in &options.operators {
        let masking = MaskingOptions {
            operator,
            n_draws: options.n_draws,
            n_replicates: options.n_bootstrap,
            alpha: ALPHA,
            seed,
            ..MaskingOptions::default()
        };
        let table = if operator == MaskOperator::RetrainWithout {
            retrained_masking_study(&runs, &fit, &material.readouts, &masking, &mut |_, _| {})?
        } else {
            masking_study(&runs, &material.readouts, &masking, &mut |_, _| {})?
        };
        for feature in &table.features {
            let cells: Vec<_> = table.feature_cells(feature).collect();
            if accuracy.iter().all(|(name, _)| name != feature) {
                accuracy.extend(cells.first().map(|cell| (feature.clone(), cell.primary.unmasked)));
            }
            let values: Vec<f64> = cells.iter().map(|cell| cell.primary.harm).collect();
            let p: Vec<f64> = cells.iter().map(|cell| cell.primary.p_corrected).collect();
            tell(&format!("masking, {}", short_name(operator)), feature, &values, &p);
        }
    }
    Ok((outcomes, accuracy))
}

/// A region that is planted as no feature's top, another one from recording to recording.
fn region_of_nothing(truth: &Truth, at: usize) -> usize {
    let is_top = |region: &usize| truth.features.iter().any(|feature| feature.top_region_idx == *region);
    let others: Vec<usize> = (0..truth.regions.len()).filter(|region| !is_top(region)).collect();
    others.get(at % others.len().max(1)).copied().unwrap_or(0)
}

/// A recovery table as a section.
pub fn section(table: &RecoveryTable) -> Section {
    let question = "How often do Shapley values and masking name the region that was planted, and how often one that carries nothing?";
    let mut section = blank("recovery", "Recovery of what was planted", question);
    section.sizes = format!(
        "{} simulated recordings (preset {}, {} trials a condition), each with a network of its own ({} epochs); {} bootstrap replicates.",
        table.options.n_seeds,
        table.options.preset,
        table.options.trials_per_condition,
        table.options.epochs,
        table.options.n_bootstrap
    );
    let shares = |share: &Share| {
        let [low, high] = share.interval_95;
        format!("{} of {} [{low:.2}, {high:.2}]", share.n_yes, share.n)
    };
    section.findings.extend(table.rows.iter().map(|row| {
        format!(
            "{}, {}: the planted top region is ranked first in {}.",
            row.method,
            row.feature,
            shares(&row.ranked_first)
        )
    }));
    section.findings.extend(table.false_alarms.iter().map(|(method, share)| {
        format!("{method}: a region that carries nothing is found in {}; 0.05 is allowed.", shares(share))
    }));
    let accuracy: Vec<String> = table.accuracy.iter().map(|(feature, value)| format!("{feature} {value:.2}")).collect();
    section.caveats.push(format!("Mean accuracy of the networks with nothing masked: {}.", accuracy.join(", ")));
    section.caveats.push("Same-condition activity is a control: it should name no region.".into());
    let row = |label: &str, group: &str, share: &Share| IntervalRow {
        label: label.into(),
        group: group.into(),
        estimate: (share.n > 0).then(|| share.n_yes as f64 / share.n as f64),
        low: Some(share.interval_95[0]),
        high: Some(share.interval_95[1]),
        filled: true,
        ..IntervalRow::default()
    };
    let panel = |title: &str, label: &str, reference, rows| ChartPanel {
        title: title.into(),
        body: PanelBody::Intervals { axis: AxisSpec { label: label.into(), reference, range: Some([0.0, 1.0]) }, rows },
    };
    let first = table.rows.iter().map(|own| row(&own.feature, &own.method, &own.ranked_first)).collect();
    let alarms = table.false_alarms.iter().map(|(method, share)| row(method, "", share)).collect();
    section.charts = vec![Chart {
        slug: "recovery".into(),
        title: "Recovery and false alarms".into(),
        reading: "Shares of recordings with Clopper-Pearson 95 % intervals.".into(),
        panels: vec![
            panel("Planted top region ranked first", "Share of recordings", None, first),
            panel("Region that carries nothing found", "Share of recordings and features", Some(ALPHA), alarms),
        ],
    }];
    let rows = table.rows.iter().map(|own| {
        let share =
            |share: &Share| [(share.n_yes as f64).into(), share.interval_95[0].into(), share.interval_95[1].into()];
        let mut row = vec![own.method.as_str().into(), own.feature.as_str().into(), (own.found.n as f64).into()];
        row.extend(share(&own.ranked_first));
        row.extend(share(&own.found));
        row
    });
    let columns = ["method", "feature", "recordings", "ranked first", "low", "high", "found", "low", "high"];
    section.tables = vec![DataTable {
        slug: "recovery".into(),
        title: "Recovery by method and feature".into(),
        columns: columns.map(String::from).to_vec(),
        rows: rows.collect(),
    }];
    section
}
