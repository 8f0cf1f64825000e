//! `evaluate`: a run's decoders on their test trials, beside baselines, a ceiling and a null. Test trials are read here first.

use super::fits::WhichDecoder;
use super::open_run::OpenRun;
use super::{merge, pictures, pooled, readouts};
use crate::progress::Progress;
use crate::{Error, Result};
use serde::{Deserialize, Serialize};
use spikereel_analysis::baselines::{ClassMean, MeanVideo, MultinomialRidge, RidgeVideo};
use spikereel_analysis::readout::Readouts;
use spikereel_analysis::study::{
    ConditionVideos, Evaluation, EvaluationOptions, NullScores, NullTarget, Over, PerSample, Role, ScoreTable, ceiling,
    evaluate as score, null_scores,
};
use spikereel_data::rng::derive_seed;
use spikereel_data::{FitDecoder, Fold, Part};
use spikereel_report::schema::Videos;
use std::path::{Path, PathBuf};

/// The file of scores in a run's folder.
pub const SCORES: &str = "scores.json";

/// All that `evaluate` keeps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StoredScores {
    /// The decoder beside baselines, ceiling and null.
    pub table: ScoreTable,
    /// The decoder's own scores, all folds together.
    pub decoder: Evaluation,
    /// Its null.
    pub null: NullScores,
    /// Quantities read from each trial's video, beside direct regression and a null.
    pub pooled: Vec<pooled::PooledFact>,
    /// Clips to look at.
    pub videos: Videos,
}

/// One line of scores.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ScoreLine {
    /// Feature and score.
    pub score: String,
    /// `conditions`, `trials` or `pooled`.
    pub over: String,
    /// Decoder, baselines and ceiling, with their values.
    pub models: Vec<(String, Option<f64>)>,
    /// What 95 % of noise inputs do not reach.
    pub null_95: Option<f64>,
}

/// What `evaluate` found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Evaluated {
    /// The run.
    pub run: PathBuf,
    /// Its scores.
    pub rows: Vec<ScoreLine>,
}

/// One fold's evaluations: the decoder first, then baselines and ceiling.
struct OfFold {
    evaluations: Vec<(Role, Evaluation)>,
    videos: (ConditionVideos, Vec<usize>),
    null: NullScores,
    pooled: Vec<pooled::PooledOfFold>,
}

/// Evaluates a run and stores `scores.json`. Where a fold has several networks, the first is scored; masking uses all.
///
/// # Errors
/// A run that is not trained to its end, or another process in it.
pub fn evaluate(run: &Path, progress: &dyn Progress) -> Result<Evaluated> {
    let run = OpenRun::open(run, "evaluate", progress)?;
    let stored = scores(&run, progress)?;
    run.folder.write_json(SCORES, &stored)?;
    let path = run.folder.path().to_path_buf();
    run.finish()?;
    Ok(Evaluated { run: path, rows: lines(&stored) })
}

/// Computes what [`evaluate`] stores.
///
/// # Errors
/// A run that is not trained to its end.
pub fn scores(run: &OpenRun, progress: &dyn Progress) -> Result<StoredScores> {
    let readouts = readouts::readouts(&run.config.stimulus, &run.dataset)?;
    let task = progress.begin("evaluating", run.fits.n_folds as u64 * N_MODELS, "model");
    let mut folds = Vec::new();
    for fold_idx in 0..run.fits.n_folds {
        folds.push(of_fold(run, fold_idx, &readouts, &*task)?);
    }
    let n_columns = folds[0].evaluations.len();
    let column = |at: usize| {
        let of_folds = folds.iter().map(|fold| fold.evaluations[at].1.clone()).collect();
        (folds[0].evaluations[at].0, merge::evaluations(of_folds))
    };
    let columns: Vec<(Role, Evaluation)> = (0..n_columns).map(column).collect();
    let null = merge::nulls(folds.iter().map(|fold| fold.null.clone()).collect());
    let by_reference: Vec<(Role, &Evaluation)> = columns.iter().map(|(role, evaluation)| (*role, evaluation)).collect();
    let table = ScoreTable::new(&by_reference, Some(&null));
    let decoder = columns[0].1.clone();
    let pooled = pooled::facts(
        &decoder,
        &folds.iter().map(|fold| fold.pooled.as_slice()).collect::<Vec<_>>(),
        run.config.scores.n_null_draws,
        run.config.seed,
    );
    let videos = merge::videos(folds.into_iter().map(|fold| fold.videos).collect());
    let videos = pictures::videos(&videos, &run.dataset, &decoder)?;
    Ok(StoredScores { table, decoder, null, pooled, videos })
}

