//! The mean over folds of a cross-validation, with the variance that overlapping training sets call for.
//!
//! Scores of folds share most of their training trials, so their sample variance over the number of folds is too small a variance of
//! their mean. Nadeau and Bengio replace `1 / n` by `1 / n + n_test / n_train`. It is a correction by rule of thumb: no unbiased
//! estimate of this variance from one cross-validation exists (Bengio & Grandvalet 2004).
//!
//! # References
//! Nadeau & Bengio (2003), Machine Learning 52:239; Bengio & Grandvalet (2004), JMLR 5:1089.

use crate::stats::t_test::t_sf;
use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, StudentsT};

/// A mean over folds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ResampledMean {
    /// Mean over folds.
    pub mean: f64,
    /// Sample standard deviation over folds (n - 1): the spread, not the uncertainty of the mean.
    pub sd: f64,
    /// Number of folds.
    pub n: usize,
    /// Root of `(1 / n + n_test / n_train) sd^2`.
    pub standard_error: f64,
    /// Mean plus and minus the t quantile at `n - 1` degrees of freedom times `standard_error`.
    pub interval_95: [f64; 2],
    /// Two-sided p of a mean of 0; for differences.
    pub p: f64,
}

/// Mean, spread and corrected interval of one value a fold; `n_test` and `n_train` are numbers of trials in a fold.
/// None below two folds, without training trials, or where a value is not finite.
pub fn corrected_resampled(values: &[f64], n_test: usize, n_train: usize) -> Option<ResampledMean> {
    let n = values.len();
    if n < 2 || n_train == 0 || values.iter().any(|value| !value.is_finite()) {
        return None;
    }
    let mean = values.iter().sum::<f64>() / n as f64;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (n - 1) as f64;
    let standard_error = ((1.0 / n as f64 + n_test as f64 / n_train as f64) * variance).sqrt();
    let df = (n - 1) as f64;
    let reach = StudentsT::new(0.0, 1.0, df).ok()?.inverse_cdf(0.975) * standard_error;
    let p = match (standard_error > 0.0, mean == 0.0) {
        (true, _) => 2.0 * t_sf((mean / standard_error).abs(), df),
        (false, true) => 1.0,
        (false, false) => 0.0,
    };
    Some(ResampledMean { mean, sd: variance.sqrt(), n, standard_error, interval_95: [mean - reach, mean + reach], p })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_case_comes_out() {
        // Python, scipy 1.x: x = [.8, .7, .9, .75, .85]; s2 = np.var(x, ddof=1) = .00625;
        // se = sqrt((1/5 + 1/4) * s2); t.ppf(.975, 4) = 2.7764451051977987
        let own = corrected_resampled(&[0.8, 0.7, 0.9, 0.75, 0.85], 20, 80).unwrap();
        assert!((own.mean - 0.8).abs() < 1e-15 && (own.sd.powi(2) - 0.00625).abs() < 1e-15);
        let se = (0.45 * 0.00625_f64).sqrt();
        assert!((own.standard_error - se).abs() < 1e-15);
        assert!((own.interval_95[1] - (0.8 + 2.776_445_105_197_799 * se)).abs() < 1e-9, "{own:?}");
    }

    #[test]
    fn one_fold_has_no_spread_and_equal_folds_have_no_doubt() {
        assert_eq!(corrected_resampled(&[0.4], 1, 4), None);
        let equal = corrected_resampled(&[0.5; 3], 1, 2).unwrap();
        assert_eq!((equal.sd, equal.interval_95, equal.p), (0.0, [0.5, 0.5], 0.0));
    }
}
