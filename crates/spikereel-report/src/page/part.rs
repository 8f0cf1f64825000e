//! One report as the template needs it: every number a text, every choice made.

use super::FigureView;
use super::masking::{MaskingView, VerdictView};
use super::scores::ScoresView;
use crate::figures::Figure;
use crate::schema::{Kind, Leak, Report};
use crate::text::{count, number};

/// One part of the page.
pub(super) struct PartView<'a> {
    pub number: usize,
    pub report: &'a Report,
    pub kind: &'static str,
    pub kind_note: &'static str,
    pub key_numbers: Vec<(String, &'static str)>,
    pub missing: Option<String>,
    pub player: Option<PlayerView<'a>>,
    pub film: Option<FigureView>,
    pub scatter: Option<FigureView>,
    pub scores: Vec<ScoresView<'a>>,
    pub masking: Option<MaskingView<'a>>,
    pub planted: Option<FigureView>,
    pub verdicts: Vec<VerdictView<'a>>,
    pub curve: Option<FigureView>,
    pub data_facts: Vec<(&'static str, String)>,
    pub network_facts: Vec<(String, String)>,
    pub leaks: Vec<LeakView>,
    pub folds: Vec<[String; 3]>,
    pub readings: Vec<&'a str>,
    pub observer: Option<[String; 3]>,
    pub links: Vec<(&'static str, &'static str)>,
}

/// The synchronised player.
pub(super) struct PlayerView<'a> {
    pub videos: &'a crate::schema::Videos,
    pub start_frame: usize,
    pub movie_file: String,
    pub phases: Vec<PhaseView<'a>>,
    pub clips: Vec<ClipView<'a>>,
}

/// A phase on the player's bar.
pub(super) struct PhaseView<'a> {
    pub name: &'a str,
    pub start: usize,
    pub end: usize,
    pub n_frames: usize,
    pub color: &'static str,
}

/// A clip with its sheets, numbered.
pub(super) struct ClipView<'a> {
    pub idx: usize,
    pub label: &'a str,
    pub sheets: Vec<(usize, &'a str)>,
}

/// One line about leakage.
pub(super) struct LeakView {
    pub class: &'static str,
    pub mark: &'static str,
    pub text: String,
}

impl<'a> PartView<'a> {
    pub fn new(idx: usize, report: &'a Report, figures: &[Figure]) -> Self {
        let figure = |slug: &str| figures.iter().find(|figure| figure.slug == slug).map(|f| FigureView::new(idx, f));
        let (kind, kind_note) = match report.kind {
            Kind::Real => ("Real recording", "spikes of a brain; which region carries what is not known beforehand"),
            Kind::Simulated => ("Simulated recording", "spikes of a simulator, so the right answer is known"),
        };
        let mut part = Self {
            number: idx + 1,
            report,
            kind,
            kind_note,
            key_numbers: key_numbers(report),
            missing: missing(report),
            player: player(idx, report),
            film: figure("film-strips"),
            scatter: figure("true-and-decoded-values"),
            scores: ScoresView::all(idx, report, figures),
            masking: MaskingView::new(report, figure("masking")),
            planted: figure("planted-and-found"),
            verdicts: VerdictView::all(report),
            curve: figure("learning-curve"),
            data_facts: data_facts(report),
            network_facts: network_facts(report),
            leaks: report.split.leaks.iter().map(leak).collect(),
            folds: report
                .split
                .folds
                .iter()
                .map(|f| [count(f.n_train), count(f.n_validation), count(f.n_test)])
                .collect(),
            readings: readings(report),
            observer: report.planted.as_ref().map(|planted| {
                let correlation = number(planted.within_condition_correlation, 2);
                [count(planted.n_observer_trials), number(planted.condition_accuracy, 2), correlation]
            }),
            links: Vec::new(),
        };
        part.links = part.sections();
        part
    }

    /// The sections this part has, for the table of contents.
    fn sections(&self) -> Vec<(&'static str, &'static str)> {
        let sections = [
            (self.player.is_some(), ("videos", "Videos")),
            (self.scatter.is_some(), ("values", "Decoded values")),
            (!self.scores.is_empty(), ("scores", "Scores")),
            (self.masking.is_some(), ("masking", "Masking")),
            (self.planted.is_some(), ("planted", "Planted and found")),
            (true, ("training", "Training")),
            (true, ("data", "Data and split")),
            (!self.report.caveats.is_empty(), ("caveats", "Caveats")),
        ];
        sections.into_iter().filter(|(is_there, _)| *is_there).map(|(_, link)| link).collect()
    }
}

