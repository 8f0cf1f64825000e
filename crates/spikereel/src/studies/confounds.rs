//! Confounds: what masking attributes to regions before and after choice, feedback and their like are controlled for.

use super::chance::{guessing, is_at_chance, not_testable};
use super::effects::{chart, effect, intervals, row};
use super::{Context, Material, compact};
use crate::Result;
use crate::config::Given;
use crate::progress::Silent;
use crate::steps::demo;
use spikereel_analysis::baselines::RidgeVideo;
use spikereel_analysis::stats::BootstrapTest;
use spikereel_analysis::study::confounds::{
    Against, Attribution, ConfoundOptions, ConfoundStudy, Control, Covariate, Reduction, Terms, confound_study,
    confounded,
};
use spikereel_data::rng::derive_seed;
use spikereel_data::{Dataset, FitDecoder, Part};
use spikereel_report::schema::{Chart, DataTable, Section, TableCell};
use spikereel_synth::cortex::{CortexConfig, RULE_COLOR, rule};

/// Covariates of the main recording that are looked at, strongest first.
const MAX_COVARIATES: usize = 2;
/// Trials a condition of the simulation, at least: each condition needs trials of both choices.
const MIN_TRIALS: usize = 24;

/// Three looks: a simulation in which choice was planted and passes for color; the real recording inside the binary; and the main
/// recording, where it has covariates that go with its conditions.
///
/// # Errors
/// What simulating, preparing or training refuses.
pub fn study(context: &Context<'_>) -> Result<Section> {
    let mut told = Told::default();
    planted(context, &mut told)?;
    real(context, &mut told)?;
    main(context, &mut told)?;
    Ok(Section {
        slug: "confounds".into(),
        title: "What goes with the stimulus but is not it".into(),
        question: "Is a region attributed a feature because it carries the feature, or because it carries choice, feedback or \
                   movement that goes with it?"
            .into(),
        sizes: told.sizes.join(" "),
        findings: told.findings,
        caveats: told.caveats,
        charts: told.charts,
        tables: vec![associations(&told.studies), attributions(&told.studies)],
    })
}

/// Value under a control minus that which it is compared with, in words.
fn change(reduction: Option<&Reduction>) -> String {
    let Some(Reduction { test, .. }) = reduction else { return "not defined".into() };
    let [low, high] = test.interval_95;
    effect(&BootstrapTest { mean: -test.mean, interval_95: [-high, -low], ..test.clone() })
}

/// What the section is made of.
#[derive(Default)]
struct Told {
    sizes: Vec<String>,
    findings: Vec<String>,
    caveats: Vec<String>,
    charts: Vec<Chart>,
    /// Name and study.
    studies: Vec<(String, ConfoundStudy)>,
}

fn options(context: &Context<'_>, purpose: &str) -> ConfoundOptions {
    ConfoundOptions {
        n_seeds: context.sizes.n_small_seeds.max(1),
        n_replicates: context.sizes.n_bootstrap.max(100),
        seed: derive_seed(context.seed, &format!("study/confounds/{purpose}")),
        ..ConfoundOptions::default()
    }
}

fn run(
    context: &Context<'_>,
    stage: &str,
    material: &Material,
    covariate: &Covariate,
    fit: &dyn FitDecoder,
    options: &ConfoundOptions,
) -> Result<ConfoundStudy> {
    let total = options.controls.len() * options.n_seeds * material.folds.len();
    let task = context.progress.begin(stage, total as u64, "fit");
    Ok(confound_study(&material.folds, covariate, fit, &material.readouts, options, &mut |_, _| task.advance(1))?)
}

