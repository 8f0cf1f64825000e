//! The study of the bottleneck in time: what the published decoder cannot show because it repeats a picture, and what one that keeps time does.

use super::coarse::{PUBLISHED, at_rate, prepared_or_none};
use super::network_words::{cells, excludes_zero, fold_words, not_here, row, with_interval};
use super::{Context, Material};
use crate::Result;
use crate::config::choices::StimulusKind;
use spikereel_analysis::motion::FlowDirection;
use spikereel_analysis::study::compare::Estimate;
use spikereel_analysis::study::frozen_frames::{FrozenOptions, FrozenScores, frozen_frames};
use spikereel_data::rng::derive_seed;
use spikereel_data::{Decoder, Part, Phase, TargetKind};
use spikereel_kernels::fast::Precision;
use spikereel_nn::network::{DecoderShape, FrameGroups, decoder, frame_groups};
use spikereel_nn::{Model, TrainConfig};
use spikereel_report::schema::{
    AxisSpec, Chart, ChartPanel, DataTable, IntervalRow, PanelBody, Section, Series, TableCell,
};
use std::ops::Range;

const SLUG: &str = "temporal";
const TITLE: &str = "Motion where the published decoder stands still";
const QUESTION: &str = "What happens in the frames that the published decoder repeats, and does a decoder that keeps time show motion there?";
/// What is measured, with unit.
const MEASURES: [(&str, &str); 3] = [
    ("change from frame to frame, single trials", "gray levels"),
    ("change from frame to frame, condition means", "gray levels"),
    ("direction error, condition means", "deg"),
];

/// Mean direction error of a guess, and of a video that stands still.
const GUESS_DEG: f64 = 90.0;

/// Trains both decoders alike on the first fold and measures them in the repeated frames and in the whole stimulus phase.
///
/// # Errors
/// Divergence, an I/O error.
pub fn study(context: &Context<'_>) -> Result<Section> {
    let at_published_rate = if repeated_frames(context.retraining)?.is_some() { None } else { published(context)? };
    let material = at_published_rate.as_ref().unwrap_or(context.retraining);
    let fold = &material.folds[0];
    let timeline = &material.dataset.timeline;
    let sizes = format!(
        "{}; both networks {} base channels, {} epochs, one seed",
        fold_words(material, 0),
        context.sizes.small_channels,
        context.sizes.small_epochs
    );
    if fold.trials(Part::Test).is_empty() {
        let why = "This recording has no test trials, so nothing can be scored.";
        return Ok(not_here(SLUG, TITLE, QUESTION, why, sizes));
    }
    let stimulus = span(&timeline.frames_of(Phase::Stimulus));
    let Some((groups, frames)) = repeated_frames(material)? else {
        let why = format!(
            "At {} frames the published decoder repeats no two neighboring frames of the stimulus, so there is nothing to compare.",
            timeline.n_frames
        );
        return Ok(not_here(SLUG, TITLE, QUESTION, &why, sizes));
    };
    let network = |model: Model| {
        let config = TrainConfig { model, ..context.small_training() };
        let seed = derive_seed(context.seed, "temporal/networks");
        context.fit(&config, fold, seed, &format!("{}, 1 of each", model.name()))
    };
    let (faithful, temporal) = (network(Model::Decoder)?, network(Model::DecoderTemporal)?);
    let motion = material.readouts.iter().find(|readout| readout.name() == "motion");
    let options = FrozenOptions {
        frames: frames.clone(),
        direction_factor: motion.and_then(|readout| readout.factor().map(String::from)),
        flow: FlowDirection::default(),
        n_bootstrap: context.sizes.n_bootstrap,
        seed: derive_seed(context.seed, "temporal/scores"),
    };
    // In bf16 the folded weights of an upsampling are rounded one by one, and pictures that the table repeats differ by a few hundredths
    // of a gray level, which optical flow reads as motion; in f32 they are equal to the last digits.
    let (faithful, temporal) = (faithful.in_precision(Precision::F32), temporal.in_precision(Precision::F32));
    let decoders: [(String, &dyn Decoder); 2] =
        [("published decoder".into(), &faithful), ("temporal decoder".into(), &temporal)];
    let repeated = frozen_frames(&decoders, fold, Part::Test, &options)?;
    let whole = frozen_frames(&decoders, fold, Part::Test, &FrozenOptions { frames: stimulus, ..options })?;
    let mut findings = vec![words_of_groups(&groups, &frames)];
    findings
        .extend([(&repeated, "in the repeated frames"), (&whole, "in the whole stimulus")].map(of_stretch).concat());
    let mut caveats = vec![
        "The temporal decoder is not the paper's. It differs in two ways at once: time is never pooled, and there are skip connections."
            .to_string(),
        "Change from frame to frame is also what flicker makes; only its direction says that it is motion.".into(),
    ];
    if material.dataset.target_kind == TargetKind::ConditionOnly {
        caveats.push(
            "Here the spikes know the condition and not where single dots are, so the best decoder shows the mean of all dot fields, which moves \
             far less than any of them."
                .into(),
        );
    }
    Ok(Section {
        slug: SLUG.into(),
        title: TITLE.into(),
        question: QUESTION.into(),
        sizes,
        findings,
        caveats,
        charts: vec![chart_by_frame(&repeated, &frames), chart_scores(&repeated, &whole)],
        tables: vec![table(&repeated, &whole)],
    })
}