fn key_numbers(report: &Report) -> Vec<(String, &'static str)> {
    let data = &report.data;
    let mut numbers = vec![
        (count(data.n_sites), "sites"),
        (count(data.regions.len()), "regions"),
        (count(data.n_trials), "trials"),
        (count(data.n_conditions), "conditions"),
    ];
    if data.n_sessions > 1 {
        numbers.insert(0, (count(data.n_sessions), "sessions"));
    }
    numbers
}

/// How each factor is read, each sentence once.
fn readings(report: &Report) -> Vec<&str> {
    let mut readings: Vec<&str> = Vec::new();
    for scatter in &report.scatters {
        if !readings.contains(&scatter.readout.as_str()) {
            readings.push(&scatter.readout);
        }
    }
    readings
}

/// A sentence where fits are missing.
fn missing(report: &Report) -> Option<String> {
    let fits = &report.fits;
    (fits.n_done < fits.n_planned).then(|| {
        let notes = fits.notes.join("; ");
        let notes = if notes.is_empty() { String::new() } else { format!(": {notes}") };
        format!(
            "{} of {} planned fits are part of these numbers; {} failed, {} never ran{notes}.",
            fits.n_done, fits.n_planned, fits.n_failed, fits.n_missing
        )
    })
}

fn player(part_idx: usize, report: &Report) -> Option<PlayerView<'_>> {
    let videos = report.videos.as_ref().filter(|videos| !videos.clips.is_empty())?;
    let mut start = 0;
    let mut phases = Vec::new();
    for (idx, phase) in videos.phases.iter().enumerate() {
        let end = start + phase.n_frames;
        let color = crate::figures::phase_color_name(idx);
        phases.push(PhaseView { name: &phase.name, start, end, n_frames: phase.n_frames, color });
        start = end;
    }
    let clips = videos.clips.iter().enumerate().map(|(idx, clip)| ClipView {
        idx,
        label: &clip.label,
        sheets: clip.sheets.iter().map(String::as_str).enumerate().collect(),
    });
    // A quarter in: a still page then shows more than fixation.
    Some(PlayerView {
        videos,
        start_frame: videos.n_frames / 4,
        movie_file: super::movie_file(part_idx),
        phases,
        clips: clips.collect(),
    })
}

fn data_facts(report: &Report) -> Vec<(&'static str, String)> {
    let data = &report.data;
    let bins = &data.bins;
    let ms = |secs: f64| number(secs * 1000.0, 0);
    let bins = format!(
        "{} of {} ms, every {} ms, the first from {} ms",
        bins.n_bins,
        ms(bins.width_secs),
        ms(bins.step_secs),
        ms(bins.start_secs)
    );
    let factors = data.factors.iter().map(|factor| format!("{} ({})", factor.name, factor.levels.join(", ")));
    let mut facts = vec![
        ("Recording", data.name.clone()),
        ("Origin", data.origin.clone()),
        ("Sessions", count(data.n_sessions)),
        ("Trials", format!("{} in {} conditions", count(data.n_trials), count(data.n_conditions))),
        ("Varied", factors.collect::<Vec<_>>().join("; ")),
        ("Bins", bins),
        ("Standardisation", data.standardisation.clone()),
        ("Target video", data.target.clone()),
    ];
    facts.retain(|(_, text)| !text.is_empty());
    facts
}

fn network_facts(report: &Report) -> Vec<(String, String)> {
    let network = &report.network;
    let fixed = [
        ("Network", network.name.clone()),
        ("Parameters", count(network.n_parameters)),
        ("Base channels", count(network.base_channels)),
        ("Precision", network.precision.clone()),
        ("Fits", format!("{} of {} planned", report.fits.n_done, report.fits.n_planned)),
    ];
    let fixed = fixed.into_iter().map(|(name, value)| (name.to_string(), value));
    fixed.chain(network.settings.iter().map(|setting| (setting.name.clone(), setting.value.clone()))).collect()
}

fn leak(leak: &Leak) -> LeakView {
    let (n, what) = (count(leak.n_on_both_sides), &leak.what);
    let of = format!("of {} in test", count(leak.n_in_test));
    match (&leak.explanation, leak.n_on_both_sides) {
        (_, 0) => {
            LeakView { class: "good", mark: "\u{2713}", text: format!("No {what} stand on both sides ({n} {of}).") }
        }
        (Some(why), _) => {
            let text = format!("{n} {what} stand on both sides ({of}), as they must: {why}");
            LeakView { class: "known", mark: "i", text }
        }
        (None, _) => {
            let text = format!("{n} {what} stand on both sides ({of}): test scores are too good.");
            LeakView { class: "bad", mark: "!", text }
        }
    }
}
