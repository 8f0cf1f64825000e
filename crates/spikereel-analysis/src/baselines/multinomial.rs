//! Multinomial ridge: logistic regression over all conditions with an L2 penalty, solved in the space of trials.
//!
//! With centred spikes `X = U S^1/2 V^T`, regression on `X` equals regression on `U S^1/2` with the same penalty, which has as many
//! columns as trials, not as entries. The objective is scikit-learn's `LogisticRegression` with `C = 1 / penalty`:
//! summed negative log-likelihood plus half the penalty times the squared weights; the intercepts are free.

use crate::baselines::ClassVideos;
use crate::baselines::kernel::TrainingKernel;
use crate::baselines::lbfgs::minimise;
use crate::baselines::mean_video::repeat_videos;
use crate::linalg::Matrix;
use ndarray::{Array5, ArrayView3};
use rand::seq::SliceRandom;
use spikereel_data::rng::stream;
use spikereel_data::{DataError, Decoder, FitDecoder, Fold, Part, Result};

/// A fitted classifier over labels `0..n_classes`.
#[derive(Debug, Clone)]
pub struct Multinomial {
    kernel: TrainingKernel,
    /// `[training trial, class]`.
    dual: Matrix,
    intercepts: Vec<f64>,
}

impl Multinomial {
    /// Fits rows `[row, feature]` with one label each.
    ///
    /// # Errors
    /// Lengths that do not agree, a label out of range, a penalty that is not positive, or values that are not finite.
    pub fn fit(
        features: Vec<f32>,
        n_features: usize,
        labels: &[usize],
        n_classes: usize,
        penalty: f64,
    ) -> Result<Self> {
        if n_features == 0 || features.len() != labels.len() * n_features {
            let expected = format!("{} rows of {n_features} features", labels.len());
            return Err(DataError::new("classifier features", expected, format!("{} values", features.len())));
        }
        if let Some(label) = labels.iter().find(|&&label| label >= n_classes) {
            return Err(DataError::new("classifier labels", format!("below {n_classes}"), label.to_string()));
        }
        if !(penalty.is_finite() && penalty > 0.0) {
            return Err(DataError::new("classifier penalty", "a positive number", penalty.to_string()));
        }
        let kernel = TrainingKernel::of_rows(features, [1, n_features])?;
        let mut solver = Solver::new(&kernel, labels, n_classes);
        solver.solve(&kernel, penalty, 1e-9, 2000);
        Ok(solver.finish(kernel))
    }

    /// Class probabilities `[trial, class]` of spikes `[trial, bin, site]` (rows of plain features have one bin).
    ///
    /// # Errors
    /// Names the axis that is not as in training.
    pub fn probabilities(&self, spikes: &ArrayView3<'_, f32>) -> Result<Vec<Vec<f64>>> {
        let mut logits = self.kernel.products(spikes)?.times(&self.dual);
        let n_classes = self.intercepts.len();
        for row in logits.values.chunks_exact_mut(n_classes) {
            row.iter_mut().zip(&self.intercepts).for_each(|(logit, intercept)| *logit += intercept);
            softmax(row);
        }
        Ok(logits.values.chunks_exact(n_classes).map(<[f64]>::to_vec).collect())
    }

    /// Most probable class of each trial.
    ///
    /// # Errors
    /// Names the axis that is not as in training.
    pub fn classes(&self, spikes: &ArrayView3<'_, f32>) -> Result<Vec<usize>> {
        let most = |row: &Vec<f64>| (0..row.len()).max_by(|&a, &b| row[a].total_cmp(&row[b])).unwrap_or(0);
        Ok(self.probabilities(spikes)?.iter().map(most).collect())
    }
}

/// Turns logits into probabilities and returns the log of their normaliser.
fn softmax(row: &mut [f64]) -> f64 {
    let largest = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    row.iter_mut().for_each(|value| *value = (*value - largest).exp());
    let sum: f64 = row.iter().sum();
    row.iter_mut().for_each(|value| *value /= sum);
    largest + sum.ln()
}

/// The regression in the eigenvectors' space; warm from one penalty to the next.
struct Solver {
    /// `U S^1/2`, `[trial, eigenvector]`.
    scores: Matrix,
    labels: Vec<usize>,
    n_classes: usize,
    /// `[eigenvector, class]`, then one intercept a class.
    weights: Vec<f64>,
}

