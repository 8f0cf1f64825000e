//! Decoders of several kinds on the same trials: each one's scores with intervals, and its paired difference to the first.

use crate::readout::Readout;
use crate::score::{ScoreKind, Summary};
use crate::stats::{BootstrapTest, HierarchicalBootstrap};
use crate::study::evaluate::evaluate;
use crate::study::evaluation::Evaluation;
use crate::study::scorer::{EvaluationOptions, PerSample};
use serde::{Deserialize, Serialize};
use spikereel_data::{Decoder, Fold, Part, Result};

/// A kind of decoder, with one fitted decoder a seed.
pub struct Contender<'a> {
    /// Name for tables.
    pub name: String,
    /// Its decoders, at least one.
    pub decoders: Vec<&'a dyn Decoder>,
}

/// A mean with what resampling says of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// Over conditions and seeds.
    pub mean: f64,
    /// 95 %, by resampling conditions, and seeds where there are several.
    pub interval_95: [f64; 2],
}

impl From<BootstrapTest> for Estimate {
    fn from(test: BootstrapTest) -> Self {
        Self { mean: test.mean, interval_95: test.interval_95 }
    }
}

/// One score of one kind of decoder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ContenderScore {
    /// The kind's name.
    pub name: String,
    /// Over conditions of the mean over seeds.
    pub summary: Summary,
    /// None where no condition defines the score.
    pub estimate: Option<Estimate>,
    /// This minus the first kind, condition by condition; none for the first itself.
    pub difference: Option<Estimate>,
}

/// One score of all kinds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ComparedScore {
    /// The feature, or `video`.
    pub feature: String,
    /// Name, unit, direction.
    pub kind: ScoreKind,
    /// What guessing gives, where that is known.
    pub chance: Option<f64>,
    /// In the order of the contenders.
    pub contenders: Vec<ContenderScore>,
}

/// `[contender][seed][condition]`.
type Values = Vec<Vec<Vec<Option<f64>>>>;

