//! PCA and t-SNE or UMAP of spikes and of the decoder's latents, with numbers for what seems to separate in them.

use super::Context;
use super::embedding_charts::{charts, tables};
use super::estimate_words::{recording, without_result};
use super::words::{ALPHA, listed, short, with_interval};
use crate::Result;
use spikereel_analysis::stats::Correction;
use spikereel_analysis::study::{
    EmbeddedSpace, Embedding, EmbeddingOptions, Separation, SeparationOptions, SpaceKind, embedding_study,
};
use spikereel_data::Part;
use spikereel_data::rng::derive_seed;
use spikereel_report::schema::Section;

const SLUG: &str = "embedding";
const TITLE: &str = "Embeddings of spikes and latents";
const QUESTION: &str =
    "Which of cue, stimulus, response, phase and region separate in spikes and in the decoder's latents?";
/// Fewest test trials that are embedded.
const MIN_TRIALS: usize = 20;

/// Separation of one labeling in one space, with its corrected p.
pub(super) struct Cell<'a> {
    pub(super) space: &'a EmbeddedSpace,
    pub(super) labeling: &'a str,
    pub(super) n_labels: usize,
    pub(super) separation: &'a Separation,
    pub(super) in_plane: Option<&'a Separation>,
    /// Benjamini-Hochberg over all cells, of the neighbors' accuracy in the space itself.
    pub(super) p: f64,
}

impl Cell<'_> {
    /// Above the null after correction, with an interval above the null's mean.
    pub(super) fn is_found(&self) -> bool {
        self.p < ALPHA && self.separation.knn.interval_95.is_some_and(|[low, _]| low > self.separation.knn.null_mean)
    }
}

/// Embeds test trials of the first fold.
///
/// # Errors
/// A network that diverges, what the analysis refuses.
pub fn study(context: &Context<'_>) -> Result<Section> {
    let fold = &context.main.folds[0];
    let n_test = fold.trials(Part::Test).len();
    if n_test < MIN_TRIALS {
        let why = format!("Not to be answered here: {n_test} test trials, at least {MIN_TRIALS} are needed.");
        return Ok(without_result(SLUG, TITLE, QUESTION, recording(context), why));
    }
    let decoder = context.decoder(0, 0)?;
    let options = EmbeddingOptions {
        n_samples: context.sizes.n_embedded,
        plane: context.choices.plane,
        separation: SeparationOptions {
            n_shuffles: context.sizes.n_permutations,
            n_bootstrap: context.sizes.n_bootstrap,
            seed: derive_seed(context.seed, "embedding"),
            ..SeparationOptions::default()
        },
        ..EmbeddingOptions::default()
    };
    let found = embedding_study(fold, Some(&decoder), &options)?;
    let cells = cells(&found);
    let others: Vec<String> = found
        .spaces
        .iter()
        .filter(|space| space.pca.len() != found.trials.len())
        .map(|space| format!(", {} samples of {}", space.pca.len(), space.kind.describe()))
        .collect();
    let others = others.concat();
    let sizes = format!(
        "{}; {} of {n_test} test trials, one sample each{others}; a decoder of {} base channels, {} epochs; {} neighbors, {} shuffles, {} bootstrap replicates",
        recording(context),
        found.trials.len(),
        context.main.config.network.base_channels,
        context.main.config.train.epochs,
        options.separation.n_neighbors,
        options.separation.n_shuffles,
        options.separation.n_bootstrap
    );
    Ok(Section {
        slug: SLUG.into(),
        title: TITLE.into(),
        question: QUESTION.into(),
        sizes,
        findings: findings(&found, &cells),
        caveats: caveats(context.choices.plane.title()),
        charts: charts(&found, &cells),
        tables: tables(&found, &cells),
    })
}

fn cells(found: &Embedding) -> Vec<Cell<'_>> {
    let mut cells: Vec<Cell<'_>> = Vec::new();
    for space in &found.spaces {
        for (at, labeling) in space.labelings.iter().enumerate() {
            let Some(separation) = &space.separations[at] else { continue };
            let mut used = labeling.label_of_sample.clone();
            used.sort_unstable();
            used.dedup();
            let (name, in_plane) = (labeling.name.as_str(), space.separations_plane[at].as_ref());
            cells.push(Cell { space, labeling: name, n_labels: used.len(), separation, in_plane, p: 1.0 });
        }
    }
    let p_values: Vec<f64> = cells.iter().map(|cell| cell.separation.knn.p).collect();
    for (cell, p) in cells.iter_mut().zip(Correction::BenjaminiHochberg.correct(&p_values)) {
        cell.p = p;
    }
    cells
}