/// Which frames of the stimulus the published decoder repeats at a recording's sizes, where it repeats two or more.
fn repeated_frames(material: &Material) -> Result<Option<(FrameGroups, Range<usize>)>> {
    let dataset = &material.dataset;
    let [n_frames, height, width, _] = dataset.video_shape();
    let shape = DecoderShape {
        n_bins: dataset.n_bins(),
        n_sites: dataset.n_sites(),
        n_frames,
        height,
        width,
        base_channels: 1,
        model: Model::Decoder,
    };
    let groups = frame_groups(&decoder(&shape)?);
    let stimulus = span(&dataset.timeline.frames_of(Phase::Stimulus));
    let run = groups.longest_run();
    let frames = run.start.max(stimulus.start)..run.end.min(stimulus.end);
    Ok((frames.len() > 1).then_some((groups, frames)))
}

/// The recording at the published rate, at which frames are repeated; none where its videos are not drawn here.
fn published(context: &Context<'_>) -> Result<Option<Material>> {
    let config = &context.main.config;
    if config.stimulus.kind != StimulusKind::Paper || config.data.dataset.is_some() {
        return Ok(None);
    }
    let given = at_rate(config, PUBLISHED, context.retraining.config.stimulus.frame_px)?;
    prepared_or_none(config, given, context.progress)
}

/// First to last of ascending frames.
fn span(frames: &[usize]) -> Range<usize> {
    frames.first().copied().unwrap_or(0)..frames.last().map_or(0, |last| last + 1)
}

fn words_of_groups(groups: &FrameGroups, frames: &Range<usize>) -> String {
    format!(
        "By its table of layers, the published decoder's {} output frames hold {} pictures for any input and any weights; frames {} to {} (from 0) of the \
         stimulus are one picture.",
        groups.first_equal.len(),
        groups.n_distinct(),
        frames.start,
        frames.end - 1
    )
}

fn of_stretch((scores, place): (&Vec<FrozenScores>, &str)) -> Vec<String> {
    let [published, temporal, truth] = scores.as_slice() else { return Vec::new() };
    let mean = |scores: &FrozenScores, measure: usize| {
        let estimate = scores.estimates[measure].as_ref();
        estimate.map_or("not defined".into(), |estimate| with_interval(estimate.mean, estimate.interval_95))
    };
    let of_measure = |measure: usize| {
        let Estimate { mean: own, interval_95 } = temporal.differences[measure].as_ref()?;
        let (name, unit) = MEASURES[measure];
        // A video that stands still has 90 degrees by definition: only the temporal decoder can be at chance in the repeated frames.
        let is_guess =
            |of: &FrozenScores| of.estimates[measure].as_ref().is_some_and(|own| own.interval_95[1] >= GUESS_DEG);
        let verdict = match excludes_zero(*interval_95) {
            _ if unit == "deg" && is_guess(temporal) => {
                "; the temporal decoder shows no direction that is resolvable from a guess (90 deg), so the difference is not testable"
            }
            true => "",
            false => ", a difference not resolvable at this size",
        };
        Some(format!(
            "{place}, {name} ({unit}): published {}, temporal {}, true videos {}; temporal minus published {}{verdict}.",
            mean(published, measure),
            mean(temporal, measure),
            mean(truth, measure),
            with_interval(*own, *interval_95)
        ))
    };
    (0..MEASURES.len()).filter_map(of_measure).map(|words| words[..1].to_uppercase() + &words[1..]).collect()
}

