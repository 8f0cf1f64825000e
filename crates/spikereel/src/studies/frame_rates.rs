//! The same recording at 5, 10 and 20 frames and bins a second.

use super::coarse::{PUBLISHED, Rate, at_rate, prepared};
use super::score_words::{data_words, intervals, lacking, network_words, row};
use super::words::{listed, short, with_interval};
use super::{Context, Material};
use crate::config::choices::StimulusKind;
use crate::config::{SourceFacts, resolve};
use crate::steps::prepare;
use crate::{Error, Result};
use spikereel_analysis::baselines::RidgeVideo;
use spikereel_analysis::study::compare::{difference_of_conditions, of_conditions};
use spikereel_analysis::study::headline::VIDEO;
use spikereel_analysis::study::{
    ConditionVideos, Evaluation, EvaluationOptions, Headline, PerSample, ceiling, evaluate, headline_by_condition,
    headlines,
};
use spikereel_data::rng::derive_seed;
use spikereel_data::{FitDecoder, Part, Recording, Timeline};
use spikereel_report::movie::movie_address;
use spikereel_report::schema::{Chart, ChartPanel, DataTable, PanelBody, PictureRow, Section, TableCell};
use spikereel_report::sheet::{Sheet, encode_sheet};
use spikereel_synth::cortex::{CortexConfig, generate};

const SLUG: &str = "frame-rates";
const TITLE: &str = "Frame rates";
const QUESTION: &str = "Does decoding hold at other sampling rates of spikes and video?";

/// The paper's three films (Supplementary Movies 1-3). At 5 frames a second fixation is no whole number of frames, so 0.1 s are left out.
const RATES: [Rate; 3] = [Rate { hz: 5.0, n_frames: [2, 5, 15] }, PUBLISHED, Rate { hz: 20.0, n_frames: [10, 20, 60] }];

/// Bins of a simulation that all rates are added up from: those of the fastest.
const NARROW_BIN_SECS: f64 = 0.05;

/// Clips a condition at most in training, validation and test: at the fastest rate each takes twice the memory of the usual ones.
const MOST_CLIPS: [usize; 3] = [6, 2, 4];

/// Conditions shown as movies.
const N_MOVIES: usize = 4;

/// When pictures are shown, seconds from stimulus onset.
const SHOWN_SECS: [f64; 6] = [-1.3, -0.5, 0.1, 0.7, 1.5, 2.5];

/// Where the recording comes from once more.
enum Source {
    /// Simulated anew, in narrow bins.
    Simulated(Box<Recording>),
    /// Read again at each rate.
    Read,
}