/// Scores all contenders on a part: squared error, SSIM and each readout's main score of the condition averages, and the share of single
/// trials whose level is named right.
///
/// # Errors
/// A part without trials, or what a decoder refuses.
pub fn compare_decoders(
    contenders: &[Contender<'_>],
    fold: &Fold,
    part: Part,
    readouts: &[Box<dyn Readout>],
    n_bootstrap: usize,
    seed: u64,
) -> Result<Vec<ComparedScore>> {
    let options =
        EvaluationOptions { per_sample: PerSample::None, condition_accuracy: false, ..EvaluationOptions::default() };
    let mut evaluations: Vec<Vec<Evaluation>> = Vec::new();
    for contender in contenders {
        let of_seed = |decoder: &&dyn Decoder| Ok(evaluate(*decoder, fold, part, readouts, &options)?.evaluation);
        evaluations.push(contender.decoders.iter().map(of_seed).collect::<Result<_>>()?);
    }
    let Some(first) = evaluations.iter().flatten().next() else { return Ok(Vec::new()) };
    let mut scores: Vec<(String, ScoreKind, Option<f64>, Values)> = Vec::new();
    let values = |of: &dyn Fn(&Evaluation) -> Option<Vec<Option<f64>>>| -> Values {
        evaluations.iter().map(|seeds| seeds.iter().map(|one| of(one).unwrap_or_default()).collect()).collect()
    };
    let mse = values(&|one| Some(one.mse.per_condition.clone()));
    scores.push(("video".into(), first.mse.kind.clone(), None, mse));
    if let Some(ssim) = &first.ssim {
        let of = values(&|one| Some(one.ssim.as_ref()?.per_condition.clone()));
        scores.push(("video".into(), ssim.kind.clone(), None, of));
    }
    for (at, feature) in first.features.iter().enumerate() {
        if let Some(main) = feature.scores.first() {
            let of = values(&|one| Some(one.features.get(at)?.scores.first()?.per_condition.clone()));
            scores.push((feature.name.clone(), main.kind.clone(), None, of));
        }
        if let Some(accuracy) = &feature.accuracy {
            let of = values(&|one| Some(one.features.get(at)?.accuracy.as_ref()?.per_condition.clone()));
            let kind = ScoreKind::similarity(&format!("{} accuracy", feature.name));
            scores.push((feature.name.clone(), kind, Some(accuracy.chance), of));
        }
    }
    let compared = scores.into_iter().map(|(feature, kind, chance, values)| {
        let name = format!("compare/{feature}/{}", kind.name);
        let contenders = contenders.iter().enumerate().map(|(at, contender)| {
            let bootstrap =
                HierarchicalBootstrap { n_replicates: n_bootstrap, seed, name: format!("{name}/{}", contender.name) };
            ContenderScore {
                name: contender.name.clone(),
                summary: Summary::of(&mean_of_seeds(&values[at])),
                estimate: estimate(&bootstrap, &values[at]),
                difference: (at > 0).then(|| estimate(&bootstrap, &differences(&values[at], &values[0]))).flatten(),
            }
        });
        ComparedScore { contenders: contenders.collect(), feature, kind, chance }
    });
    Ok(compared.collect())
}

fn mean_of_seeds(seeds: &[Vec<Option<f64>>]) -> Vec<Option<f64>> {
    let n_conditions = seeds.first().map_or(0, Vec::len);
    let of_condition = |condition: usize| {
        Summary::of(&seeds.iter().map(|seed| seed.get(condition).copied().flatten()).collect::<Vec<_>>()).mean
    };
    (0..n_conditions).map(of_condition).collect()
}

/// Seed by seed; where one side has fewer seeds, they are used again.
fn differences(own: &[Vec<Option<f64>>], first: &[Vec<Option<f64>>]) -> Vec<Vec<Option<f64>>> {
    let n = own.len().max(first.len());
    let pair = |seed: usize| (&own[seed % own.len()], &first[seed % first.len()]);
    let subtract = |(a, b): (&Vec<Option<f64>>, &Vec<Option<f64>>)| -> Vec<Option<f64>> {
        a.iter().zip(b).map(|(a, b)| Some((*a)? - (*b)?)).collect()
    };
    if own.is_empty() || first.is_empty() { Vec::new() } else { (0..n).map(|seed| subtract(pair(seed))).collect() }
}

/// Mean over conditions with its interval; none where fewer than two conditions have a value.
pub fn of_conditions(values: &[Option<f64>], n_bootstrap: usize, seed: u64, name: &str) -> Option<Estimate> {
    let bootstrap = HierarchicalBootstrap { n_replicates: n_bootstrap, seed, name: name.into() };
    estimate(&bootstrap, &[values.to_vec()])
}

/// Mean of `a` minus `b`, condition by condition, with its interval; none where they differ in number or fewer than two conditions have both.
pub fn difference_of_conditions(
    a: &[Option<f64>],
    b: &[Option<f64>],
    n_bootstrap: usize,
    seed: u64,
    name: &str,
) -> Option<Estimate> {
    let differences: Vec<Option<f64>> = a.iter().zip(b).map(|(a, b)| Some((*a)? - (*b)?)).collect();
    (a.len() == b.len()).then(|| of_conditions(&differences, n_bootstrap, seed, name)).flatten()
}

/// Mean and interval of `[seed][condition]` values; none where there are fewer than two conditions.
pub(super) fn estimate(bootstrap: &HierarchicalBootstrap, seeds: &[Vec<Option<f64>>]) -> Option<Estimate> {
    let as_trials = |conditions: &Vec<Option<f64>>| -> Vec<Vec<f64>> {
        conditions.iter().map(|value| value.iter().copied().collect()).collect()
    };
    let values: Vec<Vec<Vec<f64>>> = seeds.iter().map(as_trials).collect();
    let enough = values.iter().all(|conditions| conditions.iter().filter(|trials| !trials.is_empty()).count() > 1);
    (enough && !values.is_empty()).then(|| bootstrap.mean(&values)).flatten().map(Estimate::from)
}