fn chart_by_frame(scores: &[FrozenScores], frames: &Range<usize>) -> Chart {
    let series = scores.iter().map(|own| Series {
        label: own.name.clone(),
        x: (1..=own.change_by_frame.len()).map(|frame| frame as f64).collect(),
        y: own.change_by_frame.iter().map(|&change| Some(change)).collect(),
        dashed: own.name == "true videos",
        ..Series::default()
    });
    Chart {
        slug: "by-frame".into(),
        title: "How much each frame differs from the one before".into(),
        reading: "Mean absolute difference over pixels and colors of single trials' videos, mean over conditions. In the marked stretch the \
                  published decoder repeats one picture."
            .into(),
        panels: vec![ChartPanel {
            title: String::new(),
            body: PanelBody::Lines {
                x: AxisSpec { label: "Frame".into(), ..AxisSpec::default() },
                y: AxisSpec { label: "Change (gray levels of 255)".into(), reference: Some(0.0), range: None },
                series: series.collect(),
                spans: vec![("one picture".into(), frames.start as f64 + 0.5, frames.end as f64 - 0.5)],
            },
        }],
    }
}

fn chart_scores(repeated: &[FrozenScores], whole: &[FrozenScores]) -> Chart {
    let panel = |measure: usize| {
        let (name, unit) = MEASURES[measure];
        let null = if unit == "deg" { GUESS_DEG } else { 0.0 };
        let rows = repeated.iter().zip(whole).flat_map(|(repeated, whole)| {
            [("repeated frames", repeated), ("whole stimulus", whole)].map(|(group, own)| {
                let estimate = own.estimates[measure].as_ref();
                let filled = estimate.is_some_and(|own| own.interval_95[0] > null || own.interval_95[1] < null);
                IntervalRow { filled, ..row(&own.name, group, estimate) }
            })
        });
        let reference = Some(null);
        // A third of the page holds no more.
        let title = name.replace(" from frame to frame", "").replace("condition means", "means");
        ChartPanel {
            title,
            body: PanelBody::Intervals {
                axis: AxisSpec { label: unit.into(), reference, range: None },
                rows: rows.collect(),
            },
        }
    };
    let defined = |measure: &usize| repeated.iter().chain(whole).any(|own| own.estimates[*measure].is_some());
    Chart {
        slug: "scores".into(),
        title: "Change and direction, published and temporal decoder".into(),
        reading: "Change from frame to frame, and error of the direction of flow; of single trials or of condition means. Means over conditions \
                  with 95 % intervals. A direction error of 90 deg is that of a guess, and of a video that stands still. Filled \
                  where the interval leaves the line out."
            .into(),
        panels: (0..MEASURES.len()).filter(defined).map(panel).collect(),
    }
}

fn table(repeated: &[FrozenScores], whole: &[FrozenScores]) -> DataTable {
    let columns = [
        "frames",
        "videos",
        "measure",
        "unit",
        "mean",
        "low",
        "high",
        "minus published",
        "its low",
        "its high",
        "still conditions",
    ];
    let rows = [("repeated", repeated), ("whole stimulus", whole)].into_iter().flat_map(|(place, scores)| {
        scores.iter().flat_map(move |own| {
            MEASURES.iter().enumerate().map(move |(measure, (name, unit))| {
                let mut cells_of_row: Vec<TableCell> =
                    vec![place.into(), own.name.as_str().into(), (*name).into(), (*unit).into()];
                cells_of_row.extend(cells(own.estimates[measure].as_ref()));
                cells_of_row.extend(cells(own.differences[measure].as_ref()));
                cells_of_row.push((own.n_still as f64).into());
                cells_of_row
            })
        })
    });
    DataTable {
        slug: "stretches".into(),
        title: "Change and direction in two stretches of frames".into(),
        columns: columns.map(String::from).to_vec(),
        rows: rows.collect(),
    }
}