fn planted(context: &Context<'_>, told: &mut Told) -> Result<()> {
    let options = options(context, "planted");
    let recorded = |n_trials: usize| {
        let mut cortex = CortexConfig::planted_choice()?.with_sessions(1, n_trials);
        cortex.n_observer_trials = 0;
        compact::recorded(&cortex, options.seed)
    };
    // Balancing leaves two trials of five: ridge regression is quick enough for a recording in which these still show what is false.
    let n_trials = [context.sizes.n_choice_trials, 2 * context.sizes.trials_per_condition].map(|n| n.max(MIN_TRIALS));
    let materials = [recorded(n_trials[0])?, recorded(n_trials[1])?];
    let networks = compact::small_networks(context, &materials[1], "confounds");
    let fits: [&dyn FitDecoder; 2] = [&RidgeVideo::default(), &networks];
    for (fit, material) in fits.into_iter().zip(&materials) {
        let choice = Covariate::of_dataset(&material.dataset, "choice")?
            .within(&material.dataset, |condition| rule(condition) as f64 == RULE_COLOR);
        let study = run(context, "planted choice", material, &choice, fit, &options)?;
        let controls = [Control::Plain, Control::Matched, Control::Balanced, Control::Regressed];
        let scores: Vec<f64> =
            controls.iter().filter_map(|&control| study.score(control, "color")).map(|own| own.score.mean).collect();
        let n_test: usize = material.folds.iter().map(|fold| fold.trials(Part::Test).len()).sum();
        let guessing = guessing(&material.dataset, &material.readouts, "color").unwrap_or(0.0);
        let is_lost = scores.iter().all(|&score| is_at_chance(score, n_test, guessing));
        if is_lost && let Some(&score) = scores.first() {
            let why = not_testable("these networks", "color", score, guessing);
            told.findings.push(format!("Simulation, {}: {why}.", study.decoder));
        }
        for region in ["LIP", "FEF", "V4"].into_iter().filter(|_| !is_lost) {
            let of = |control| study.attributed(control, Attribution::Alone, "color", region);
            let (Some(plain), Some(matched), Some(balanced), Some(regressed)) =
                (of(Control::Plain), of(Control::Matched), of(Control::Balanced), of(Control::Regressed))
            else {
                continue;
            };
            let what = if region == "V4" { "color is planted" } else { "choice is planted and no color at all" };
            told.findings.push(format!(
                "Simulation, {}: {region}, where {what}; accuracy in naming colors minus chance: {} as recorded; {} after training on balanced trials \
                 (as few trials without balance: {}; change by balance {}); {} with choice regressed out (change {}).",
                study.decoder,
                effect(&plain.test),
                effect(&balanced.test),
                effect(&matched.test),
                change(balanced.reduction.as_ref()),
                effect(&regressed.test),
                change(regressed.reduction.as_ref())
            ));
        }
        told.charts.push(attribution_chart(
            &format!("planted-{}", told.charts.len()),
            &format!("Planted choice passes for color ({})", study.decoder),
            &study,
            "color",
            &["FEF", "LIP", "IT", "MT", "V4"].map(String::from),
        ));
        told.studies.push(("simulation, color-rule trials".into(), study));
    }
    told.sizes.push(format!(
        "Simulation: 5 regions of 20 sites, {} trials (networks: {}) in each of 32 color-rule conditions, one in five with the wrong choice, {}; \
         test trials are the same under every control.",
        n_trials[0],
        n_trials[1],
        compact::SIZE
    ));
    told.caveats.push(
        "Balancing leaves fewer trials; the control \"as few trials\" shows what that alone does. Regression takes out what is linear in \
         the covariate, and no more."
            .into(),
    );
    Ok(())
}

fn real(context: &Context<'_>, told: &mut Told) -> Result<()> {
    let mut given = Given::from_toml(demo::FULL.real, "the demo's own settings")?;
    given.seed = Some(context.seed >> 1);
    let material = Material::new(given, &Silent)?;
    let dataset = &material.dataset;
    let feedback = Covariate::of_dataset(dataset, "feedback")?;
    let feedback_options = options(context, "feedback");
    let fit = RidgeVideo::default();
    let study = run(context, "feedback", &material, &feedback, &fit, &feedback_options)?;
    tell_real(told, "feedback controlled", study);
    let turn = required_turn(dataset, &feedback);
    let turn_options = ConfoundOptions {
        controls: vec![Control::Plain, Control::Regressed],
        against: Against::Condition,
        terms: Terms::Factors,
        ..options(context, "turn")
    };
    let n_turn = (0..dataset.n_trials()).filter(|&trial| turn.is_defined(trial)).count();
    let study = run(context, "required turn", &material, &turn, &fit, &turn_options)?;
    tell_real(told, "required turn controlled, correct trials with unequal contrasts", study);
    told.sizes.push(format!(
        "Real recording (mouse, {} sites in {} regions): {} trials in {} conditions, of which {n_turn} are correct with unequal \
         contrasts; {} folds, ridge regression.",
        dataset.n_sites(),
        dataset.regions().len(),
        dataset.n_trials(),
        dataset.conditions.len(),
        material.folds.len()
    ));
    told.caveats.push(
        "The real recording says whether a trial was rewarded, not what the animal did. A trial without reward is a wrong turn or no turn \
         at all, and the two cannot be told apart, so feedback is no choice: controlling for it does not control for the turn."
            .into(),
    );
    told.caveats.push(
        "On correct trials with unequal contrasts the turn is the one required, but it is fixed by the two contrasts. Regression can \
         tell it apart only from main effects of the contrasts: what regions carry of which side is stronger is taken out with it, \
         visual or not. Trials balanced for the turn do not exist at contrasts 0 and 1. Movement and reaction time are not in the \
         file at all. That a non-visual region carries contrast and not the coming movement cannot be concluded from this recording."
            .into(),
    );
    Ok(())
}

