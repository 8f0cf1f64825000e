//! Evaluations of several folds as one. Values of single trials are put together out of fold, exactly; a condition's score, which
//! each fold has for its own mean decoded video, becomes the mean over folds, weighted by test trials.

use spikereel_analysis::metrics::pearson;
use spikereel_analysis::stats::{clopper_pearson, percentile};
use spikereel_analysis::study::{
    Accuracy, ConditionVideos, Evaluation, FeatureEvaluation, NullScore, NullScores, PooledScore, ScoreValues, Summary,
};

/// Where each merged sample comes from: fold and position in it, by ascending trial.
struct Order(Vec<(usize, usize)>);

impl Order {
    fn new(folds: &[Evaluation]) -> Self {
        let mut order: Vec<(usize, usize, usize)> = Vec::new();
        for (fold_idx, fold) in folds.iter().enumerate() {
            order.extend(fold.trials.iter().enumerate().map(|(at, &trial)| (trial, fold_idx, at)));
        }
        order.sort_unstable();
        Self(order.into_iter().map(|(_, fold_idx, at)| (fold_idx, at)).collect())
    }

    /// The values of all folds in merged order; empty where a fold has none.
    fn gather<T: Clone>(&self, of_fold: &[&[T]]) -> Vec<T> {
        let all = self.0.iter().map(|&(fold_idx, at)| of_fold[fold_idx].get(at).cloned());
        all.collect::<Option<Vec<T>>>().unwrap_or_default()
    }
}

/// One evaluation of all folds; `folds` is not empty and all have the same readouts.
pub fn evaluations(mut folds: Vec<Evaluation>) -> Evaluation {
    if folds.len() == 1 {
        return folds.remove(0);
    }
    let order = Order::new(&folds);
    let counts: Vec<Vec<usize>> = folds.iter().map(|fold| fold.n_per_condition.clone()).collect();
    let gather_usize =
        |pick: &dyn Fn(&Evaluation) -> &[usize]| order.gather(&folds.iter().map(pick).collect::<Vec<_>>());
    let condition_of_sample = gather_usize(&|fold| &fold.condition_of_sample);
    let scores = |pick: &dyn Fn(&Evaluation) -> Option<&ScoreValues>| -> Option<ScoreValues> {
        let of_fold: Vec<&ScoreValues> = folds.iter().map(pick).collect::<Option<Vec<_>>>()?;
        Some(score_values(&of_fold, &counts, &order))
    };
    let accuracy_of = |pick: &dyn Fn(&Evaluation) -> Option<&Accuracy>| -> Option<Accuracy> {
        let of_fold: Vec<&Accuracy> = folds.iter().map(pick).collect::<Option<Vec<_>>>()?;
        Some(accuracy(&of_fold, &order, &condition_of_sample, counts[0].len()))
    };
    let feature = |at: usize| FeatureEvaluation {
        name: folds[0].features[at].name.clone(),
        factor: folds[0].features[at].factor.clone(),
        scores: (0..folds[0].features[at].scores.len())
            .filter_map(|score| scores(&|fold| fold.features.get(at)?.scores.get(score)))
            .collect(),
        accuracy: accuracy_of(&|fold| fold.features.get(at)?.accuracy.as_ref()),
        pooled: pooled(&folds, at, &order, &condition_of_sample),
    };
    Evaluation {
        decoder: folds[0].decoder.clone(),
        part: folds[0].part,
        trials: gather_usize(&|fold| &fold.trials),
        conditions: folds[0].conditions.clone(),
        n_per_condition: (0..counts[0].len()).map(|condition| counts.iter().map(|of| of[condition]).sum()).collect(),
        features: (0..folds[0].features.len()).map(feature).collect(),
        ssim: scores(&|fold| fold.ssim.as_ref()),
        mse: score_values(&folds.iter().map(|fold| &fold.mse).collect::<Vec<_>>(), &counts, &order),
        condition_accuracy: accuracy_of(&|fold| fold.condition_accuracy.as_ref()),
        condition_of_sample,
    }
}

