//! Ridge regression of one number, penalty chosen by leave-one-out error: scikit-learn's `RidgeCV` with its default `cv=None`.

use crate::baselines::kernel::TrainingKernel;
use ndarray::ArrayView3;
use spikereel_data::{DataError, Result};

/// Penalties to choose from for standardised or small-count features: 10^-1 to 10^5 in half decades.
pub fn default_alphas() -> Vec<f64> {
    (0..13).map(|step| 10_f64.powf(-1.0 + 0.5 * f64::from(step))).collect()
}

/// A fitted regression.
#[derive(Debug, Clone)]
pub struct RidgeCv {
    kernel: TrainingKernel,
    dual: Vec<f64>,
    intercept: f64,
    /// The chosen penalty.
    pub alpha: f64,
    /// Mean squared leave-one-out error of each penalty offered.
    pub loo_error: Vec<f64>,
}

impl RidgeCv {
    /// Fits `targets`, one a row, on features `[row, feature]`, with an unpenalised intercept.
    ///
    /// # Errors
    /// Fewer than 2 rows, lengths that do not agree, no positive penalty, or values that are not finite.
    pub fn fit(features: &[f32], n_features: usize, targets: &[f64], alphas: &[f64]) -> Result<Self> {
        if n_features == 0 || features.len() != targets.len() * n_features {
            let expected = format!("{} rows of {n_features} features", targets.len());
            return Err(DataError::new("ridge features", expected, format!("{} values", features.len())));
        }
        if alphas.is_empty() || !alphas.iter().all(|&alpha| alpha > 0.0 && alpha.is_finite()) {
            return Err(DataError::new("ridge alphas", "one or more positive numbers", format!("{alphas:?}")));
        }
        if let Some(at) = targets.iter().position(|target| !target.is_finite()) {
            return Err(DataError::new("ridge targets", "finite numbers", format!("{} at row {at}", targets[at])));
        }
        let kernel = TrainingKernel::of_rows(features.to_vec(), [1, n_features])?;
        let n = targets.len() as f64;
        let intercept = targets.iter().sum::<f64>() / n;
        let rank = kernel.eigenvalues.len();
        let centred: Vec<f64> = targets.iter().map(|target| target - intercept).collect();
        let mut projected = vec![0.0; rank];
        for (row, &target) in centred.iter().enumerate() {
            projected.iter_mut().zip(kernel.vectors.row(row)).for_each(|(sum, v)| *sum += v * target);
        }
        // Leave-one-out residual: own residual over 1 minus own leverage (the intercept's leverage is 1 / n).
        let error = |alpha: f64| -> f64 {
            let kept: Vec<f64> = kernel.eigenvalues.iter().map(|value| value / (value + alpha)).collect();
            let of_row = |(row, &target): (usize, &f64)| {
                let vectors = kernel.vectors.row(row);
                let fitted: f64 = (0..rank).map(|k| vectors[k] * kept[k] * projected[k]).sum();
                let leverage: f64 = 1.0 / n + (0..rank).map(|k| vectors[k] * vectors[k] * kept[k]).sum::<f64>();
                ((target - fitted) / (1.0 - leverage)).powi(2)
            };
            centred.iter().enumerate().map(of_row).sum::<f64>() / n
        };
        let loo_error: Vec<f64> = alphas.iter().map(|&alpha| error(alpha)).collect();
        let best = (0..alphas.len()).min_by(|&a, &b| loo_error[a].total_cmp(&loo_error[b])).unwrap_or(0);
        let alpha = alphas[best];
        let scaled: Vec<f64> =
            projected.iter().zip(&kernel.eigenvalues).map(|(p, value)| p / (value + alpha)).collect();
        let dual = (0..targets.len())
            .map(|row| kernel.vectors.row(row).iter().zip(&scaled).map(|(v, s)| v * s).sum())
            .collect();
        Ok(Self { kernel, dual, intercept, alpha, loo_error })
    }

    /// Predicts rows of features `[row, feature]`.
    ///
    /// # Errors
    /// Where the rows have another number of features.
    pub fn predict(&self, features: &[f32]) -> Result<Vec<f64>> {
        let n_features = self.kernel.axes[1];
        let rows = ArrayView3::from_shape((features.len() / n_features, 1, n_features), features).map_err(|_| {
            DataError::new("ridge features", format!("rows of {n_features}"), format!("{} values", features.len()))
        })?;
        let products = self.kernel.products(&rows)?;
        Ok((0..products.n_rows)
            .map(|row| self.intercept + products.row(row).iter().zip(&self.dual).map(|(k, a)| k * a).sum::<f64>())
            .collect())
    }
}