/// On rewarded trials with unequal contrasts 1 where the left one is higher, -1 where the right one is; else not defined.
fn required_turn(dataset: &Dataset, feedback: &Covariate) -> Covariate {
    let of_trial = |(trial, reward): (&spikereel_data::Trial, &f64)| {
        let contrast = |name| dataset.conditions.number(trial.condition_idx, name);
        match (contrast("contrast_left"), contrast("contrast_right")) {
            (Some(left), Some(right)) if left != right && *reward > 0.0 => (left - right).signum(),
            _ => f64::NAN,
        }
    };
    Covariate {
        name: "required turn".into(),
        values: dataset.trials.iter().zip(&feedback.values).map(of_trial).collect(),
    }
}

fn tell_real(told: &mut Told, name: &str, study: ConfoundStudy) {
    for control in [Control::Balanced, Control::Regressed] {
        for feature in &study.features {
            let own = |control| {
                let harms = study.attributed.iter().filter(move |own| {
                    own.control == control && own.attribution == Attribution::Needed && own.feature == *feature
                });
                let found: Vec<String> = harms.filter(|own| own.is_found).map(|own| own.region.to_string()).collect();
                if found.is_empty() { "no region".to_string() } else { found.join(", ") }
            };
            let before = if control == Control::Balanced { Control::Matched } else { Control::Plain };
            let (Some(after_score), Some(before_score)) = (study.score(control, feature), study.score(before, feature))
            else {
                continue;
            };
            told.findings.push(format!(
                "Real recording, {name}, {feature}: correlation of decoded and true contrast {} {before}, {} {control}; change by the control {}. \
                 Masking names {} before and {} after.",
                effect(&before_score.score),
                effect(&after_score.score),
                change(after_score.reduction.as_ref()),
                own(before),
                own(control)
            ));
        }
    }
    for (control, why) in &study.not_possible {
        told.findings.push(format!("Real recording, {name}: {control}: not possible ({why})."));
    }
    let regions: Vec<String> = study.regions.iter().map(ToString::to_string).collect();
    for feature in study.features.clone() {
        let slug = format!("real-{}", told.charts.len());
        told.charts.push(attribution_chart(&slug, &format!("{feature}: {name}"), &study, &feature, &regions));
    }
    told.studies.push((format!("real recording, {name}"), study));
}