/// Network, four baselines, ceiling, null, direct regression.
const N_MODELS: u64 = 8;

fn of_fold(run: &OpenRun, fold_idx: usize, readouts: &Readouts, task: &dyn crate::progress::Task) -> Result<OfFold> {
    let fold = run.fold(fold_idx)?;
    let decoder = run.decoder(WhichDecoder { fold_idx, network_idx: 0 })?;
    // Optical flow of every single trial is worth its time for the decoder under study alone.
    let own_options = EvaluationOptions { per_sample: PerSample::All, ..EvaluationOptions::default() };
    let options = EvaluationOptions { per_sample: PerSample::Cheap, ..EvaluationOptions::default() };
    let own = score(decoder.as_ref(), &fold, Part::Test, readouts, &own_options)?;
    task.advance(1);
    let n_per_condition = own.evaluation.n_per_condition.clone();
    let mut evaluations = vec![(Role::Decoder, own.evaluation)];
    let baselines: [(&str, Box<dyn FitDecoder>); 4] = [
        ("class mean", Box::new(ClassMean)),
        ("ridge", Box::new(RidgeVideo::default())),
        ("multinomial ridge", Box::new(MultinomialRidge::default())),
        ("mean video", Box::new(MeanVideo)),
    ];
    for (name, baseline) in &baselines {
        let seed = derive_seed(run.config.seed, &format!("baseline/{name}/fold{fold_idx}"));
        let fitted = baseline.fit(&fold, seed)?;
        evaluations.push((Role::Baseline, score(fitted.as_ref(), &fold, Part::Test, readouts, &options)?.evaluation));
        task.advance(1);
    }
    if has_every_condition(&fold) {
        evaluations.push((Role::Ceiling, ceiling(&fold, Part::Test, readouts, &options)?.evaluation));
    }
    task.advance(1);
    let seed = derive_seed(run.config.seed, &format!("null/fold{fold_idx}"));
    let n_null = run.config.scores.n_null;
    let null = null_scores(decoder.as_ref(), &fold, Part::Test, readouts, n_null, NullTarget::default(), seed)?;
    task.advance(1);
    let pooled = pooled::of_fold(decoder.as_ref(), &fold, readouts, n_null, seed)?;
    task.advance(1);
    Ok(OfFold { evaluations, videos: (own.videos, n_per_condition), null, pooled })
}

/// Whether every tested condition was trained on; without that there is no ceiling.
fn has_every_condition(fold: &Fold) -> bool {
    fold.trials(Part::Test).iter().all(|&trial_idx| !fold.train_of_condition()[fold.condition_of(trial_idx)].is_empty())
}

/// Lines for a table in a terminal.
fn lines(stored: &StoredScores) -> Vec<ScoreLine> {
    let over = |over: Over| match over {
        Over::Conditions => "conditions",
        Over::Samples => "trials",
        Over::Pooled => "pooled",
    };
    let table = &stored.table;
    let line = |row: &spikereel_analysis::study::ScoreRow| {
        let models = table.columns.iter().zip(&row.cells).filter(|(column, _)| column.role != Role::Null);
        let fact = stored.pooled.iter().find(|fact| row.over == Over::Pooled && fact.feature == row.feature);
        ScoreLine {
            score: format!("{} {}", row.feature, row.kind.name),
            over: over(row.over).into(),
            models: models.map(|(column, cell)| (column.name.clone(), cell.and_then(|cell| cell.mean))).collect(),
            null_95: fact.map_or(row.null_95, |fact| fact.null_95),
        }
    };
    table.rows.iter().map(line).collect()
}

/// The scores of a run that was evaluated.
///
/// # Errors
/// Says how to make them where there are none.
pub fn stored(run: &Path) -> Result<StoredScores> {
    let path = run.join(SCORES);
    if !path.is_file() {
        return Err(Error::Data(
            spikereel_data::DataError::new(SCORES, "the scores of the run", "no such file")
                .hint("run `spikereel evaluate` on it first")
                .at(run.display().to_string()),
        ));
    }
    crate::run_folder::read_json(&path)
}
