//! All studies, in the order in which a report tells them.

use super::Context;
use super::{
    baselines, ceilings, confounds, cross_validation, embedding, encoder, frame_rates, leakage, masking, operators,
    paper_numbers, power, scale, shapley, similarity, single_regions, sites, size_matched, temporal, time_resolved,
};
use crate::config::choices::StudyChoices;
use crate::{ConfigError, Result};
use serde::Serialize;
use spikereel_report::schema::Section;

/// A study that can be asked for by name.
#[derive(Clone, Copy)]
pub struct StudyKind {
    /// Its name on the command line and in files.
    pub name: &'static str,
    /// What it asks, in a few words.
    pub asks: &'static str,
    /// Answers it.
    pub run: fn(&Context<'_>) -> Result<Section>,
}

/// Studies that have published tests to go by.
const WITH_PUBLISHED_TESTS: [&str; 3] = ["encoder", "single_regions", "masking"];

/// The study that draws samples in a plane.
const WITH_A_PLANE: &str = "embedding";

impl StudyKind {
    /// What of these choices changes this study: most have no published tests to go by, and one draws a plane.
    pub(super) fn of(&self, choices: StudyChoices) -> StudyChoices {
        let own = StudyChoices::default();
        StudyChoices {
            statistics: if WITH_PUBLISHED_TESTS.contains(&self.name) { choices.statistics } else { own.statistics },
            plane: if self.name == WITH_A_PLANE { choices.plane } else { own.plane },
        }
    }
}

impl std::fmt::Debug for StudyKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

/// Every study.
pub const ALL: &[StudyKind] = &[
    StudyKind { name: "paper_numbers", asks: "the paper's printed numbers beside ours", run: paper_numbers::study },
    StudyKind {
        name: "baselines",
        asks: "the decoder beside two other networks, ridge, mean video and class mean",
        run: baselines::study,
    },
    StudyKind { name: "cross_validation", asks: "how scores spread over folds", run: cross_validation::study },
    StudyKind {
        name: "frame_rates",
        asks: "what 5, 10 and 20 frames a second do to the scores",
        run: frame_rates::study,
    },
    StudyKind {
        name: "temporal",
        asks: "whether frames that the published decoder repeats can show motion",
        run: temporal::study,
    },
    StudyKind {
        name: "encoder",
        asks: "how well activity is predicted from video, region by region",
        run: encoder::study,
    },
    StudyKind { name: "single_regions", asks: "what one region alone carries", run: single_regions::study },
    StudyKind {
        name: "masking",
        asks: "what the decoder loses without a region, by the paper's measures and by ours",
        run: masking::study,
    },
    StudyKind { name: "operators", asks: "whether ways of masking agree", run: operators::study },
    StudyKind {
        name: "shapley",
        asks: "what each region adds over all coalitions, and which regions share or complement",
        run: shapley::study,
    },
    StudyKind { name: "time_resolved", asks: "when a region is needed", run: time_resolved::study },
    StudyKind { name: "sites", asks: "which sites are needed", run: sites::study },
    StudyKind {
        name: "size_matched",
        asks: "whether larger regions only seem to carry more",
        run: size_matched::study,
    },
    StudyKind { name: "similarity", asks: "how alike activity is within and between stimuli", run: similarity::study },
    StudyKind { name: "embedding", asks: "what separates in low dimensions", run: embedding::study },
    StudyKind { name: "leakage", asks: "what the paper's split does to the scores", run: leakage::study },
    StudyKind {
        name: "confounds",
        asks: "whether a region carries a feature or what goes with it",
        run: confounds::study,
    },
    StudyKind { name: "ceilings", asks: "how good a score can be", run: ceilings::study },
    StudyKind { name: "scale", asks: "how scores grow with sites, trials and bins", run: scale::study },
    StudyKind {
        name: "power",
        asks: "how often this analysis finds what is there, and what is not",
        run: power::study,
    },
];

/// What `study list` prints.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StudyList {
    /// Name and question of each study.
    pub studies: Vec<(String, String)>,
}

impl Default for StudyList {
    fn default() -> Self {
        Self { studies: ALL.iter().map(|study| (study.name.into(), study.asks.into())).collect() }
    }
}

/// The studies of these names; all of them for `all` or for no name.
///
/// # Errors
/// Lists the names where one is unknown.
pub fn by_names(names: &[String]) -> Result<Vec<StudyKind>> {
    if names.is_empty() || names.iter().any(|name| name == "all") {
        return Ok(ALL.to_vec());
    }
    let find = |name: &String| {
        ALL.iter().find(|study| study.name == name).copied().ok_or_else(|| {
            let known: Vec<&str> = ALL.iter().map(|study| study.name).collect();
            ConfigError::new("study", format!("all, or some of {}", known.join(", ")), format!("`{name}`")).into()
        })
    };
    names.iter().map(find).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::choices::{PlaneMethod, Statistics};

    #[test]
    fn names_are_unique_and_fit_for_files_and_an_unknown_one_lists_them_all() {
        for (idx, study) in ALL.iter().enumerate() {
            assert!(study.name.chars().all(|c| c.is_ascii_lowercase() || c == '_'), "{study:?}");
            let is_known = WITH_PUBLISHED_TESTS.contains(&study.name);
            let asked = StudyChoices { statistics: Statistics::Paper, plane: PlaneMethod::Umap };
            let kept = study.of(asked);
            assert_eq!(kept.statistics == Statistics::Paper, is_known);
            assert_eq!(kept.plane == PlaneMethod::Umap, study.name == WITH_A_PLANE);
            assert!(ALL[..idx].iter().all(|other| other.name != study.name), "{study:?} stands twice");
        }
        assert!(WITH_PUBLISHED_TESTS.iter().all(|name| ALL.iter().any(|study| study.name == *name)));
        let error = by_names(&["no such".into()]).unwrap_err().to_string();
        assert!(ALL.iter().all(|study| error.contains(study.name)), "{error}");
        assert_eq!(by_names(&[]).unwrap().len(), ALL.len());
    }
}
