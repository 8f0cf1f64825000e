//! The paper's numbers beside what is found here: one table. Values of the paper: Zhang et al., Communications Biology 2026, doi
//! 10.1038/s42003-025-09486-7, Results and captions.

use super::Context;
use super::score_words::{intervals, row};
use super::words::{ends, listed, with_interval};
use crate::{Result, steps::mask};
use spikereel_analysis::Clip;
use spikereel_analysis::score::Summary;
use spikereel_analysis::study::compare::of_conditions;
use spikereel_analysis::study::{
    Evaluated, EvaluationOptions, MaskingOptions, MaskingRun, MaskingTable, PerSample, evaluate, masking_study,
};
use spikereel_data::rng::derive_seed;
use spikereel_data::{Part, Region};
use spikereel_report::schema::{Chart, ChartPanel, DataTable, IntervalRow, Section, TableCell};

/// Mean and standard deviation over stimuli.
type Reported = (f64, f64);

const CUE_PEARSON: [(&str, Reported); 4] = [
    ("cross", (0.9986, 0.0001)),
    ("quatrefoil", (0.9978, 0.0003)),
    ("circle", (0.9988, 0.0001)),
    ("triangle", (0.9977, 0.0002)),
];
const RGB: [(&str, Reported); 2] = [("RGB Pearson", (0.9959, 0.0023)), ("RGB cosine", (0.9987, 0.0013))];
const ANGLES_DEG: [(f64, Reported); 4] =
    [(90.0, (89.0, 2.0)), (30.0, (31.0, 3.0)), (-30.0, (-29.0, 2.0)), (-90.0, (-86.0, 2.0))];
/// Feature, region, mean and standard deviation of the change.
const MASKED: [(&str, &str, Reported); 11] = [
    ("shape", "V4", (16.42, 7.83)),
    ("shape", "LIP", (7.11, 4.01)),
    ("shape", "MT", (4.76, 2.87)),
    ("shape", "IT", (1.81, 1.52)),
    ("color", "LIP", (8.57, 8.52)),
    ("color", "V4", (3.55, 2.65)),
    ("color", "MT", (2.98, 2.33)),
    ("color", "IT", (1.07, 0.93)),
    ("motion", "MT", (30.75, 40.48)),
    ("motion", "V4", (15.88, 12.61)),
    ("motion", "LIP", (9.18, 9.06)),
];
/// Group of the decoded directions.
const DIRECTION: &str = "decoded direction";
const N_PARAMETERS: f64 = 3_554_915.0;

/// A quantity that the paper prints and that is found here too.
struct Quantity {
    /// What panels and findings gather.
    group: String,
    /// Which of its group.
    label: String,
    paper: Reported,
    here: Summary,
    /// Of the mean here, 95 %, over conditions.
    interval: Option<[f64; 2]>,
    note: String,
}

impl Quantity {
    fn name(&self) -> String {
        if self.label.is_empty() { self.group.clone() } else { format!("{}, {}", self.group, self.label) }
    }

    fn row(&self) -> Vec<TableCell> {
        let [low, high] = ends(self.interval);
        let (mean, sd) = (self.here.mean.into(), self.here.sd.into());
        vec![
            self.name().into(),
            self.paper.0.into(),
            self.paper.1.into(),
            mean,
            sd,
            low,
            high,
            self.note.clone().into(),
        ]
    }
}

/// The table.
///
/// # Errors
/// What decoding says.
pub fn study(context: &Context<'_>) -> Result<Section> {
    let main = context.main;
    let fold = &main.folds[0];
    let decoder = context.decoder(0, 0)?;
    let options = EvaluationOptions { per_sample: PerSample::None, ..EvaluationOptions::default() };
    let evaluated = evaluate(&decoder, fold, Part::Test, &main.readouts, &options)?;
    let mut all = Vec::new();
    cue_rows(context, &evaluated, &mut all);
    for (name, paper) in RGB {
        let values = evaluated.evaluation.feature("color").and_then(|color| {
            color.scores.iter().find(|score| score.kind.name == name).map(|score| score.per_condition.clone())
        });
        let values = values.unwrap_or_default();
        all.push(quantity(context, ["color", name], paper, &values, "1 where every color is right"));
    }
    angle_rows(context, &evaluated, &mut all)?;
    mask_rows(context, &decoder, &mut all)?;
    let mut rows: Vec<Vec<TableCell>> = all.iter().map(Quantity::row).collect();
    let none = || TableCell::Missing(());
    let n_parameters = decoder.network().n_params() as f64;
    let note = "depends on sites, bins and width; at the published sizes it is the published number";
    rows.push(vec![
        "parameters of the decoder".into(),
        N_PARAMETERS.into(),
        none(),
        n_parameters.into(),
        none(),
        none(),
        none(),
        note.into(),
    ]);
    let columns =
        ["quantity", "paper", "paper, s.d.", "here", "here, s.d.", "low", "high", "planted, or why it differs"];
    let table = DataTable {
        slug: "paper-here-planted".into(),
        title: "Paper, here, planted".into(),
        columns: columns.map(String::from).to_vec(),
        rows,
    };
    let simulated = main.config.data.simulate.is_some();
    let mut caveats = vec![
        "The paper's numbers are of averages over about a hundred noisy outputs a condition; so are ours, over the test trials of a condition."
            .to_string(),
        "Intervals (low, high) are of our means, by resampling conditions; the paper prints standard deviations and no intervals.".into(),
    ];
    if simulated {
        caveats.push(
            "Spikes are simulated here: which region carries what was planted, so agreement with the paper's regions is no confirmation of it."
                .into(),
        );
    }
    Ok(Section {
        slug: "paper_numbers".into(),
        title: "The paper's numbers, and ours".into(),
        question: "How do the paper's printed numbers compare with what is found on this recording?".into(),
        sizes: sizes(context),
        findings: findings(&all),
        caveats,
        charts: chart(&all).into_iter().collect(),
        tables: vec![table],
    })
}