impl Solver {
    fn new(kernel: &TrainingKernel, labels: &[usize], n_classes: usize) -> Self {
        let mut scores = kernel.vectors.clone();
        for row in scores.values.chunks_exact_mut(kernel.eigenvalues.len().max(1)) {
            row.iter_mut().zip(&kernel.eigenvalues).for_each(|(value, eigenvalue)| *value *= eigenvalue.sqrt());
        }
        let weights = vec![0.0; (kernel.eigenvalues.len() + 1) * n_classes];
        Self { scores, labels: labels.to_vec(), n_classes, weights }
    }

    fn solve(&mut self, kernel: &TrainingKernel, penalty: f64, tolerance: f64, max_iterations: usize) {
        let (n_classes, rank) = (self.n_classes, kernel.eigenvalues.len());
        // The scores' columns are orthogonal with squared length S, so near uniform probabilities the Hessian is about S / n_classes.
        let mut inverse_hessian = Vec::with_capacity(self.weights.len());
        for &eigenvalue in &kernel.eigenvalues {
            inverse_hessian.extend(std::iter::repeat_n(1.0 / (eigenvalue / n_classes as f64 + penalty), n_classes));
        }
        inverse_hessian.extend(std::iter::repeat_n(n_classes as f64 / self.labels.len() as f64, n_classes));
        let (scores, labels) = (&self.scores, &self.labels);
        minimise(&mut self.weights, &inverse_hessian, tolerance, max_iterations, |weights, gradient| {
            let (slopes, intercepts) = weights.split_at(rank * n_classes);
            let slopes = Matrix { n_rows: rank, n_cols: n_classes, values: slopes.to_vec() };
            let mut logits = scores.times(&slopes);
            let mut value = 0.5 * penalty * slopes.values.iter().map(|w| w * w).sum::<f64>();
            let (slope_gradient, intercept_gradient) = gradient.split_at_mut(rank * n_classes);
            intercept_gradient.fill(0.0);
            for (row, &label) in logits.values.chunks_exact_mut(n_classes).zip(labels) {
                row.iter_mut().zip(intercepts).for_each(|(logit, intercept)| *logit += intercept);
                let own = row[label];
                value += softmax(row) - own;
                row[label] -= 1.0;
                intercept_gradient.iter_mut().zip(row.iter()).for_each(|(sum, value)| *sum += value);
            }
            slope_gradient.copy_from_slice(&scores.transposed_times(&logits).values);
            slope_gradient.iter_mut().zip(&slopes.values).for_each(|(g, w)| *g += penalty * w);
            value
        });
    }

    fn finish(&self, kernel: TrainingKernel) -> Multinomial {
        let rank = kernel.eigenvalues.len();
        let (slopes, intercepts) = self.weights.split_at(rank * self.n_classes);
        let mut slopes = Matrix { n_rows: rank, n_cols: self.n_classes, values: slopes.to_vec() };
        for (row, eigenvalue) in slopes.values.chunks_exact_mut(self.n_classes).zip(&kernel.eigenvalues) {
            row.iter_mut().for_each(|w| *w /= eigenvalue.sqrt());
        }
        let dual = kernel.vectors.times(&slopes);
        Multinomial { kernel, dual, intercepts: intercepts.to_vec() }
    }
}

/// Fits the classifier on conditions; decoded, it shows the named condition's mean training video.
///
/// The penalty is chosen by log-likelihood on the fold's validation trials, or, where it has none, on a fifth of the training
/// trials held out of each condition; test trials are never looked at.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct MultinomialRidge {
    /// Penalties in units of the kernel's mean eigenvalue; empty for 1e-3 to 1e1 in decades.
    pub penalties: Vec<f64>,
}

struct Fitted {
    classifier: Multinomial,
    videos: Vec<Vec<f32>>,
    shape: [usize; 4],
}

