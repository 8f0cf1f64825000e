//! Pearson correlation, cosine and mean squared error of two lists of numbers, in f64.

/// Pearson correlation, as `scipy.stats.pearsonr`; `None` where a list is constant, shorter than 2, not finite, or lengths differ.
pub fn pearson<T: Copy + Into<f64>>(a: &[T], b: &[T]) -> Option<f64> {
    if a.len() != b.len() || a.len() < 2 {
        return None;
    }
    let n = a.len() as f64;
    let mean = |values: &[T]| values.iter().map(|&value| value.into()).sum::<f64>() / n;
    let (mean_a, mean_b) = (mean(a), mean(b));
    let (mut aa, mut bb, mut ab) = (0.0, 0.0, 0.0);
    for (&x, &y) in a.iter().zip(b) {
        let (x, y) = (x.into() - mean_a, y.into() - mean_b);
        aa += x * x;
        bb += y * y;
        ab += x * y;
    }
    // A list that is constant up to rounding of its mean has no correlation, only noise in the last digit.
    let constant = |sum_squares: f64, mean: f64| sum_squares <= n * (mean.abs() * 1e-13).powi(2);
    if constant(aa, mean_a) || constant(bb, mean_b) {
        return None;
    }
    finite((ab / (aa.sqrt() * bb.sqrt())).clamp(-1.0, 1.0))
}

/// Cosine of the angle between two vectors; `None` where one is zero or not finite, or lengths differ.
pub fn cosine<T: Copy + Into<f64>>(a: &[T], b: &[T]) -> Option<f64> {
    if a.len() != b.len() {
        return None;
    }
    let (mut aa, mut bb, mut ab) = (0.0, 0.0, 0.0);
    for (&x, &y) in a.iter().zip(b) {
        let (x, y): (f64, f64) = (x.into(), y.into());
        aa += x * x;
        bb += y * y;
        ab += x * y;
    }
    if aa == 0.0 || bb == 0.0 { None } else { finite((ab / (aa.sqrt() * bb.sqrt())).clamp(-1.0, 1.0)) }
}

/// Mean squared difference; `None` where lists are empty, lengths differ or a value is not finite.
pub fn mse<T: Copy + Into<f64>>(a: &[T], b: &[T]) -> Option<f64> {
    if a.len() != b.len() || a.is_empty() {
        return None;
    }
    let sum: f64 = a.iter().zip(b).map(|(&x, &y)| (x.into() - y.into()).powi(2)).sum();
    finite(sum / a.len() as f64)
}

/// Share of variance explained, `1 - SS_residual / SS_total`, as `sklearn.metrics.r2_score(truth, predicted)`: 1 at best, negative where
/// the truth's own mean would do better. `None` where the truth is constant, lists are shorter than 2 or not finite, or lengths differ.
pub fn r2<T: Copy + Into<f64>>(truth: &[T], predicted: &[T]) -> Option<f64> {
    if truth.len() != predicted.len() || truth.len() < 2 {
        return None;
    }
    let mean = truth.iter().map(|&value| value.into()).sum::<f64>() / truth.len() as f64;
    let total: f64 = truth.iter().map(|&value| (value.into() - mean).powi(2)).sum();
    let residual: f64 = truth.iter().zip(predicted).map(|(&a, &b)| (a.into() - b.into()).powi(2)).sum();
    if total <= truth.len() as f64 * (mean.abs() * 1e-13).powi(2) { None } else { finite(1.0 - residual / total) }
}

/// `Some` of a finite number: reports hold no NaN and no infinity.
pub(crate) fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn constant_lists_have_no_correlation() {
        assert_eq!(pearson(&[0.1_f32; 30], &(0..30).map(|i| i as f32).collect::<Vec<_>>()), None);
        assert_eq!(cosine(&[0.0, 0.0], &[1.0, 2.0]), None);
    }

    #[test]
    fn a_known_case_comes_out() {
        // numpy.corrcoef([1, 2, 3, 5], [2, 1, 4, 7])[0, 1]
        let r = pearson(&[1.0, 2.0, 3.0, 5.0], &[2.0, 1.0, 4.0, 7.0]).unwrap();
        assert!((r - 0.922_138_891_954_146_9).abs() < 1e-12, "{r}");
        let c = cosine(&[3.0, 4.0], &[4.0, 3.0]).unwrap();
        assert!((c - 0.96).abs() < 1e-15, "{c}");
    }

    proptest! {
        #[test]
        fn pearson_does_not_move_with_scale_and_offset(a in prop::collection::vec(-1e3..1e3_f64, 3..20), k in 0.1..50.0_f64, c in -9.0..9.0_f64) {
            let b: Vec<f64> = a.iter().enumerate().map(|(i, x)| x * 0.3 + ((i * 7) % 5) as f64).collect();
            let moved: Vec<f64> = b.iter().map(|y| k * y + c).collect();
            if let (Some(r), Some(s)) = (pearson(&a, &b), pearson(&a, &moved)) {
                prop_assert!((r - s).abs() < 1e-6);
            }
        }
    }
}