fn sizes(context: &Context<'_>) -> String {
    let dataset = &context.main.dataset;
    format!(
        "{} sites, {} conditions, {} test trials, {} base channels, {} epochs.",
        dataset.n_sites(),
        dataset.conditions.len(),
        context.main.folds[0].trials(Part::Test).len(),
        context.main.config.network.base_channels,
        context.main.config.train.epochs
    )
}

/// A mean over conditions, with its interval.
fn quantity(
    context: &Context<'_>,
    [group, label]: [&str; 2],
    paper: Reported,
    values: &[Option<f64>],
    note: &str,
) -> Quantity {
    let name = format!("paper_numbers/{group}/{label}");
    let interval = of_conditions(values, context.sizes.n_bootstrap, derive_seed(context.seed, "paper_numbers"), &name);
    Quantity {
        group: group.into(),
        label: label.into(),
        paper,
        here: Summary::of(values),
        interval: interval.map(|own| own.interval_95),
        note: note.into(),
    }
}

/// Cue Pearson of condition averages, mean and s.d. over the stimuli that follow each cue.
fn cue_rows(context: &Context<'_>, evaluated: &Evaluated, rows: &mut Vec<Quantity>) {
    let Some(shape) = evaluated.evaluation.feature("shape") else { return };
    let (conditions, Some(scores)) = (&context.main.dataset.conditions, shape.scores.first()) else { return };
    for (name, paper) in CUE_PEARSON {
        let of_cue: Vec<Option<f64>> = scores
            .per_condition
            .iter()
            .enumerate()
            .filter(|(condition, _)| {
                conditions.factor_idx("cue").is_some_and(|f| conditions.level(*condition, f).to_string() == name)
            })
            .map(|(_, value)| *value)
            .collect();
        rows.push(quantity(context, ["cue Pearson", name], paper, &of_cue, "1 where every pixel is right"));
    }
}

/// Decoded direction of each shown direction: mean on the circle and s.d. of the deviations from it.
fn angle_rows(context: &Context<'_>, evaluated: &Evaluated, rows: &mut Vec<Quantity>) -> Result<()> {
    let (dataset, readouts) = (&context.main.dataset, &context.main.readouts);
    let Some(motion) = readouts.iter().find(|readout| readout.name() == "motion") else { return Ok(()) };
    for (direction, paper) in ANGLES_DEG {
        let mut angles = Vec::new();
        for (condition, video) in evaluated.videos.decoded.iter().enumerate() {
            if let (Some(video), Some(shown)) = (video, dataset.conditions.number(condition, "direction"))
                && shown == direction
            {
                angles.extend(motion.read(&Clip::new(evaluated.videos.shape, video)?, &dataset.timeline).first());
            }
        }
        let (mean, sd, deviations) = on_circle(&angles);
        let label = format!("{direction} deg shown");
        let mut own = quantity(context, [DIRECTION, &label], paper, &deviations, "the shown direction");
        own.here = Summary { mean, sd, n: angles.len() };
        own.interval = mean.zip(own.interval).map(|(mean, ends)| ends.map(|end| mean + end));
        rows.push(own);
    }
    Ok(())
}

/// Mean direction, standard deviation of the deviations from it, and these.
fn on_circle(angles_deg: &[f64]) -> (Option<f64>, Option<f64>, Vec<Option<f64>>) {
    if angles_deg.is_empty() {
        return (None, None, Vec::new());
    }
    let sum = |f: fn(f64) -> f64| angles_deg.iter().map(|angle| f(angle.to_radians())).sum::<f64>();
    let mean = sum(f64::sin).atan2(sum(f64::cos)).to_degrees();
    let deviations: Vec<Option<f64>> =
        angles_deg.iter().map(|angle| Some((angle - mean + 540.0).rem_euclid(360.0) - 180.0)).collect();
    (Some(mean), Summary::of(&deviations).sd, deviations)
}

