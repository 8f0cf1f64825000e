//! The paper's numbers beside what is found here: one table. Values of the paper: Zhang et al., Communications Biology 2026, doi
//! 10.1038/s42003-025-09486-7, Results and captions.

use super::Context;
use crate::{Result, steps::mask};
use spikereel_analysis::Clip;
use spikereel_analysis::score::Summary;
use spikereel_analysis::study::{
    Evaluated, EvaluationOptions, MaskingOptions, MaskingRun, MaskingTable, PerSample, evaluate, masking_study,
};
use spikereel_data::rng::derive_seed;
use spikereel_data::{Part, Region};
use spikereel_report::schema::{DataTable, Section, TableCell};

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
const N_PARAMETERS: f64 = 3_554_915.0;

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
    let mut rows = Vec::new();
    cue_rows(context, &evaluated, &mut rows);
    for (name, paper) in RGB {
        let values = evaluated.evaluation.feature("color").and_then(|color| {
            color.scores.iter().find(|score| score.kind.name == name).map(|score| score.per_condition.clone())
        });
        rows.push(row(name, paper, Summary::of(&values.unwrap_or_default()), "1 where every color is right"));
    }
    angle_rows(context, &evaluated, &mut rows)?;
    mask_rows(context, &decoder, &mut rows)?;
    let n_parameters = decoder.network().n_params() as f64;
    rows.push(vec![
        "parameters of the decoder".into(),
        N_PARAMETERS.into(),
        TableCell::Missing(()),
        n_parameters.into(),
        TableCell::Missing(()),
        "depends on sites, bins and width; at the published sizes it is the published number".into(),
    ]);
    let columns = ["quantity", "paper", "paper, s.d.", "here", "here, s.d.", "planted, or why it differs"];
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
        findings: findings(&table),
        caveats,
        charts: Vec::new(),
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

fn row(quantity: &str, paper: Reported, here: Summary, note: &str) -> Vec<TableCell> {
    vec![quantity.into(), paper.0.into(), paper.1.into(), here.mean.into(), here.sd.into(), note.into()]
}

/// Cue Pearson of condition averages, mean and s.d. over the stimuli that follow each cue.
fn cue_rows(context: &Context<'_>, evaluated: &Evaluated, rows: &mut Vec<Vec<TableCell>>) {
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
        rows.push(row(&format!("cue Pearson, {name}"), paper, Summary::of(&of_cue), "1 where every pixel is right"));
    }
}

/// Decoded direction of each shown direction: mean on the circle and s.d. of the deviations from it.
fn angle_rows(context: &Context<'_>, evaluated: &Evaluated, rows: &mut Vec<Vec<TableCell>>) -> Result<()> {
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
        let (mean, sd) = on_circle(&angles);
        let here = Summary { mean, sd, n: angles.len() };
        rows.push(row(&format!("decoded direction of {direction} degrees"), paper, here, "the shown direction"));
    }
    Ok(())
}

fn on_circle(angles_deg: &[f64]) -> (Option<f64>, Option<f64>) {
    if angles_deg.is_empty() {
        return (None, None);
    }
    let sum = |f: fn(f64) -> f64| angles_deg.iter().map(|angle| f(angle.to_radians())).sum::<f64>();
    let mean = sum(f64::sin).atan2(sum(f64::cos)).to_degrees();
    let deviations: Vec<Option<f64>> =
        angles_deg.iter().map(|angle| Some((angle - mean + 540.0).rem_euclid(360.0) - 180.0)).collect();
    (Some(mean), Summary::of(&deviations).sd)
}

/// The paper's measure of masking for the regions that it reports.
fn mask_rows(
    context: &Context<'_>,
    decoder: &spikereel_nn::NetworkDecoder,
    rows: &mut Vec<Vec<TableCell>>,
) -> Result<()> {
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
        let name = format!("change of {feature} when {region} is masked ({})", change.unit);
        rows.push(row(&name, paper, change.change, &planted.unwrap_or_default()));
    }
    Ok(())
}

/// How many of the paper's quantities lie within one of its standard deviations, in words.
fn findings(table: &DataTable) -> Vec<String> {
    let number = |cell: &TableCell| if let TableCell::Number(value) = cell { Some(*value) } else { None };
    let pairs: Vec<(f64, f64, f64)> =
        table.rows.iter().filter_map(|row| Some((number(&row[1])?, number(&row[2])?, number(&row[3])?))).collect();
    let within = pairs.iter().filter(|(paper, sd, here)| (paper - here).abs() <= *sd).count();
    vec![format!(
        "{within} of the {} quantities that the paper gives a standard deviation for lie within one standard deviation of the paper's; other data, so no test.",
        pairs.len()
    )]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn angles_are_averaged_on_the_circle() {
        let (mean, sd) = on_circle(&[179.0, -179.0, 177.0, -177.0]);
        assert!((mean.unwrap().abs() - 180.0).abs() < 1e-9);
        assert!((sd.unwrap() - (20.0_f64 / 3.0).sqrt()).abs() < 1e-9, "{sd:?}");
        assert_eq!(on_circle(&[]), (None, None));
    }
}
