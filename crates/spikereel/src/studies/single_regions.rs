//! What each region's sites show when a decoder is trained on them alone, beside the paper's numbers.

use super::Context;
use super::chance::not_testable;
use super::network_words::against_noise;
use super::score_words::{data_words, intervals, lacking, network_words, row, stars};
use super::words::{ALPHA, ends, listed, p_words, short, with_interval};
use crate::Result;
use crate::config::choices::Statistics;
use spikereel_analysis::stats::Correction;
use spikereel_analysis::study::headline::VIDEO;
use spikereel_analysis::study::single_regions::{SetScore, SitesAgainstAccuracy};
use spikereel_analysis::study::{NullTarget, SetScores, SingleRegionOptions, SingleRegions, single_regions};
use spikereel_data::Region;
use spikereel_data::rng::derive_seed;
use spikereel_report::schema::{Chart, ChartPanel, DataTable, Section, TableCell};

const SLUG: &str = "single-regions";
const TITLE: &str = "Single regions";
const QUESTION: &str = "What does a decoder show that is trained on the sites of one region alone?";

/// Sets of several regions that are trained on where a recording has all of them: the task's regions and the visual ones.
const FURTHER_SETS: [&[&str]; 2] = [&["PFC", "FEF"], &["MT", "IT", "V4"]];

/// The paper's single regions: score, region, value (Results, Single-region decoding; paper-facts, section 6).
const PAPER: [(&str, &str, f64); 8] = [
    ("cue Pearson", "LIP", 0.9986),
    ("cue Pearson", "MT", 0.9985),
    ("cue Pearson", "IT", 0.9977),
    ("cue Pearson", "V4", 0.9986),
    ("RGB Pearson", "LIP", 0.9967),
    ("RGB Pearson", "MT", 0.9997),
    ("RGB Pearson", "IT", 0.9930),
    ("RGB Pearson", "V4", 0.9982),
];

/// The paper's standard deviations of the decoded direction, degrees.
const PAPER_MOTION_SD: [(&str, f64); 2] = [("PFC", 25.32), ("FEF", 34.88)];

fn paper(score: &str, region: &str) -> Option<f64> {
    PAPER.iter().find(|(of, name, _)| *of == score && *name == region).map(|(_, _, value)| *value)
}

/// Trains a small network for each region, two further sets and all, and tests them on single trials and against noise inputs.
///
/// # Errors
/// Divergence, an I/O error.
pub fn study(context: &Context<'_>) -> Result<Section> {
    let known = context.retraining.dataset.regions();
    if known.len() < 2 {
        let why = format!("Not possible here: the recording has one region alone, {}.", known[0]);
        return Ok(lacking(context, SLUG, TITLE, QUESTION, why));
    }
    let options = SingleRegionOptions {
        further_sets: FURTHER_SETS
            .iter()
            .map(|names| names.iter().map(|name| Region((*name).into())).collect::<Vec<_>>())
            .filter(|set| set.iter().all(|region| known.contains(region)) && set.len() < known.len())
            .collect(),
        n_seeds: context.sizes.n_small_seeds,
        n_null: context.sizes.n_null,
        null_target: NullTarget::default(),
        n_bootstrap: context.sizes.n_bootstrap,
        correction: Correction::Holm,
        seed: derive_seed(context.seed, "single_regions"),
    };
    let fit = context.small_fit("single regions");
    let found =
        single_regions(&context.retraining.folds, &fit, &context.retraining.readouts, &options, &mut |_, _| {})?;
    Ok(tell(context, &found))
}