/// One rate's outcome.
struct Outcome {
    hz: f64,
    timeline: Timeline,
    n_bins: usize,
    evaluations: Vec<(&'static str, Evaluation)>,
    videos: ConditionVideos,
    label: String,
    /// Labels of all conditions.
    conditions: Vec<String>,
}

/// Prepares the main recording at three rates, trains a small network and ridge regression on each and scores them.
///
/// # Errors
/// Divergence, an I/O error.
pub fn study(context: &Context<'_>) -> Result<Section> {
    let config = &context.main.config;
    let none = |why: &str| Ok(lacking(context, SLUG, TITLE, QUESTION, format!("Not possible here: {why}.")));
    if config.data.dataset.is_some() {
        return none("a prepared dataset has its bins and videos, and cannot be prepared at another rate");
    }
    if config.stimulus.kind != StimulusKind::Paper {
        return none("only the cue-and-dots videos are drawn with the phases that the three rates divide");
    }
    let origin = source_of(context)?;
    let (mut outcomes, mut refused) = (Vec::new(), Vec::new());
    for rate in &RATES {
        match material(context, &origin, *rate) {
            Ok(material) => outcomes.push(outcome(context, rate, &material)?),
            Err(Error::Data(error)) => refused.push(format!("{} a second could not be prepared: {error}.", rate.hz)),
            Err(Error::Config(error)) => refused.push(format!("{} a second could not be prepared: {error}.", rate.hz)),
            Err(error) => return Err(error),
        }
    }
    tell(context, &origin, &outcomes, refused)
}

/// A simulated recording is drawn anew from its own generator, which stands in the planted truth, else from its preset.
fn source_of(context: &Context<'_>) -> Result<Source> {
    let (config, truth) = (&context.main.config, context.main.dataset.truth.as_ref());
    let planted = truth.and_then(|truth| serde_json::from_value::<CortexConfig>(truth.generator.clone()).ok());
    let mut cortex = match (planted, config.data.simulate) {
        (Some(cortex), _) => cortex,
        (None, Some(preset)) => {
            let n_trials = config.data.trials_per_condition.unwrap_or(context.sizes.trials_per_condition);
            CortexConfig::preset(&preset.to_string())?.with_sessions(1, n_trials)
        }
        (None, None) => return Ok(Source::Read),
    };
    cortex.bin_width_secs = NARROW_BIN_SECS;
    cortex.n_observer_trials = 0;
    cortex.sessions.truncate(1);
    let mut recordings = generate(&cortex, config.seed)?;
    let recording = recordings.pop().ok_or_else(|| Error::Bug("a simulation without sessions".into()))?;
    Ok(Source::Simulated(Box::new(recording)))
}

fn material(context: &Context<'_>, origin: &Source, rate: Rate) -> Result<Material> {
    let config = &context.main.config;
    let mut given = at_rate(config, rate, context.retraining.config.stimulus.frame_px)?;
    given.split.n_folds = Some(1);
    let stimulus = &mut given.stimulus;
    let [train, validation, test] = MOST_CLIPS;
    let at_most = |clips: &mut Option<usize>, most: usize| *clips = clips.map(|n| n.min(most));
    at_most(&mut stimulus.clips_train, train);
    at_most(&mut stimulus.clips_validation, validation);
    at_most(&mut stimulus.clips_test, test);
    stimulus.video_pool = Some(0);
    stimulus.render_own_dots = Some(false);
    match origin {
        Source::Simulated(recording) => {
            let mut config = resolve(given, &SourceFacts::default())?;
            config.precision = config.precision.settled();
            let recordings = vec![recording.as_ref().clone()];
            let assembled = prepare::assemble_recordings(&config, recordings, Vec::new(), context.progress)?;
            Material::of_dataset(config, assembled.dataset, assembled.splits)
        }
        Source::Read => prepared(config, given, context.progress),
    }
}

fn outcome(context: &Context<'_>, rate: &Rate, material: &Material) -> Result<Outcome> {
    let fold = material.folds.first().ok_or_else(|| Error::Bug("a material without folds".into()))?;
    let options = EvaluationOptions { per_sample: PerSample::None, ..EvaluationOptions::default() };
    let network = context.small_fit(&format!("{} frames a second", rate.hz));
    let fits: [(&'static str, &dyn FitDecoder); 2] = [("network", &network), ("ridge", &RidgeVideo::default())];
    let mut evaluations = Vec::new();
    let mut shown = None;
    for (name, fit) in fits {
        let seed = derive_seed(context.seed, &format!("frame_rates/{}/{name}", rate.hz));
        let scored = evaluate(fit.fit(fold, seed)?.as_ref(), fold, Part::Test, &material.readouts, &options)?;
        evaluations.push((name, scored.evaluation));
        shown.get_or_insert(scored.videos);
    }
    let is_trained = |&trial: &usize| !fold.train_of_condition()[fold.condition_of(trial)].is_empty();
    if fold.trials(Part::Test).iter().all(is_trained) {
        evaluations.push(("ceiling", ceiling(fold, Part::Test, &material.readouts, &options)?.evaluation));
    }
    let videos = shown.ok_or_else(|| Error::Bug("no decoder was scored".into()))?;
    let condition = first_shown(&videos);
    Ok(Outcome {
        hz: rate.hz,
        timeline: material.dataset.timeline.clone(),
        n_bins: material.dataset.n_bins(),
        evaluations,
        conditions: (0..material.dataset.conditions.len())
            .map(|condition| material.dataset.conditions.label(condition))
            .collect(),
        label: condition.map_or_else(String::new, |condition| material.dataset.conditions.label(condition)),
        videos,
    })
}

fn first_shown(videos: &ConditionVideos) -> Option<usize> {
    (0..videos.decoded.len()).find(|&at| videos.decoded[at].is_some() && videos.truth[at].is_some())
}

fn tell(context: &Context<'_>, origin: &Source, outcomes: &[Outcome], refused: Vec<String>) -> Result<Section> {
    let mut findings = refused;
    findings.extend(rate_findings(context, outcomes));
    let px = context.retraining.config.stimulus.frame_px;
    let n_test = outcomes.first().map_or(0, |outcome| outcome.evaluations[0].1.trials.len());
    let where_from = match origin {
        Source::Simulated(_) => {
            "All three rates add up the same spikes, simulated once more in bins of 50 ms, so the recording is not trial for trial that of \
             other studies."
        }
        Source::Read => "All three rates bin the same recording.",
    };
    Ok(Section {
        slug: SLUG.into(),
        title: TITLE.into(),
        question: QUESTION.into(),
        sizes: format!(
            "{}, {n_test} test trials; here frames of {px} x {px} pixels, and bins as long as frames; {}; at most {} clips a condition in training \
             and {} in test",
            data_words(context.main),
            network_words(context),
            MOST_CLIPS[0],
            MOST_CLIPS[2]
        ),
        findings,
        caveats: vec![
            where_from.into(),
            "Intervals resample conditions; differences are taken condition by condition, of networks trained once at each rate.".into(),
            "At 5 frames a second fixation begins 0.1 s later, as 0.5 s are no whole number of frames.".into(),
            "Optical flow looks two frames ahead, which is 0.4, 0.2 and 0.1 s: angle errors of different rates are not one measure, and each is \
             to be held against its own ceiling."
                .into(),
            "Speeds are those of the videos at 10 frames a second, per second; dots move further from frame to frame at the slow rate.".into(),
        ],
        charts: charts(outcomes)?,
        tables: if outcomes.is_empty() { Vec::new() } else { vec![table(outcomes)] },
    })
}

fn value(evaluation: &Evaluation, label: &str) -> Option<f64> {
    headlines(evaluation).iter().find(|headline| headline.label() == label)?.value
}

/// Each score of the network at every rate, and its differences from the published rate over the conditions that both have.
fn rate_findings(context: &Context<'_>, outcomes: &[Outcome]) -> Vec<String> {
    let Some(first) = outcomes.first() else { return Vec::new() };
    headlines(&first.evaluations[0].1).iter().filter_map(|headline| rate_finding(context, outcomes, headline)).collect()
}

fn rate_finding(context: &Context<'_>, outcomes: &[Outcome], headline: &Headline) -> Option<String> {
    let label = headline.label();
    let (n, seed) = (context.sizes.n_bootstrap, derive_seed(context.seed, "frame_rates/differences"));
    // Flow looks two frames ahead, so that an angle error means something else at each rate: what lies beyond the ceiling's is compared.
    let is_angle = headline.kind.unit == "deg";
    let values = |outcome: &Outcome| -> Option<Vec<Option<f64>>> {
        let own = headline_by_condition(&outcome.evaluations[0].1, &label)?;
        if !is_angle {
            return Some(own);
        }
        let ceiling = outcome.evaluations.iter().find(|(name, _)| *name == "ceiling")?;
        let least = headline_by_condition(&ceiling.1, &label)?;
        Some(own.iter().zip(least).map(|(own, least)| Some((*own)? - least?)).collect())
    };
    let rates: Vec<(&Outcome, Vec<Option<f64>>)> =
        outcomes.iter().filter_map(|outcome| Some((outcome, values(outcome)?))).collect();
    let at = |hz: f64| format!("{hz} a second");
    let each: Vec<String> = rates
        .iter()
        .filter_map(|(outcome, values)| {
            let own = of_conditions(values, n, seed, &format!("{label}/{}", outcome.hz))?;
            Some(format!("{} at {}", with_interval(own.mean, Some(own.interval_95)), at(outcome.hz)))
        })
        .collect();
    if each.is_empty() {
        return None;
    }
    let unit = if headline.kind.unit.is_empty() { String::new() } else { format!(" ({})", headline.kind.unit) };
    let beyond = if is_angle { " beyond that of perfect classification" } else { "" };
    let begin = format!("{label}{beyond}{unit} of the network: {}", listed(&each));
    let is_lost = |(outcome, _): &(&Outcome, _)| is_guessing(&outcome.evaluations[0].1, headline);
    if rates.iter().all(is_lost) {
        let chance = short(headline.chance.unwrap_or(0.0));
        return Some(format!(
            "{begin}. At chance here (guessing {chance}) at every rate: a difference is not testable."
        ));
    }
    let (published, base) = rates.iter().find(|(outcome, _)| outcome.hz == PUBLISHED.hz)?;
    let differences: Vec<String> = rates
        .iter()
        .filter(|(outcome, _)| outcome.hz != published.hz)
        .map(|(outcome, values)| {
            let name = format!("{label}/{} minus {}", outcome.hz, published.hz);
            let what = format!("{} minus {}", outcome.hz, at(published.hz));
            match difference_of_conditions(values, base, n, seed, &name) {
                Some(own) => {
                    let value = with_interval(own.mean, Some(own.interval_95));
                    let [low, high] = own.interval_95;
                    let open = if low <= 0.0 && high >= 0.0 { ", not resolvable at this size" } else { "" };
                    format!("{what} {value}{open}")
                }
                None => format!("{what} not testable: the rates share no two conditions"),
            }
        })
        .collect();
    let end = if differences.is_empty() { String::new() } else { format!("; {}", differences.join("; ")) };
    Some(format!("{begin}{end}."))
}

/// Whether an accuracy's own interval over trials reaches down to guessing; false for scores without a level of guessing.
fn is_guessing(evaluation: &Evaluation, headline: &Headline) -> bool {
    let accuracy = match headline.feature.as_str() {
        VIDEO => evaluation.condition_accuracy.as_ref(),
        feature => evaluation.feature(feature).and_then(|own| own.accuracy.as_ref()),
    };
    headline.chance.is_some() && accuracy.is_some_and(|own| own.interval_95[0] <= own.chance)
}

fn charts(outcomes: &[Outcome]) -> Result<Vec<Chart>> {
    let Some(first) = outcomes.first() else { return Ok(Vec::new()) };
    let panel = |feature: &str| {
        let mut rows = Vec::new();
        let mut chance = None;
        for outcome in outcomes {
            for (name, evaluation) in outcome.evaluations.iter().filter(|(name, _)| *name != "ceiling") {
                let Some(own) = evaluation.feature(feature).and_then(|own| own.accuracy.as_ref()) else { continue };
                chance = Some(own.chance);
                let mut row = row(&format!("{} a second", outcome.hz), Some(own.accuracy), Some(own.interval_95));
                row.group = (*name).into();
                row.filled = own.interval_95[0] > own.chance;
                rows.push(row);
            }
        }
        intervals(feature, "Accuracy on single trials", chance, rows)
    };
    let features = first.evaluations[0].1.features.iter().filter(|feature| feature.accuracy.is_some());
    let panels: Vec<ChartPanel> = features.map(|feature| panel(&feature.name)).collect();
    let mut charts = vec![Chart {
        slug: "frames".into(),
        title: format!("Frames of true and decoded videos at each rate: {}", first.label),
        reading:
            "Condition averages over test trials: mean true video above, the network's below; each column is one time."
                .into(),
        panels: vec![ChartPanel { title: "frames".into(), body: strips(outcomes)? }],
    }];
    charts.push(Chart {
        slug: "movies".into(),
        title: "Movies at each rate, true beside decoded".into(),
        reading: "Condition averages over test trials, at their own rate; the true mean video on the left of each pair, the network's on the right. \
                  The pictures are animated PNGs."
            .into(),
        panels: vec![ChartPanel { title: "movies".into(), body: movies(outcomes)? }],
    });
    if !panels.is_empty() {
        charts.push(Chart {
            slug: "accuracy".into(),
            title: "Accuracy at each rate".into(),
            reading: "Clopper-Pearson 95 % intervals over test trials; the line is chance; filled where the interval lies above it.".into(),
            panels,
        });
    }
    Ok(charts)
}

/// One animated picture a rate and condition.
fn movies(outcomes: &[Outcome]) -> Result<PanelBody> {
    let of_both = |outcome: &Outcome| -> Vec<usize> {
        let videos = &outcome.videos;
        (0..videos.decoded.len()).filter(|&at| videos.decoded[at].is_some() && videos.truth[at].is_some()).collect()
    };
    let shown: Vec<usize> = match outcomes.first().map(of_both) {
        Some(all) => (0..N_MOVIES.min(all.len())).map(|at| all[at * all.len() / N_MOVIES.min(all.len())]).collect(),
        None => Vec::new(),
    };
    let mut rows = Vec::new();
    for outcome in outcomes {
        let [n_frames, height, width, _] = outcome.videos.shape;
        let sheet = |video: &Option<Vec<f32>>| Sheet {
            n_frames,
            height,
            width,
            pixels: video.iter().flatten().map(gray_level).collect(),
        };
        let picture = |&condition: &usize| -> Result<String> {
            let pair = vec![sheet(&outcome.videos.truth[condition]), sheet(&outcome.videos.decoded[condition])];
            Ok(movie_address(&[pair], outcome.hz)?)
        };
        let label = format!("{} a second", outcome.hz);
        rows.push(PictureRow { label, pictures: shown.iter().map(picture).collect::<Result<_>>()? });
    }
    let columns = outcomes.first().map_or(Vec::new(), |outcome| varying(&outcome.conditions, &shown));
    Ok(PanelBody::Pictures { rows, columns })
}

/// Labels of some conditions without the words that all of these share: a narrow column has no room for them.
fn varying(labels: &[String], shown: &[usize]) -> Vec<String> {
    let words: Vec<Vec<&str>> = shown.iter().map(|&at| labels[at].split(' ').collect()).collect();
    let is_shared = |at: usize| words.len() > 1 && words.iter().all(|own| own.get(at) == words[0].get(at));
    let of = |own: &Vec<&str>| {
        let kept: Vec<&str> = own.iter().enumerate().filter(|(at, _)| !is_shared(*at)).map(|(_, word)| *word).collect();
        kept.join(" ")
    };
    words.iter().map(of).collect()
}

fn gray_level(value: &f32) -> u8 {
    (value.clamp(0.0, 1.0) * 255.0).round() as u8
}

fn strips(outcomes: &[Outcome]) -> Result<PanelBody> {
    let mut rows = Vec::new();
    for outcome in outcomes {
        let Some(condition) = first_shown(&outcome.videos) else { continue };
        let [n_frames, height, width, rgb] = outcome.videos.shape;
        let frame_at = |secs: f64| {
            let at = ((secs - outcome.timeline.start_secs) * outcome.timeline.frame_rate_hz).floor().max(0.0) as usize;
            at.min(n_frames - 1)
        };
        let videos = [("true", &outcome.videos.truth), ("decoded", &outcome.videos.decoded)];
        for (name, video) in videos {
            let Some(video) = &video[condition] else { continue };
            let picture = |&secs: &f64| -> Result<String> {
                let len = height * width * rgb;
                let frame = &video[frame_at(secs) * len..][..len];
                let bytes: Vec<u8> = frame.iter().map(gray_level).collect();
                Ok(format!("data:image/png;base64,{}", encode_sheet(&bytes, 1, height, width)?))
            };
            let pictures = SHOWN_SECS.iter().map(picture).collect::<Result<Vec<_>>>()?;
            rows.push(PictureRow { label: format!("{} a second, {name}", outcome.hz), pictures });
        }
    }
    Ok(PanelBody::Pictures { rows, columns: SHOWN_SECS.map(|secs| format!("{secs} s")).to_vec() })
}

fn table(outcomes: &[Outcome]) -> DataTable {
    let mut columns = vec!["frames a second".to_string(), "bins".into(), "decoder".into()];
    let kinds = outcomes.first().map_or(Vec::new(), |outcome| headlines(&outcome.evaluations[0].1));
    columns.extend(kinds.iter().map(|headline| match headline.kind.unit.as_str() {
        "" => headline.label(),
        unit => format!("{} ({unit})", headline.label()),
    }));
    let rows = outcomes.iter().flat_map(|outcome| {
        outcome.evaluations.iter().map(|(name, evaluation)| {
            let mut cells: Vec<TableCell> = vec![outcome.hz.into(), (outcome.n_bins as f64).into(), (*name).into()];
            cells.extend(kinds.iter().map(|kind| TableCell::from(value(evaluation, &kind.label()))));
            cells
        })
    });
    DataTable { slug: "scores".into(), title: "Scores at each rate".into(), columns, rows: rows.collect() }
}
