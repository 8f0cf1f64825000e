//! From what a run stored to the report's own structure: plain names, plain numbers, sentences.

mod audit;
mod data;
mod facts;
mod masking;
mod scores;
mod settings;

pub use audit::audit;

use crate::config::Resolved;
use crate::findings::findings;
use crate::steps::evaluate::StoredScores;
use crate::steps::fits::WhichDecoder;
use crate::steps::prepare::About;
use crate::steps::train::Curve as StoredCurve;
use spikereel_analysis::study::MaskingTable;
use spikereel_data::{Dataset, Fold};
use spikereel_report::schema::{Citation, Curve, EpochLoss, FitCounts, Kind, Report};

/// All that a run has stored.
pub struct Stored<'a> {
    /// Its configuration.
    pub config: &'a Resolved,
    /// Its dataset.
    pub dataset: &'a Dataset,
    /// Its folds, in order.
    pub folds: &'a [Fold],
    /// One entry a planned fit; none where it was never made.
    pub curves: Vec<(WhichDecoder, Option<StoredCurve>)>,
    /// What is known beside the dataset.
    pub about: About,
    /// Scores.
    pub scores: StoredScores,
    /// Masking, where it was done.
    pub masking: Option<MaskingTable>,
}

impl Stored<'_> {
    fn is_simulated(&self) -> bool {
        self.config.data.simulate.is_some() || self.dataset.truth.is_some()
    }
}

/// The report of one run.
pub fn report(stored: &Stored<'_>) -> Report {
    let facts = facts::facts(stored);
    let kind = if stored.is_simulated() { Kind::Simulated } else { Kind::Real };
    let title = match kind {
        Kind::Real => format!("Recording {}", stored.dataset.name),
        Kind::Simulated => format!("Simulated recording {}", stored.dataset.name),
    };
    Report {
        title,
        kind,
        findings: findings(&facts).into(),
        caveats: data::caveats(stored),
        fits: fit_counts(stored),
        data: data::summary(stored),
        split: data::split(stored),
        network: settings::network(stored),
        curves: stored.curves.iter().filter_map(|(which, curve)| Some(self::curve(*which, curve.as_ref()?))).collect(),
        scores: scores::tables(stored),
        scatters: scores::scatters(stored),
        masking: stored.masking.as_ref().map(masking::table),
        planted: stored.dataset.truth.as_ref().map(masking::planted),
        videos: Some(stored.scores.videos.clone()).filter(|videos| !videos.clips.is_empty()),
        citations: citations(stored),
    }
}

fn fit_counts(stored: &Stored<'_>) -> FitCounts {
    let n_planned = stored.curves.len();
    let missing: Vec<&WhichDecoder> =
        stored.curves.iter().filter(|(_, curve)| curve.is_none()).map(|(which, _)| which).collect();
    FitCounts {
        n_planned,
        n_done: n_planned - missing.len(),
        n_failed: 0,
        n_missing: missing.len(),
        notes: missing
            .iter()
            .map(|which| format!("fold {}, network {} was never trained", which.fold_idx, which.network_idx))
            .collect(),
    }
}

fn curve(which: WhichDecoder, stored: &StoredCurve) -> Curve {
    let epoch = |(at, losses): (usize, &crate::steps::train::EpochLosses)| EpochLoss {
        epoch: at + 1,
        train_loss: Some(losses.train).filter(|loss| loss.is_finite()),
        validation_loss: losses.validation.filter(|loss| loss.is_finite()),
    };
    Curve {
        fold: which.fold_idx,
        seed: which.network_idx as u64,
        epochs: stored.epochs.iter().enumerate().map(epoch).collect(),
        kept_epoch: if stored.uses_best { stored.best_epoch } else { Some(stored.epochs.len()).filter(|&n| n > 0) },
    }
}

/// Works that every report rests on.
const METHODS: [(&str, &str); 5] = [
    (
        "Zhang X, Lin, Deng, Siegel M, Miller EK, Yan. Data-driven ANN-based visual decoding enables unsupervised functional alignment. Communications Biology (2026).",
        "https://doi.org/10.1038/s42003-025-09486-7",
    ),
    (
        "Wang Z, Bovik AC, Sheikh HR, Simoncelli EP. Image quality assessment: from error visibility to structural similarity. IEEE Transactions on Image Processing 13:600-612 (2004).",
        "https://doi.org/10.1109/TIP.2003.819861",
    ),
    (
        "Farnebäck G. Two-frame motion estimation based on polynomial expansion. SCIA (2003).",
        "https://doi.org/10.1007/3-540-45103-X_50",
    ),
    ("Kingma DP, Ba J. Adam: a method for stochastic optimization. ICLR (2015).", "https://arxiv.org/abs/1412.6980"),
    (
        "Saravanan V, Berman GJ, Sober SJ. Application of the hierarchical bootstrap to multi-level data in neuroscience. Neurons, Behavior, Data Analysis, and Theory 3 (2020).",
        "https://pmc.ncbi.nlm.nih.gov/articles/PMC7906290/",
    ),
];

fn citations(stored: &Stored<'_>) -> Vec<Citation> {
    let of_data = stored.about.citations.iter().map(|text| Citation { text: text.clone(), url: None });
    let of_methods = METHODS.iter().map(|(text, url)| Citation { text: (*text).into(), url: Some((*url).into()) });
    of_data.chain(of_methods).collect()
}