fn tell(context: &Context<'_>, found: &SingleRegions) -> Section {
    let single = &found.sets[..found.n_single];
    let n_test: usize = context.retraining.folds.iter().map(|fold| fold.trials(spikereel_data::Part::Test).len()).sum();
    Section {
        slug: SLUG.into(),
        title: TITLE.into(),
        question: QUESTION.into(),
        sizes: format!(
            "{}, {n_test} test trials; {}, {} seed{} and {} fold{} a set; {} noise inputs, {} bootstrap replicates, Holm over {} regions",
            data_words(context.retraining),
            network_words(context),
            found.options.n_seeds,
            if found.options.n_seeds == 1 { "" } else { "s" },
            found.n_folds,
            if found.n_folds == 1 { "" } else { "s" },
            found.options.n_null,
            found.options.n_bootstrap,
            found.n_single,
        ),
        findings: match context.choices.statistics {
            Statistics::Ours => findings(&found.sets, found.n_single),
            Statistics::Paper => published_findings(single),
        }
        .into_iter().chain(found.by_sites.iter().filter_map(|own| sites_finding(own, single))).collect(),
        caveats: vec![
            "The published test compares condition averages with single noise inputs. An average over trials is smoother than one input's \
             video, so a region that shows nothing can still differ from noise; accuracy on single trials against guessing is free of that."
                .into(),
            "Regions differ in their numbers of sites, so what they show is what these sites show.".into(),
            "The paper's numbers come from other data and larger networks; they stand here for orientation.".into(),
        ],
        charts: charts(found),
        tables: vec![scores_table(found), accuracies_table(found)],
    }
}

fn findings(sets: &[SetScores], n_single: usize) -> Vec<String> {
    let single = &sets[..n_single];
    let Some(first) = single.first() else { return Vec::new() };
    let mut findings = Vec::new();
    for (at, feature) in first.accuracies.iter().enumerate() {
        let what = if feature.feature == VIDEO { "the condition" } else { feature.feature.as_str() };
        let mut above: Vec<&SetScores> = single.iter().filter(|set| set.accuracies[at].p_corrected < ALPHA).collect();
        above.sort_by(|a, b| b.accuracies[at].accuracy.total_cmp(&a.accuracies[at].accuracy));
        let chance = short(feature.chance);
        let each = |set: &&SetScores| {
            let own = &set.accuracies[at];
            format!(
                "{} {} ({})",
                set.name,
                with_interval(own.accuracy, Some(own.interval_95)),
                p_words(own.p_corrected)
            )
        };
        let below: Vec<String> =
            single.iter().filter(|set| set.accuracies[at].p_corrected >= ALPHA).map(|set| set.name.clone()).collect();
        // Where the network that has all regions does not decode a feature, single regions are no test of it.
        let all = sets.last().filter(|set| set.regions.len() > 1).map(|set| &set.accuracies[at]);
        if let Some(all) = all.filter(|all| above.is_empty() && all.p_corrected >= ALPHA) {
            let why = not_testable("these networks, all regions together,", what, all.accuracy, all.chance);
            findings.push(format!("Accuracy in naming {what} on single trials: {why}."));
            continue;
        }
        findings.push(match (above.as_slice(), below.as_slice()) {
            ([], _) => format!("Accuracy in naming {what} on single trials (chance {chance}): not resolvable from chance in any region at this size."),
            (above, below) => {
                let rest = match below {
                    [] => String::new(),
                    below => format!("; not resolvable from chance in {}", listed(below)),
                };
                let above = listed(&above.iter().map(each).collect::<Vec<_>>());
                format!("Accuracy in naming {what} on single trials (chance {chance}): {above}{rest}.")
            }
        });
    }
    for (at, score) in first.scores.iter().enumerate().filter(|(_, score)| is_main(score)) {
        let (better, open): (Vec<&SetScores>, Vec<&SetScores>) =
            single.iter().partition(|set| is_better(&set.scores[at]));
        let each = |set: &&SetScores| {
            let own = &set.scores[at];
            let value =
                own.minus_noise().map_or(String::new(), |value| with_interval(value, own.minus_noise_interval_95));
            (set.name.clone(), value, own.p_minus_noise_corrected.map_or(String::new(), p_words))
        };
        let better: Vec<String> =
            better.iter().map(each).map(|(name, value, p)| format!("{name} {value} ({p})")).collect();
        let open: Vec<String> = open.iter().map(each).map(|(name, value, _)| format!("{name} {value}")).collect();
        let unit = if score.kind.unit.is_empty() { String::new() } else { format!(" ({})", score.kind.unit) };
        let what =
            format!("{}{unit} of condition averages, minus that of the region's own noise inputs", score.kind.name);
        findings.push(match (better.as_slice(), open.as_slice()) {
            ([], open) => format!("{what}: not resolvable as better in any region at this size ({}).", listed(open)),
            (better, []) => format!("{what}: {}.", listed(better)),
            (better, open) => format!("{what}: {}; not resolvable as better in {}.", listed(better), listed(open)),
        });
    }
    findings
}

