//! Masking operators side by side: does it matter what takes a region's place?

use super::Context;
use super::attribution::{Bar, blank, effect, is_resolved, lacking, networks, planted, row, runs, score_name, sizes};
use super::chance::{guessing, is_at_chance, not_testable};
use super::score_words::data_words;
use super::words::listed;
use crate::Result;
use spikereel_analysis::perturb::MaskOperator;
use spikereel_analysis::study::{
    Basis, MaskingCell, MaskingOptions, MaskingRun, MaskingTable, masking_study, retrained_masking_study,
};
use spikereel_data::rng::derive_seed;
use spikereel_data::{Decoder, FitDecoder};
use spikereel_report::schema::{AxisSpec, Chart, ChartPanel, DataTable, PanelBody, Section};

/// Test trials of each condition, at least: of two trials the control can only make one swap.
pub(super) const LEAST_PROBED: usize = 4;

/// Harms closer than this are one value: accuracies are shares of trials, so equal ones differ by rounding alone.
const TIED: f64 = 1e-9;

/// Names of the operators for legends.
pub(super) fn short_name(operator: MaskOperator) -> &'static str {
    match operator {
        MaskOperator::Zero => "zero",
        MaskOperator::PermuteTrials => "another trial",
        MaskOperator::ConditionNoise => "same condition (control)",
        MaskOperator::RetrainWithout => "retrained without",
        _ => "other",
    }
}

/// Masks each region by each operator.
///
/// # Errors
/// Divergence, an I/O error.
pub fn study(context: &Context<'_>) -> Result<Section> {
    let question = "Does it matter what takes the place of a masked region?";
    let mut section = blank("operators", "Operators of masking", question);
    if let Some(why) = lacking(context) {
        section.findings.push(why);
        return Ok(section);
    }
    let networks = networks(context)?;
    let fold = context.main.probed(context.sizes.n_probed_trials.max(LEAST_PROBED))?;
    let runs = runs(&networks, &fold);
    let options = MaskingOptions {
        n_replicates: context.sizes.n_bootstrap,
        n_draws: context.sizes.n_draws,
        seed: derive_seed(context.seed, "study/operators"),
        ..MaskingOptions::default()
    };
    let mut tables = Vec::new();
    for operator in [MaskOperator::Zero, MaskOperator::PermuteTrials, MaskOperator::ConditionNoise] {
        let mut bar = Bar::new(short_name(operator), context.progress);
        let options = MaskingOptions { operator, ..options.clone() };
        tables.push(masking_study(&runs, &context.main.readouts, &options, &mut |done, total| bar.step(done, total))?);
    }
    tables.push(retrained(context, &options)?);
    let more = format!(
        ", {} draws of each random operator; retrained: {} small network(s) of base width {} for each region, on {}, scored on {} test trials",
        context.sizes.n_draws,
        context.sizes.n_small_seeds,
        context.sizes.small_channels,
        data_words(context.retraining),
        tables[3].n_trials
    );
    section.sizes = sizes(context, tables[0].n_trials, tables[0].networks.len(), &more);
    section.findings = tables[0]
        .features
        .iter()
        .flat_map(|feature| std::iter::once(tops(context, &tables, feature)).chain(control(context, &tables, feature)))
        .collect();
    section.caveats = vec![
        "Zero keeps what other regions say and gives the network an input it never saw. Another trial gives it real activity that speaks for \
         another condition, so that it may mislead and harm more than absence does."
            .into(),
        "Retrained networks are smaller and compared with small networks that had all regions; a region whose information others hold too \
         costs them nothing. Where several of them do not decode a feature at all, their equal harms are no evidence for any region."
            .into(),
    ];
    section.charts = vec![chart(context, &tables)];
    section.tables = vec![table(&tables)];
    Ok(section)
}

