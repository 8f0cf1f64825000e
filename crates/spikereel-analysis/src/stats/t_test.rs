//! Student's t-tests and their effect sizes, as `scipy.stats.ttest_ind`, `ttest_rel`, `ttest_1samp`.

use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, StudentsT};

/// Which alternative a p value is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Alternative {
    /// The means differ.
    TwoSided,
    /// The first mean (or the mean difference) is larger.
    Greater,
    /// The first mean (or the mean difference) is smaller.
    Less,
}

/// A t statistic.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct TTest {
    /// The statistic: first minus second.
    pub t: f64,
    /// Degrees of freedom.
    pub df: f64,
    /// Two-sided p.
    pub p: f64,
}

impl TTest {
    /// The p of an alternative.
    pub fn p_for(&self, alternative: Alternative) -> f64 {
        match alternative {
            Alternative::TwoSided => self.p,
            Alternative::Greater => t_sf(self.t, self.df),
            Alternative::Less => t_sf(-self.t, self.df),
        }
    }
}

/// `P(T > t)` of Student's t with `df` degrees of freedom; NaN where `t` is NaN or `df` is not positive.
pub fn t_sf(t: f64, df: f64) -> f64 {
    if !t.is_finite() {
        // statrs panics on NaN.
        return if t.is_nan() { t } else { f64::from(u8::from(t < 0.0)) };
    }
    // `sf` keeps the digits that 1 - cdf loses far out in the tail.
    StudentsT::new(0.0, 1.0, df).map_or(f64::NAN, |distribution| distribution.sf(t))
}

fn moments(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    (mean, values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (n - 1.0))
}

fn test(difference: f64, standard_error: f64, df: f64) -> Option<TTest> {
    let t = difference / standard_error;
    let p = 2.0 * t_sf(t.abs(), df);
    (t.is_finite() && p.is_finite()).then_some(TTest { t, df, p })
}

/// Independent samples, equal variance (`ttest_ind`). None where a sample is below 2 values or neither varies.
pub fn independent_t_test(a: &[f64], b: &[f64]) -> Option<TTest> {
    if a.len() < 2 || b.len() < 2 {
        return None;
    }
    let ((mean_a, var_a), (mean_b, var_b)) = (moments(a), moments(b));
    let (n_a, n_b) = (a.len() as f64, b.len() as f64);
    let df = n_a + n_b - 2.0;
    let pooled = ((n_a - 1.0) * var_a + (n_b - 1.0) * var_b) / df;
    test(mean_a - mean_b, (pooled * (1.0 / n_a + 1.0 / n_b)).sqrt(), df)
}

/// Paired samples (`ttest_rel`). None where lengths differ, are below 2, or differences do not vary.
pub fn paired_t_test(a: &[f64], b: &[f64]) -> Option<TTest> {
    if a.len() != b.len() {
        return None;
    }
    one_sample_t_test(&a.iter().zip(b).map(|(a, b)| a - b).collect::<Vec<_>>(), 0.0)
}

/// One sample against a mean (`ttest_1samp`). None below 2 values or without variance.
pub fn one_sample_t_test(values: &[f64], mean: f64) -> Option<TTest> {
    if values.len() < 2 {
        return None;
    }
    let (own, variance) = moments(values);
    let n = values.len() as f64;
    test(own - mean, (variance / n).sqrt(), n - 1.0)
}

/// Cohen's d of independent samples with the pooled standard deviation; none where it is 0 or a sample is below 2 values.
pub fn cohens_d(a: &[f64], b: &[f64]) -> Option<f64> {
    let t = independent_t_test(a, b)?;
    Some(t.t * (1.0 / a.len() as f64 + 1.0 / b.len() as f64).sqrt())
}

/// Mean over standard deviation (n - 1) of paired differences; none below 2 values or without variance.
pub fn cohens_dz(differences: &[f64]) -> Option<f64> {
    one_sample_t_test(differences, 0.0).map(|t| t.t / (differences.len() as f64).sqrt())
}