/// The paper's scores and test: condition averages against noise inputs, independent samples; left uncorrected, as the paper names no method.
fn published_findings(single: &[SetScores]) -> Vec<String> {
    let Some(first) = single.first() else { return Vec::new() };
    let of_score = |(at, score): (usize, &SetScore)| {
        let words = |set: &SetScores| {
            let own = &set.scores[at];
            format!("{} {}", set.name, against_noise(&own.summary, &own.null, own.t_test))
        };
        let all: Vec<String> = single.iter().map(words).collect();
        format!("{} of conditions against noise inputs, mean ± s.d.: {}.", score.kind.name, all.join("; "))
    };
    first.scores.iter().enumerate().filter(|(_, score)| is_main(score)).map(of_score).collect()
}

/// The paper says that performance does not scale systematically with the number of sites; it means these regions.
fn sites_finding(own: &SitesAgainstAccuracy, single: &[SetScores]) -> Option<String> {
    let what = if own.feature == VIDEO { "the condition" } else { own.feature.as_str() };
    if single.iter().filter_map(|set| set.accuracy(&own.feature)).all(|own| own.p_corrected >= ALPHA) {
        return Some(format!(
            "Number of sites and accuracy in naming {what}: no region alone is resolvable from chance here, so an effect of the number of sites is \
             not testable."
        ));
    }
    let (r, p) = (own.rank_correlation?, own.p?);
    let end = match p < ALPHA {
        true if r > 0.0 => "regions with more sites are read better, unlike the paper's \"no systematic effect\"",
        true => "regions with more sites are read worse",
        false => "a systematic effect of the number of sites is not resolvable, as in the paper",
    };
    Some(format!(
        "Over {} regions, number of sites and accuracy in naming {what} correlate by {} (Spearman, {} over all orders): {end}.",
        own.n_regions,
        short(r),
        p_words(p)
    ))
}

/// Better than the region's own noise inputs, by interval and by corrected p.
fn is_better(own: &SetScore) -> bool {
    let leaves_out = own.minus_noise_interval_95.is_some_and(|[low, high]| low > 0.0 || high < 0.0);
    own.is_better_than_null() && leaves_out && own.p_minus_noise_corrected.is_some_and(|p| p < ALPHA)
}

/// The first score of each feature.
fn is_main(score: &SetScore) -> bool {
    !matches!(score.kind.name.as_str(), "cue Pearson, frames concatenated" | "RGB cosine")
}

fn charts(found: &SingleRegions) -> Vec<Chart> {
    let Some(first) = found.sets.first() else { return Vec::new() };
    let of_score = |(at, score): (usize, &SetScore)| -> ChartPanel {
        let rows = found.sets.iter().flat_map(|set| {
            let own = &set.scores[at];
            let mut conditions = row(&set.name, own.summary.mean, own.interval_95);
            conditions.group = "conditions".into();
            conditions.filled = is_better(own);
            conditions.expected = paper(&own.kind.name, &set.name);
            conditions.note = own.p_minus_noise_corrected.filter(|_| is_better(own)).map_or("", stars).into();
            let mut noise = row(&set.name, own.null.mean, None);
            noise.group = "noise inputs".into();
            [conditions, noise]
        });
        let unit = if score.kind.unit.is_empty() { String::new() } else { format!(" ({})", score.kind.unit) };
        intervals(&score.feature, &format!("{}{unit}", score.kind.name), None, rows.collect())
    };
    let scores = first.scores.iter().enumerate().filter(|(_, score)| is_main(score)).map(of_score).collect();
    let accuracies = first.accuracies.iter().enumerate().map(|(at, accuracy)| {
        let rows = found.sets.iter().map(|set| {
            let own = &set.accuracies[at];
            let mut row = row(&set.name, Some(own.accuracy), Some(own.interval_95));
            row.filled = own.p_corrected < ALPHA;
            row.note = stars(own.p_corrected).into();
            row
        });
        let title = if accuracy.feature == VIDEO { "condition" } else { accuracy.feature.as_str() };
        intervals(title, "Accuracy on single trials", Some(accuracy.chance), rows.collect())
    });
    let mut charts = vec![Chart {
        slug: "accuracy".into(),
        title: "What each region alone names on single trials".into(),
        reading: "Dots with 95 % intervals from a bootstrap over seeds, conditions and trials; the line is chance; filled and starred where \
                  above chance after Holm's correction."
            .into(),
        panels: accuracies.collect(),
    }];
    let scores: Vec<ChartPanel> = scores;
    if !scores.is_empty() {
        charts.push(Chart {
            slug: "scores".into(),
            title: "What each region alone shows in condition averages".into(),
            reading: "Dots with 95 % intervals over conditions; below each the mean of noise inputs through the same decoder; diamonds are the \
                      paper's values; filled and starred where better than these noise inputs, by the interval and after Holm's correction."
                .into(),
            panels: scores,
        });
    }
    charts
}

