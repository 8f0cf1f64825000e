//! Leakage: scores where pseudo-trials are split after they were drawn, beside those where real trials are split first.

use super::attribution::is_resolved;
use super::effects::{chart, effect, intervals, row};
use super::{Context, compact};
use crate::Result;
use crate::config::choices::SplitUnit;
use spikereel_analysis::baselines::RidgeVideo;
use spikereel_analysis::study::leakage::{LeakageStudy, LeakedScore, SharedTrials, leakage_study};
use spikereel_data::prepare::shuffle_conditions;
use spikereel_data::rng::derive_seed;
use spikereel_data::{FitDecoder, Recording};
use spikereel_report::schema::{DataTable, Section, TableCell};
use spikereel_synth::cortex::{CortexConfig, generate};

/// Sessions that are pooled; sites of different ones never share a trial, as in the paper's pool.
const N_SESSIONS: usize = 3;
/// Pseudo-trials drawn for each real one.
const REUSE: usize = 4;

/// Simulates sessions, draws pseudo-trials both ways, with conditions as they are and shuffled, and decodes.
///
/// # Errors
/// What simulating, resampling or training refuses.
pub fn study(context: &Context<'_>) -> Result<Section> {
    let n_real = context.sizes.trials_per_condition.max(6);
    let n_pseudo = REUSE * n_real;
    let seed = derive_seed(context.seed, "study/leakage");
    let mut cortex = CortexConfig::preset("hard")?.with_sessions(N_SESSIONS, n_real);
    cortex.n_observer_trials = 0;
    let recordings = generate(&cortex, seed)?;
    let shuffled =
        recordings.iter().map(|own| shuffle_conditions(own, seed)).collect::<spikereel_data::Result<Vec<_>>>()?;
    let mut results = Vec::new();
    for (name, recordings) in [("as simulated", recordings), ("conditions shuffled", shuffled)] {
        results.push((name, both_ways(context, recordings, n_pseudo, seed)?));
    }
    Ok(section(&results, n_real, n_pseudo))
}

fn both_ways(
    context: &Context<'_>,
    recordings: Vec<Recording>,
    n_pseudo: usize,
    seed: u64,
) -> Result<Vec<LeakageStudy>> {
    let clean = compact::pseudo(recordings.clone(), SplitUnit::RealTrial, n_pseudo, seed)?;
    let leaky = compact::pseudo(recordings, SplitUnit::PseudoTrial, n_pseudo, seed)?;
    let networks = compact::small_networks(context, &clean, "leakage");
    let decoders: [(&dyn FitDecoder, usize); 2] =
        [(&RidgeVideo::default(), 1), (&networks, context.sizes.n_small_seeds.max(1))];
    let one = |(fit, n_seeds): (&dyn FitDecoder, usize)| {
        let n_replicates = context.sizes.n_bootstrap.max(100);
        Ok(leakage_study(&clean.folds[0], &leaky.folds[0], fit, &clean.readouts, n_seeds, n_replicates, seed)?)
    };
    decoders.into_iter().map(one).collect()
}

fn section(results: &[(&str, Vec<LeakageStudy>)], n_real: usize, n_pseudo: usize) -> Section {
    let mut findings = Vec::new();
    if let Some(study) = results.first().and_then(|(_, studies)| studies.first()) {
        findings.push(format!("Split by real trial: {}", counts(&study.clean)));
        findings.push(format!("Pseudo-trials drawn first, then split, as in the paper: {}", counts(&study.leaky)));
    }
    for (name, studies) in results {
        for study in studies {
            for score in study.scores.iter().filter(|score| score.chance.is_some()) {
                findings.push(sentence(name, &study.decoder, score));
            }
        }
    }
    let mut panels = Vec::new();
    let mut rows = Vec::new();
    for (name, studies) in results {
        for study in studies {
            let mut own = Vec::new();
            for score in &study.scores {
                let both = [
                    ("split by real trial", &score.clean_above_chance),
                    ("pseudo-trials split", &score.leaky_above_chance),
                ];
                for (group, test) in both {
                    own.extend(test.as_ref().map(|test| row(&score.kind.name, group, test, is_resolved(test))));
                }
                let interval = score.gain.interval_95;
                let cells: Vec<TableCell> = vec![
                    (*name).into(),
                    study.decoder.clone().into(),
                    score.kind.name.clone().into(),
                    score.chance.into(),
                    score.clean.mean.into(),
                    score.leaky.mean.into(),
                    score.gain.mean.into(),
                    interval[0].into(),
                    interval[1].into(),
                ];
                rows.push(cells);
            }
            panels.push(intervals(&format!("{name}, {}", study.decoder), "accuracy above guessing", 0.0, own));
        }
    }
    let heads =
        ["conditions", "decoder", "score", "guessing", "clean split", "leaky split", "gain by leakage", "low", "high"];
    Section {
        slug: "leakage".into(),
        title: "What a leaky split adds to scores".into(),
        question: "How much better do scores look where pseudo-trials are drawn before they are split, so that the same real trials \
                   stand on both sides?"
            .into(),
        sizes: format!(
            "A simulated recording of {N_SESSIONS} sessions (preset hard, 140 sites), {n_real} real and {n_pseudo} pseudo-trials in \
             each of 64 conditions, {}; ridge regression and small networks; intervals over conditions and networks.",
            compact::SIZE
        ),
        findings,
        caveats: vec![
            "Where conditions were shuffled there is nothing to decode: all that a decoder scores above guessing there is memory of \
             real trials that it was trained on."
                .into(),
            "The gain depends on how often a real trial is used again and on how well a decoder can remember single trials; the \
             paper's own numbers of real trials are not known for every region."
                .into(),
        ],
        charts: vec![chart(
            "leakage",
            "Accuracy under two splits",
            "Accuracy of naming a feature's level or the condition from single decoded videos, minus that of guessing (1/4 and 1/64), with 95 % \
             intervals; filled where the interval leaves 0 out.",
            panels,
        )],
        tables: vec![DataTable {
            slug: "leakage".into(),
            title: "Scores under two splits".into(),
            columns: heads.map(String::from).to_vec(),
            rows,
        }],
    }
}

fn counts(shared: &SharedTrials) -> String {
    format!(
        "{} of {} real trials and {} of {} site-trials behind test trials also stand behind training trials; {} of {} test trials are \
         made of known real trials alone.",
        shared.n_real_shared,
        shared.n_real,
        shared.n_site_trials_shared,
        shared.n_site_trials,
        shared.n_test_all_shared,
        shared.n_test
    )
}

fn sentence(name: &str, decoder: &str, score: &LeakedScore) -> String {
    let above = |test: &Option<spikereel_analysis::stats::BootstrapTest>| {
        test.as_ref().map_or_else(|| "not defined".to_string(), effect)
    };
    format!(
        "Conditions {}, {decoder}, {}: above guessing by {} with the clean split and by {} with the leaky one; gain by leakage {}.",
        if name == "as simulated" { "as they are" } else { "shuffled" },
        score.kind.name,
        above(&score.clean_above_chance),
        above(&score.leaky_above_chance),
        effect(&score.gain)
    )
}