fn main(context: &Context<'_>, told: &mut Told) -> Result<()> {
    let material = context.main;
    let Some(fold) = material.folds.first().filter(|_| !material.readouts.is_empty()) else {
        told.findings.push("Main recording: no feature is read from its videos, so nothing can be attributed.".into());
        return Ok(());
    };
    let found = confounded(&material.dataset, fold.trials(Part::Train), 0.05);
    if found.is_empty() {
        told.findings.push(format!(
            "Main recording: none of its {} covariates goes with a factor and varies within conditions, so there is nothing to control.",
            material.dataset.covariates.len()
        ));
    }
    for (covariate, _) in found.into_iter().take(MAX_COVARIATES) {
        let options = options(context, "main");
        let study = run(context, &covariate.name, material, &covariate, &RidgeVideo::default(), &options)?;
        let strongest = study.before.iter().max_by(|a, b| a.value.total_cmp(&b.value));
        if let Some(own) = strongest {
            told.findings.push(format!(
                "Main recording: {} goes with {} ({} {:.2}, p {:.1e}).",
                own.covariate, own.factor, own.measure, own.value, own.p
            ));
        }
        for own in study.attributed.iter().filter(|own| own.attribution == Attribution::Needed) {
            let Some(reduction) = own.reduction.as_ref().filter(|_| own.control != Control::Matched) else { continue };
            let [low, high] = reduction.test.interval_95;
            if low > 0.0 || high < 0.0 {
                told.findings.push(format!(
                    "Main recording, {}: harm of masking {} to {} is {} {}; less than {} by {}.",
                    covariate.name,
                    own.region,
                    own.feature,
                    effect(&own.test),
                    own.control,
                    reduction.from,
                    effect(&reduction.test)
                ));
            }
        }
        let regions: Vec<String> = study.regions.iter().map(ToString::to_string).collect();
        for feature in study.features.clone() {
            let slug = format!("main-{}", told.charts.len());
            let title = format!("{feature}: {} controlled", covariate.name);
            told.charts.push(attribution_chart(&slug, &title, &study, &feature, &regions));
        }
        told.studies.push(("main recording".into(), study));
    }
    Ok(())
}

fn attribution_chart(slug: &str, title: &str, study: &ConfoundStudy, feature: &str, regions: &[String]) -> Chart {
    let panel = |attribution: Attribution, title: &str, label: &str| {
        let mut rows = Vec::new();
        for region in regions {
            // Colors go by order of first use: controls that every study has come first, so that each has one color in all figures.
            for control in [Control::Plain, Control::Regressed, Control::Matched, Control::Balanced] {
                if let Some(own) = study.attributed(control, attribution, feature, region) {
                    rows.push(row(region.clone(), control.to_string(), &own.test, own.is_found));
                }
            }
        }
        intervals(title, label, 0.0, rows)
    };
    chart(
        slug,
        title,
        "Left: what is lost when the region alone is masked. Right: what is left above guessing when all others are masked. Filled: above \
         0 after correction over regions.",
        vec![
            panel(Attribution::Needed, "Needed", "harm of masking the region"),
            panel(Attribution::Alone, "Enough alone", "score above guessing"),
        ],
    )
}

fn associations(studies: &[(String, ConfoundStudy)]) -> DataTable {
    let mut rows = Vec::new();
    for (name, study) in studies {
        for own in &study.before {
            let after = study.after.iter().find(|after| after.factor == own.factor).map(|after| after.value);
            rows.push(vec![
                name.clone().into(),
                own.covariate.clone().into(),
                own.factor.clone().into(),
                own.measure.to_string().into(),
                own.value.into(),
                own.p.into(),
                after.into(),
            ]);
        }
    }
    let heads = ["recording", "covariate", "factor", "measure", "training trials", "p", "balanced"];
    DataTable {
        slug: "associations".into(),
        title: "How covariates go with factors".into(),
        columns: heads.map(String::from).to_vec(),
        rows,
    }
}

fn attributions(studies: &[(String, ConfoundStudy)]) -> DataTable {
    let mut rows = Vec::new();
    for (name, study) in studies {
        for own in &study.attributed {
            let sense = if own.attribution == Attribution::Needed { "needed" } else { "alone" };
            let reduction = own.reduction.as_ref();
            let end = |at: usize| TableCell::from(reduction.map(|own| own.test.interval_95[at]));
            rows.push(vec![
                name.clone().into(),
                study.decoder.clone().into(),
                own.control.to_string().into(),
                own.feature.clone().into(),
                own.region.to_string().into(),
                sense.into(),
                own.test.mean.into(),
                own.test.interval_95[0].into(),
                own.test.interval_95[1].into(),
                own.p_corrected.into(),
                reduction.map(|own| own.test.mean).into(),
                end(0),
                end(1),
            ]);
        }
    }
    let heads = [
        "recording",
        "decoder",
        "control",
        "feature",
        "region",
        "sense",
        "estimate",
        "low",
        "high",
        "p corrected",
        "taken away",
        "low of that",
        "high of that",
    ];
    DataTable {
        slug: "attributions".into(),
        title: "Attribution under every control".into(),
        columns: heads.map(String::from).to_vec(),
        rows,
    }
}