/// Small networks with all regions against small networks without each.
fn retrained(context: &Context<'_>, options: &MaskingOptions) -> Result<MaskingTable> {
    let fold = &context.retraining.folds[0];
    let fit = context.small_fit("retraining without a region");
    let mut whole: Vec<(String, Box<dyn Decoder>)> = Vec::new();
    for at in 0..context.sizes.n_small_seeds.max(1) {
        let network = format!("small{at}");
        let seed = derive_seed(options.seed, &format!("retrain/{network}/all"));
        whole.push((network, fit.fit(fold, seed)?));
    }
    let runs: Vec<MaskingRun<'_>> =
        whole.iter().map(|(network, decoder)| MaskingRun { network, decoder: decoder.as_ref(), fold }).collect();
    let mut bar = Bar::new("retrained without a region", context.progress);
    Ok(retrained_masking_study(&runs, &fit, &context.retraining.readouts, options, &mut |done, total| {
        bar.step(done, total)
    })?)
}

/// The region of largest harm by each operator but the control, with its interval, and whether operators agree.
fn tops(context: &Context<'_>, tables: &[MaskingTable], feature: &str) -> String {
    let own = tables.iter().filter(|table| table.operator != MaskOperator::ConditionNoise);
    let found: Vec<(String, Option<String>)> = own
        .map(|table| {
            let (words, region) = top(context, table, feature);
            (format!("{}: {words}", short_name(table.operator)), region)
        })
        .collect();
    let whys: Vec<&str> =
        found.iter().filter_map(|(words, _)| words.split_once(": not testable: ")).map(|(_, why)| why).collect();
    if let Some(why) = whys.first().filter(|_| whys.len() == found.len()) {
        return format!("{feature}: not testable by any operator: {why}.");
    }
    let all: Vec<&str> = found.iter().map(|(words, _)| words.as_str()).collect();
    let named: Vec<&String> = found.iter().filter_map(|(_, region)| region.as_ref()).collect();
    let agreement = match named.as_slice() {
        [] => "no operator resolves one region at this size".into(),
        [only] => format!("one operator alone resolves one region, {only}, so agreement cannot be judged"),
        [first, ..] if named.iter().all(|region| region == first) => {
            format!("the {} of {} operators that resolve one region agree on {first}", named.len(), found.len())
        }
        _ => "DISAGREEMENT of operators on the region of largest harm".into(),
    };
    format!("{feature}, largest harm by operator with 95 % intervals: {}. Here {agreement}.", all.join("; "))
}

/// The region of largest harm by one operator in words; its name where it is resolved, significant after correction and alone.
fn top(context: &Context<'_>, table: &MaskingTable, feature: &str) -> (String, Option<String>) {
    let cells: Vec<&MaskingCell> = table.feature_cells(feature).collect();
    if let Some(why) = untestable(context, table, feature, &cells) {
        return (why, None);
    }
    let Some(most) = cells.iter().map(|cell| cell.primary.harm).max_by(f64::total_cmp) else {
        return ("no region".into(), None);
    };
    let first: Vec<&&MaskingCell> = cells.iter().filter(|cell| most - cell.primary.harm < TIED).collect();
    let names = listed(&first.iter().map(|cell| cell.region.to_string()).collect::<Vec<_>>());
    let harm = &first[0].primary;
    let value = effect(&harm.test);
    if !(harm.test.interval_95[0] > 0.0 && harm.p_corrected < table.alpha) {
        let which = if first.len() > 1 { "several regions alike".into() } else { names };
        return (format!("not resolvable at this size ({which}, {value})"), None);
    }
    match first.as_slice() {
        [_] => (format!("{names} {value}"), Some(names)),
        _ => (format!("{names} alike, {value}, a tie that names no region"), None),
    }
}