fn score_values(of_fold: &[&ScoreValues], counts: &[Vec<usize>], order: &Order) -> ScoreValues {
    let per_condition: Vec<Option<f64>> = (0..of_fold[0].per_condition.len())
        .map(|condition| {
            let known = of_fold
                .iter()
                .zip(counts)
                .filter_map(|(of, n)| Some((of.per_condition[condition]?, n[condition] as f64)));
            let (sum, n) = known.fold((0.0, 0.0), |(sum, total), (value, n)| (sum + value * n, total + n));
            (n > 0.0).then(|| sum / n)
        })
        .collect();
    let per_sample = order.gather(&of_fold.iter().map(|of| of.per_sample.as_slice()).collect::<Vec<_>>());
    ScoreValues {
        kind: of_fold[0].kind.clone(),
        condition: Summary::of(&per_condition),
        sample: Summary::of(&per_sample),
        per_condition,
        per_sample,
    }
}

fn accuracy(of_fold: &[&Accuracy], order: &Order, condition_of_sample: &[usize], n_conditions: usize) -> Accuracy {
    let correct = order.gather(&of_fold.iter().map(|of| of.correct.as_slice()).collect::<Vec<_>>());
    let mut counts = vec![(0_usize, 0_usize); n_conditions];
    for (&right, &condition) in correct.iter().zip(condition_of_sample) {
        counts[condition].0 += usize::from(right);
        counts[condition].1 += 1;
    }
    let n_right = correct.iter().filter(|&&right| right).count();
    Accuracy {
        n_levels: of_fold[0].n_levels,
        chance: of_fold[0].chance,
        accuracy: n_right as f64 / correct.len().max(1) as f64,
        interval_95: clopper_pearson(n_right, correct.len(), 0.95),
        per_condition: counts.iter().map(|&(right, n)| (n > 0).then(|| right as f64 / n as f64)).collect(),
        correct,
    }
}

fn pooled(folds: &[Evaluation], at: usize, order: &Order, condition_of_sample: &[usize]) -> Option<PooledScore> {
    let of_fold: Vec<&PooledScore> =
        folds.iter().map(|fold| fold.features.get(at)?.pooled.as_ref()).collect::<Option<Vec<_>>>()?;
    let decoded = order.gather(&of_fold.iter().map(|of| of.decoded.as_slice()).collect::<Vec<_>>());
    let truth = order.gather(&of_fold.iter().map(|of| of.truth.as_slice()).collect::<Vec<_>>());
    let (decoded_means, true_means) = condition_means(&decoded, &truth, condition_of_sample);
    Some(PooledScore {
        pearson: pearson(&decoded, &truth),
        condition_pearson: pearson(&decoded_means, &true_means),
        decoded,
        truth,
    })
}

fn condition_means(decoded: &[f64], truth: &[f64], condition_of_sample: &[usize]) -> (Vec<f64>, Vec<f64>) {
    let n_conditions = condition_of_sample.iter().max().map_or(0, |last| last + 1);
    let mut sums = vec![(0.0, 0.0, 0_usize); n_conditions];
    for ((decoded, truth), &condition) in decoded.iter().zip(truth).zip(condition_of_sample) {
        let sum = &mut sums[condition];
        *sum = (sum.0 + decoded, sum.1 + truth, sum.2 + 1);
    }
    sums.into_iter().filter(|(_, _, n)| *n > 0).map(|(a, b, n)| (a / n as f64, b / n as f64)).unzip()
}

/// Noise inputs of all folds' decoders as one null.
pub fn nulls(mut folds: Vec<NullScores>) -> NullScores {
    if folds.len() == 1 {
        return folds.remove(0);
    }
    let score = |at: usize| {
        let first = &folds[0].scores[at];
        let per_input: Vec<Option<f64>> =
            folds.iter().filter_map(|fold| fold.scores.get(at)).flat_map(|score| score.per_input.clone()).collect();
        let defined: Vec<f64> = per_input.iter().flatten().copied().collect();
        let share = if first.kind.larger_is_better { 0.95 } else { 0.05 };
        NullScore {
            feature: first.feature.clone(),
            kind: first.kind.clone(),
            summary: Summary::of(&per_input),
            beyond_95: percentile(&defined, share),
            per_input,
        }
    };
    NullScores {
        n_inputs: folds.iter().map(|fold| fold.n_inputs).sum(),
        target: folds[0].target,
        scores: (0..folds[0].scores.len()).map(score).collect(),
    }
}

