//! One self-contained HTML page: what the schema and the provenance say, put into words, tables and pictures.
//!
//! It loads nothing: the content security policy allows `data:` pictures and this page's own style and script, by their
//! SHA-256, and no more. Every name is escaped by the template engine; what is passed as markup is made by [`crate::svg`].
//! Not here: what the figures look like ([`crate::figures`]).

mod masking;
mod part;
mod scores;
mod section;

use crate::base64;
use crate::figures::{Figure, SectionFigure};
use crate::schema::{Study, StudyCounts};
use crate::text::number;
use crate::{Error, Provenance, Result};
use askama::Template;
use part::PartView;
use section::SectionView;
pub(crate) use section::table_stem;
use sha2::{Digest, Sha256};

const STYLE: &str = include_str!("../../templates/page.css");
const SCRIPT: &str = include_str!("../../templates/player.js");

#[derive(Template)]
#[template(path = "page.html")]
struct PageView<'a> {
    study: &'a Study,
    policy: String,
    style: &'static str,
    script: &'static str,
    parts: Vec<PartView<'a>>,
    sections: Vec<SectionView<'a>>,
    counts: Option<String>,
    provenance: &'a Provenance,
    facts: Vec<(&'static str, String)>,
    steps: Vec<(&'a str, String)>,
}

/// The page of a study. `figures` holds the figures of each report, as [`crate::figures::figures`] gives them;
/// `section_figures` those of each section, as [`crate::figures::section_figures`] does.
///
/// # Errors
/// [`Error::Draw`] where the template engine fails.
pub fn page(
    study: &Study,
    figures: &[Vec<Figure>],
    section_figures: &[Vec<SectionFigure>],
    provenance: &Provenance,
) -> Result<String> {
    let sections = study.sections.iter().zip(section_figures);
    let parts = study.reports.iter().zip(figures).enumerate();
    let view = PageView {
        study,
        policy: policy(),
        style: STYLE,
        script: SCRIPT,
        parts: parts.map(|(idx, (report, figures))| PartView::new(idx, report, figures)).collect(),
        sections: sections.map(|(section, figures)| SectionView::new(section, figures)).collect(),
        // A page of no recording of its own gathers runs.
        counts: study.studies.map(|of| counts(of, if study.reports.is_empty() { "runs" } else { "studies" })),
        provenance,
        facts: facts(provenance),
        steps: provenance.step_secs.iter().map(|(step, secs)| (step.as_str(), duration(*secs))).collect(),
    };
    view.render().map_err(|error| Error::Draw(error.to_string()))
}

/// What became of planned studies or runs, in a sentence.
fn counts(counts: StudyCounts, what: &str) -> String {
    let StudyCounts { n_planned, n_done, n_failed, n_missing } = counts;
    if n_done == n_planned {
        return format!("All {n_planned} planned {what} are done.");
    }
    format!("Of {n_planned} planned {what} {n_done} are done, {n_failed} failed and {n_missing} have not run.")
}

/// What the page may load: nothing but itself.
fn policy() -> String {
    let hash = |text: &str| base64::encode(&Sha256::digest(text.as_bytes()));
    format!(
        "default-src 'none'; img-src data:; style-src 'sha256-{}'; script-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        hash(STYLE),
        hash(SCRIPT)
    )
}

fn facts(provenance: &Provenance) -> Vec<(&'static str, String)> {
    let memory = provenance.peak_memory_bytes.map(|bytes| format!("{} MiB", number(bytes as f64 / 1_048_576.0, 0)));
    let mut facts = vec![("spikereel", provenance.version.clone())];
    // Only a build from a source tree knows its commit.
    facts.extend(provenance.git_commit.clone().map(|commit| ("Commit", commit)));
    facts.extend([
        ("System", provenance.target.clone()),
        ("Instruction set", provenance.instruction_set.clone()),
        ("Precision", provenance.precision.clone()),
        ("Threads", format!("{} (results do not depend on them)", provenance.n_threads)),
        ("Processes", format!("{} (results depend on their number)", provenance.n_ranks)),
        ("Seed", provenance.seed.to_string()),
        ("Peak memory", memory.unwrap_or_else(|| "unknown".into())),
    ]);
    facts
}

fn duration(secs: f64) -> String {
    if secs < 60.0 { format!("{} s", number(secs, 1)) } else { format!("{} min", number(secs / 60.0, 1)) }
}

/// A figure as the page needs it.
struct FigureView {
    title: String,
    reading: String,
    panels: Vec<String>,
    svg_file: String,
    pdf_file: String,
    csv_file: String,
}

impl FigureView {
    fn new(part_idx: usize, figure: &Figure) -> Self {
        let name = file_stem(part_idx, figure);
        Self {
            title: figure.title.clone(),
            reading: figure.reading.clone(),
            panels: figure.panels.iter().map(|panel| panel.svg.inline(&panel.description)).collect(),
            svg_file: format!("figures/{name}.svg"),
            pdf_file: format!("figures/{name}.pdf"),
            csv_file: format!("tables/{name}.csv"),
        }
    }
}

/// The name of a figure's files, without ending: its part and its slug.
pub(crate) fn file_stem(part_idx: usize, figure: &Figure) -> String {
    format!("{}-{}", part_idx + 1, figure.slug)
}

/// Where a part's movie stands below the report's folder.
pub(crate) fn movie_file(part_idx: usize) -> String {
    format!("videos/{}-true-and-decoded.png", part_idx + 1)
}