/// Why an operator cannot be judged by a feature: the networks do not decode it to begin with, or several no longer do after retraining.
fn untestable(context: &Context<'_>, table: &MaskingTable, feature: &str, cells: &[&MaskingCell]) -> Option<String> {
    let first = cells.first().filter(|cell| cell.primary.basis == Basis::Accuracy)?;
    let chance = guessing(&context.main.dataset, &context.main.readouts, feature)?;
    let is_lost = |accuracy: f64| is_at_chance(accuracy, table.n_trials, chance);
    if is_lost(first.primary.unmasked) {
        return Some(not_testable("these networks", feature, first.primary.unmasked, chance));
    }
    if table.operator != MaskOperator::RetrainWithout {
        return None;
    }
    let lost: Vec<&&MaskingCell> = cells.iter().filter(|cell| is_lost(cell.primary.masked)).collect();
    let names: Vec<String> = lost.iter().map(|cell| cell.region.to_string()).collect();
    let who = format!("networks retrained without {}", listed(&names));
    (lost.len() > 1).then(|| not_testable(&who, "it", lost[0].primary.masked, chance))
}

/// Whether activity of the same condition does no harm, as it should; none where the networks do not decode the feature.
fn control(context: &Context<'_>, tables: &[MaskingTable], feature: &str) -> Option<String> {
    let table = tables.iter().find(|table| table.operator == MaskOperator::ConditionNoise)?;
    let cells: Vec<&MaskingCell> = table.feature_cells(feature).collect();
    if untestable(context, table, feature, &cells).is_some() {
        return None;
    }
    let words = |cell: &MaskingCell| format!("{} {}", cell.region, effect(&cell.primary.test));
    let off: Vec<String> =
        cells.iter().filter(|cell| is_resolved(&cell.primary.test)).map(|cell| words(cell)).collect();
    let most = cells.iter().max_by(|a, b| a.primary.harm.abs().total_cmp(&b.primary.harm.abs()))?;
    let what =
        format!("{feature}: what activity of another trial of the same condition costs, which should be nothing");
    Some(if off.is_empty() {
        format!("{what}, is not resolvable at this size in any region; largest for {}.", words(most))
    } else {
        let (n, all) = (off.len(), cells.len());
        let also = "left uncorrected; that points to trial-by-trial relations between regions";
        format!("{what}, leaves 0 out in {n} of {all} regions: {} ({also}).", off.join(", "))
    })
}

fn chart(context: &Context<'_>, tables: &[MaskingTable]) -> Chart {
    let panel = |feature: &String| {
        let mut rows = Vec::new();
        for (at, region) in tables[0].regions.iter().enumerate() {
            for table in tables {
                let Some(cell) = table.feature_cells(feature).nth(at) else { continue };
                let is_found = cell.primary.harm > 0.0 && cell.primary.p_corrected < table.alpha;
                let expected = planted(&context.main.dataset, feature, region).map(|(_, drop)| drop);
                let expected = expected.filter(|_| table.operator == MaskOperator::RetrainWithout);
                rows.push(row(&region.to_string(), short_name(table.operator), &cell.primary.test, is_found, expected));
            }
        }
        let score = tables[0].feature_cells(feature).next().map_or("score", |cell| score_name(cell.primary.basis));
        let axis = AxisSpec { label: format!("Harm, {score}"), reference: Some(0.0), range: None };
        ChartPanel { title: feature.clone(), body: PanelBody::Intervals { axis, rows } }
    };
    Chart {
        slug: "harm".into(),
        title: "Harm by operator".into(),
        reading: "95 % intervals; filled where significant after correction over regions. Diamonds: what an ideal observer loses without the \
                  region, where that was planted; it is what retraining should come to."
            .into(),
        panels: tables[0].features.iter().map(panel).collect(),
    }
}

fn table(tables: &[MaskingTable]) -> DataTable {
    let mut rows = Vec::new();
    for table in tables {
        for cell in &table.cells {
            rows.push(vec![
                cell.feature.as_str().into(),
                cell.region.to_string().into(),
                short_name(table.operator).into(),
                cell.primary.unmasked.into(),
                cell.primary.harm.into(),
                cell.primary.test.interval_95[0].into(),
                cell.primary.test.interval_95[1].into(),
                cell.primary.p_corrected.into(),
            ]);
        }
    }
    let columns = ["feature", "region", "operator", "score unmasked", "harm", "low", "high", "p corrected"];
    DataTable {
        slug: "harm".into(),
        title: "Harm by operator".into(),
        columns: columns.map(String::from).to_vec(),
        rows,
    }
}