/// Mean videos over folds, weighted by each fold's trials of the condition.
pub fn videos(mut folds: Vec<(ConditionVideos, Vec<usize>)>) -> ConditionVideos {
    if folds.len() == 1 {
        return folds.remove(0).0;
    }
    let merged = |pick: &dyn Fn(&ConditionVideos) -> &[Option<Vec<f32>>]| -> Vec<Option<Vec<f32>>> {
        (0..pick(&folds[0].0).len())
            .map(|condition| {
                let known = folds
                    .iter()
                    .filter_map(|(videos, n)| Some((pick(videos)[condition].as_ref()?, n[condition] as f64)));
                let (mut sum, mut total) = (Vec::new(), 0.0);
                for (video, n) in known {
                    sum.resize(video.len(), 0.0_f64);
                    sum.iter_mut().zip(video).for_each(|(sum, &value)| *sum += f64::from(value) * n);
                    total += n;
                }
                (total > 0.0).then(|| sum.iter().map(|sum| (sum / total) as f32).collect())
            })
            .collect()
    };
    ConditionVideos { shape: folds[0].0.shape, decoded: merged(&|v| &v.decoded), truth: merged(&|v| &v.truth) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use spikereel_analysis::study::ScoreKind;
    use spikereel_data::Part;

    fn values(kind: &str, per_condition: Vec<Option<f64>>, per_sample: Vec<Option<f64>>) -> ScoreValues {
        ScoreValues {
            kind: ScoreKind::similarity(kind),
            condition: Summary::of(&per_condition),
            sample: Summary::of(&per_sample),
            per_condition,
            per_sample,
        }
    }

    fn fold(trials: Vec<usize>, decoded: Vec<f64>, truth: Vec<f64>, per_condition: [f64; 2]) -> Evaluation {
        let condition_of_sample: Vec<usize> = truth.iter().map(|&truth| truth as usize).collect();
        let n_per_condition = (0..2).map(|c| condition_of_sample.iter().filter(|&&of| of == c).count()).collect();
        let per_sample = decoded.iter().map(|&value| Some(value)).collect();
        let pooled = PooledScore { pearson: None, condition_pearson: None, decoded, truth };
        Evaluation {
            decoder: "network".into(),
            part: Part::Test,
            trials,
            conditions: vec!["a".into(), "b".into()],
            condition_of_sample,
            n_per_condition,
            features: vec![FeatureEvaluation {
                name: "contrast".into(),
                factor: None,
                scores: vec![values("error", per_condition.map(Some).to_vec(), per_sample)],
                accuracy: None,
                pooled: Some(pooled),
            }],
            ssim: None,
            mse: values("MSE", vec![None, None], Vec::new()),
            condition_accuracy: None,
        }
    }

    #[test]
    fn samples_come_together_in_the_order_of_trials_and_conditions_are_weighted() {
        let first = fold(vec![1, 4], vec![0.1, 0.9], vec![0.0, 1.0], [0.2, 0.4]);
        let second = fold(vec![0, 2, 3], vec![0.3, 0.7, 0.5], vec![0.0, 1.0, 1.0], [0.6, 1.0]);
        let merged = evaluations(vec![first, second]);
        assert_eq!(merged.trials, [0, 1, 2, 3, 4]);
        let feature = &merged.features[0];
        let pooled = feature.pooled.as_ref().unwrap();
        assert_eq!(pooled.decoded, [0.3, 0.1, 0.7, 0.5, 0.9]);
        assert_eq!(pooled.truth, [0.0, 0.0, 1.0, 1.0, 1.0]);
        assert!(pooled.pearson.unwrap() > 0.8);
        assert_eq!(merged.n_per_condition, [2, 3]);
        let close = |at: usize, to: f64| (feature.scores[0].per_condition[at].unwrap() - to).abs() < 1e-12;
        assert!(close(0, 0.4) && close(1, 0.8));
    }
}