impl MultinomialRidge {
    /// Fits the classifier; classes are the returned conditions, those with training trials.
    ///
    /// # Errors
    /// Fewer than two training trials, or spikes that are not finite.
    pub fn classifier(&self, fold: &Fold, seed: u64) -> Result<(Multinomial, Vec<usize>)> {
        let classes: Vec<usize> =
            (0..fold.train_of_condition().len()).filter(|&c| !fold.train_of_condition()[c].is_empty()).collect();
        let label = |&trial: &usize| classes.binary_search(&fold.condition_of(trial)).unwrap_or(0);
        let train = fold.trials(Part::Train);
        let has_class = |trial: &&usize| classes.contains(&fold.condition_of(**trial));
        let validation: Vec<usize> = fold.trials(Part::Validation).iter().filter(has_class).copied().collect();
        let (inner, judge) = if validation.is_empty() { hold_out(fold, seed) } else { (train.to_vec(), validation) };
        let kernel = TrainingKernel::fit(fold, &inner)?;
        let mut solver = Solver::new(&kernel, &inner.iter().map(label).collect::<Vec<_>>(), classes.len());
        let mut steps =
            if self.penalties.is_empty() { vec![1e-3, 1e-2, 1e-1, 1.0, 1e1] } else { self.penalties.clone() };
        steps.sort_by(|a, b| b.total_cmp(a)); // from strong to weak: each start is near its end
        let unit = |kernel: &TrainingKernel| kernel.eigenvalues.iter().sum::<f64>() / kernel.n_trials() as f64;
        let judge_spikes = fold.spikes(&judge);
        let mut best: Option<(f64, f64, Multinomial)> = None;
        for &step in &steps {
            solver.solve(&kernel, step * unit(&kernel), 1e-4, 200);
            let fitted = solver.finish(kernel.clone());
            let probabilities = fitted.probabilities(&judge_spikes.view())?;
            let loss: f64 =
                probabilities.iter().zip(&judge).map(|(row, trial)| -row[label(trial)].max(1e-300).ln()).sum();
            if best.as_ref().is_none_or(|(least, _, _)| loss < *least) {
                best = Some((loss, step, fitted));
            }
        }
        let Some((_, step, fitted)) = best else {
            return Err(DataError::new("classifier penalties", "at least one", "none"));
        };
        if inner.len() == train.len() {
            return Ok((fitted, classes));
        }
        let kernel = TrainingKernel::fit(fold, train)?;
        let mut solver = Solver::new(&kernel, &train.iter().map(label).collect::<Vec<_>>(), classes.len());
        solver.solve(&kernel, step * unit(&kernel), 1e-4, 200);
        Ok((solver.finish(kernel), classes))
    }
}

/// Four fifths of each condition's training trials, and the rest.
fn hold_out(fold: &Fold, seed: u64) -> (Vec<usize>, Vec<usize>) {
    let (mut inner, mut judge) = (Vec::new(), Vec::new());
    for (condition, members) in fold.train_of_condition().iter().enumerate() {
        let mut members = members.clone();
        members.shuffle(&mut stream(seed, &format!("multinomial/hold_out/condition{condition}")));
        let n_judge = members.len() / 5;
        judge.extend_from_slice(&members[..n_judge]);
        inner.extend_from_slice(&members[n_judge..]);
    }
    if judge.is_empty() {
        judge.clone_from(&inner); // too few trials to hold any out: the strongest penalty that fits them is as good as can be had
    }
    inner.sort_unstable();
    judge.sort_unstable();
    (inner, judge)
}

impl FitDecoder for MultinomialRidge {
    fn name(&self) -> &str {
        "multinomial ridge"
    }

    fn fit(&self, fold: &Fold, seed: u64) -> Result<Box<dyn Decoder>> {
        let (classifier, _) = self.classifier(fold, seed)?;
        let videos = ClassVideos::of_part(fold, Part::Train).mean.into_iter().flatten().collect();
        Ok(Box::new(Fitted { classifier, videos, shape: fold.dataset().video_shape() }))
    }
}

impl Decoder for Fitted {
    fn name(&self) -> &str {
        "multinomial ridge"
    }

    fn predict(&self, spikes: ArrayView3<'_, f32>) -> Result<Array5<f32>> {
        let classes = self.classifier.classes(&spikes)?;
        repeat_videos(self.shape, &classes.iter().map(|&class| self.videos[class].as_slice()).collect::<Vec<_>>())
    }
}