fn findings(found: &Embedding, cells: &[Cell<'_>]) -> Vec<String> {
    let mut out = Vec::new();
    let mut labelings: Vec<&str> = Vec::new();
    cells.iter().for_each(|cell| {
        if !labelings.contains(&cell.labeling) {
            labelings.push(cell.labeling);
        }
    });
    for labeling in labelings {
        out.push(of_labeling(labeling, cells));
    }
    for gain in &found.latent_gains {
        let words = with_interval(gain.knn.value, gain.knn.interval_95);
        out.push(if !gain.knn.excludes(0.0) {
            format!(
                "Latents against spikes, {}: {words} more trials named, not resolvable at this size.",
                gain.labeling
            )
        } else if gain.knn.value > 0.0 {
            format!("Latents name the {} of more trials than spikes do, by {words} of all trials.", gain.labeling)
        } else {
            format!("Latents name the {} of fewer trials than spikes do, by {words} of all trials.", gain.labeling)
        });
    }
    out
}

/// A space in a few words.
pub(super) fn space_name(cell: &Cell<'_>) -> String {
    match &cell.space.kind {
        SpaceKind::RegionMeanSpikes(region) => format!("mean of {region}"),
        SpaceKind::MeanSpikes => "mean of all sites".into(),
        SpaceKind::FlatSpikes => "bins and sites".into(),
        SpaceKind::Latents => "latents".into(),
        SpaceKind::Phases => "phases of trials".into(),
        SpaceKind::RegionTimeCourses => "time courses".into(),
    }
}

fn of_labeling(labeling: &str, cells: &[Cell<'_>]) -> String {
    let own: Vec<&Cell<'_>> = cells.iter().filter(|cell| cell.labeling == labeling).collect();
    let (above, open): (Vec<&&Cell<'_>>, Vec<&&Cell<'_>>) = own.iter().partition(|cell| cell.is_found());
    let words = |cell: &&&Cell<'_>| {
        let knn = &cell.separation.knn;
        let named = with_interval(knn.value, knn.interval_95);
        format!("{} {named} (shuffled {}, 95 % below {})", space_name(cell), short(knn.null_mean), short(knn.null_95))
    };
    let (above, open): (Vec<String>, Vec<String>) =
        (above.iter().map(words).collect(), open.iter().map(|cell| space_name(cell)).collect());
    match (above.is_empty(), open.is_empty()) {
        (true, _) => format!(
            "Neighbors do not name the {labeling} above shuffled labels in {}; not resolvable at this size.",
            listed(&open)
        ),
        (false, true) => format!("Neighbors name the {labeling}, share of samples: {}.", listed(&above)),
        (false, false) => {
            format!(
                "Neighbors name the {labeling}, share of samples: {}; not resolvable in {}.",
                listed(&above),
                listed(&open)
            )
        }
    }
}

fn caveats(plane: &str) -> Vec<String> {
    let own = format!(
        "{plane} shows neighborhoods; distances between clusters, their sizes and empty space between them mean nothing. What counts stands in the table, measured in the space itself."
    );
    let others = [
        "The decoder was trained to draw cue and stimulus, so that these separate in its latents is its task; all samples here are test trials.",
        "The side of the response follows from cue and stimulus on correct trials, so a space that separates these can separate the response without any signal of choice.",
        "Phases are means over equally many bins from their onset, regions over equally many sites: a mean with less noise would be everyone's nearest neighbor.",
        "Samples of different regions come from different sites with their own rates and noise; that regions separate does not say that their codes differ.",
        "Intervals resample trials (conditions, for regions) and leave out the variance of network and embedding; p is Benjamini-Hochberg over all rows of the table.",
        "Latents by region would need masked or single-region networks and are left out.",
    ];
    [own].into_iter().chain(others.map(String::from)).collect()
}