/// The paper's measure of masking for the regions that it reports.
fn mask_rows(context: &Context<'_>, decoder: &spikereel_nn::NetworkDecoder, rows: &mut Vec<Quantity>) -> Result<()> {
    let dataset = &context.main.dataset;
    let known = |name: &str| dataset.regions().iter().any(|region| region.0 == name);
    if context.main.readouts.is_empty() || !MASKED.iter().any(|(_, region, _)| known(region)) {
        return Ok(());
    }
    let stored = match context.run {
        Some(run) => mask::stored(run.folder.path())?,
        None => None,
    };
    let table: MaskingTable = match stored {
        Some(table) => table,
        None => {
            let run = MaskingRun { network: "seed0", decoder, fold: &context.main.folds[0] };
            let options = MaskingOptions {
                n_replicates: context.sizes.n_bootstrap,
                seed: derive_seed(context.seed, "paper_numbers/masking"),
                ..MaskingOptions::default()
            };
            masking_study(&[run], &context.main.readouts, &options, &mut |_, _| ())?
        }
    };
    for (feature, region, paper) in MASKED {
        let Some(cell) = table.cell(&Region(region.into()), feature) else { continue };
        let Some(change) = &cell.paper else { continue };
        let planted = dataset.truth.as_ref().and_then(|truth| {
            let feature = truth.features.iter().find(|planted| planted.feature == feature)?;
            let region_idx = truth.regions.iter().position(|planted| planted.0 == region)?;
            Some(format!("ideal observer loses {:.2} of accuracy without it", feature.drop_when_left_out[region_idx]))
        });
        let group = format!("change of {feature} ({})", change.unit);
        let label = format!("{region} masked");
        let mut own = quantity(context, [&group, &label], paper, &change.per_condition, &planted.unwrap_or_default());
        own.here = change.change;
        rows.push(own);
    }
    Ok(())
}

/// Ours with intervals beside the paper's values, and how many of these lie in them.
fn findings(all: &[Quantity]) -> Vec<String> {
    let known: Vec<(&Quantity, f64)> = all.iter().filter_map(|own| Some((own, own.here.mean?))).collect();
    let mut findings: Vec<String> = groups(all)
        .into_iter()
        .filter_map(|group| {
            let own: Vec<String> = known
                .iter()
                .filter(|(own, _)| own.group == group)
                .map(|(own, mean)| {
                    let value = with_interval(*mean, own.interval);
                    format!("{} {value} (paper {})", own.label, own.paper.0)
                })
                .collect();
            (!own.is_empty()).then(|| format!("{group}, ours with 95 % intervals: {}.", listed(&own)))
        })
        .collect();
    let with_ends: Vec<(&Quantity, [f64; 2])> = all.iter().filter_map(|own| Some((own, own.interval?))).collect();
    let n_in = with_ends.iter().filter(|(own, [low, high])| (*low..=*high).contains(&own.paper.0)).count();
    let n_near = known.iter().filter(|(own, mean)| (own.paper.0 - mean).abs() <= own.paper.1).count();
    findings.push(format!(
        "No test: other data. The paper's value lies in our 95 % interval for {n_in} of {} quantities, and our mean within one of the paper's standard \
         deviations of it for {n_near} of {}.",
        with_ends.len(),
        known.len()
    ));
    findings
}

/// Each group once, in order.
fn groups(all: &[Quantity]) -> Vec<&str> {
    let mut groups: Vec<&str> = Vec::new();
    for own in all {
        if !groups.contains(&own.group.as_str()) {
            groups.push(&own.group);
        }
    }
    groups
}

fn chart(all: &[Quantity]) -> Option<Chart> {
    let panel = |group: &str| {
        let own = all.iter().filter(|own| own.group == group && own.here.mean.is_some());
        let rows: Vec<IntervalRow> = own
            .map(|own| IntervalRow {
                filled: own.interval.is_some_and(|[low, high]| !(low..=high).contains(&own.paper.0)),
                expected: Some(own.paper.0),
                ..row(&own.label, own.here.mean, own.interval)
            })
            .collect();
        let unit = group.rsplit_once('(').map_or("", |(_, unit)| unit.trim_end_matches(')'));
        let label = match (group, unit) {
            ("color", _) => "similarity",
            (DIRECTION, _) => "deg",
            (group, "") => group,
            (_, unit) => unit,
        };
        let title = group.split(" (").next().unwrap_or(group);
        (!rows.is_empty()).then(|| intervals(title, label, None, rows))
    };
    let panels: Vec<ChartPanel> = groups(all).into_iter().filter_map(panel).collect();
    (!panels.is_empty()).then(|| Chart {
        slug: "intervals".into(),
        title: "Ours, and the paper's values".into(),
        reading: "Means over conditions with 95 % intervals; diamonds are the paper's values, from other data; filled where the interval leaves \
                  the paper's value out."
            .into(),
        panels,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn angles_are_averaged_on_the_circle() {
        let (mean, sd, _) = on_circle(&[179.0, -179.0, 177.0, -177.0]);
        assert!((mean.unwrap().abs() - 180.0).abs() < 1e-9);
        assert!((sd.unwrap() - (20.0_f64 / 3.0).sqrt()).abs() < 1e-9, "{sd:?}");
        assert_eq!(on_circle(&[]), (None, None, Vec::new()));
    }
}