fn scores_table(found: &SingleRegions) -> DataTable {
    let columns = [
        "regions",
        "sites",
        "score",
        "mean",
        "sd over conditions",
        "low",
        "high",
        "noise mean",
        "noise sd",
        "noise 95 %",
        "minus noise",
        "minus noise, low",
        "minus noise, high",
        "p (minus noise, Holm)",
        "t",
        "df",
        "p (t)",
        "p (t, Holm)",
        "p (share of noise)",
        "p (share of noise, Holm)",
        "paper",
        "paper's sd",
    ];
    let row = |set: &SetScores, score: &SetScore| -> Vec<TableCell> {
        let [low, high] = ends(score.interval_95);
        let [noise_low, noise_high] = ends(score.minus_noise_interval_95);
        let paper_sd = PAPER_MOTION_SD.iter().find(|(region, _)| score.feature == "motion" && *region == set.name);
        vec![
            set.name.as_str().into(),
            (set.n_sites as f64).into(),
            format!("{} {}", score.feature, score.kind.name).into(),
            score.summary.mean.into(),
            score.summary.sd.into(),
            low,
            high,
            score.null.mean.into(),
            score.null.sd.into(),
            score.null_95.into(),
            score.minus_noise().into(),
            noise_low,
            noise_high,
            score.p_minus_noise_corrected.into(),
            score.t_test.map(|test| test.t).into(),
            score.t_test.map(|test| test.df).into(),
            score.t_test.map(|test| test.p).into(),
            score.p_t_corrected.into(),
            score.p_null.into(),
            score.p_null_corrected.into(),
            paper(&score.kind.name, &set.name).into(),
            paper_sd.map(|(_, sd)| *sd).into(),
        ]
    };
    DataTable {
        slug: "scores".into(),
        title: "Condition averages against noise inputs".into(),
        columns: columns.map(Into::into).to_vec(),
        rows: found.sets.iter().flat_map(|set| set.scores.iter().map(|score| row(set, score))).collect(),
    }
}

fn accuracies_table(found: &SingleRegions) -> DataTable {
    let columns = ["regions", "sites", "feature", "chance", "accuracy", "low", "high", "p (Holm)"];
    let rows = found.sets.iter().flat_map(|set| {
        set.accuracies.iter().map(|own| {
            let [low, high] = ends(Some(own.interval_95));
            let feature = if own.feature == VIDEO { "condition" } else { own.feature.as_str() };
            vec![
                set.name.as_str().into(),
                (set.n_sites as f64).into(),
                feature.into(),
                own.chance.into(),
                own.accuracy.into(),
                low,
                high,
                own.p_corrected.into(),
            ]
        })
    });
    DataTable {
        slug: "accuracies".into(),
        title: "Accuracy on single trials against chance".into(),
        columns: columns.map(Into::into).to_vec(),
        rows: rows.collect(),
    }
}
