//! Quartiles, whiskers, and densities: what boxes and violins are drawn from.

/// A box: quartiles as numpy's `percentile` has them (linear), whiskers at the outermost values within 1.5 interquartile
/// ranges of the box, and the values beyond them.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct BoxNumbers {
    pub mean: f64,
    pub quartiles: [f64; 3],
    pub whiskers: [f64; 2],
    pub outliers: Vec<f64>,
}

/// The box of some values; none without values.
pub(super) fn box_numbers(values: &[f64]) -> Option<BoxNumbers> {
    let mut sorted: Vec<f64> = values.iter().copied().filter(|value| value.is_finite()).collect();
    sorted.sort_by(f64::total_cmp);
    let (first, last) = (*sorted.first()?, *sorted.last()?);
    let quartiles = [0.25, 0.5, 0.75].map(|share| quantile(&sorted, share));
    let reach = 1.5 * (quartiles[2] - quartiles[0]);
    let (low, high) = (quartiles[0] - reach, quartiles[2] + reach);
    let whiskers = [
        sorted.iter().copied().find(|value| *value >= low).unwrap_or(first).min(quartiles[0]),
        sorted.iter().rev().copied().find(|value| *value <= high).unwrap_or(last).max(quartiles[2]),
    ];
    let outliers = sorted.iter().copied().filter(|value| *value < whiskers[0] || *value > whiskers[1]).collect();
    // Divided first: the sum of very large numbers is not finite.
    let mean = sorted.iter().map(|value| value / sorted.len() as f64).sum();
    Some(BoxNumbers { mean, quartiles, whiskers, outliers })
}

/// Quantile of ascending values, linear between neighbors; at least one value.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len() - 1) as f64;
    let below = place.floor() as usize;
    let above = (below + 1).min(sorted.len() - 1);
    sorted[below] + (sorted[above] - sorted[below]) * (place - below as f64)
}

/// `(value, density)` at `n` equal steps from the smallest to the largest value: a Gaussian kernel of Scott's width, as
/// scipy's `gaussian_kde` has it. None for fewer than two different values.
pub(super) fn density(values: &[f64], n: usize) -> Option<Vec<(f64, f64)>> {
    let values: Vec<f64> = values.iter().copied().filter(|value| value.is_finite()).collect();
    let (low, high) = values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), &v| (l.min(v), h.max(v)));
    let n_values = values.len() as f64;
    let mean = values.iter().map(|value| value / n_values).sum::<f64>();
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (n_values - 1.0);
    let width = variance.sqrt() * n_values.powf(-0.2);
    if values.len() < 2
        || n < 2
        || !width.is_finite()
        || width <= 0.0
        || high - low <= 1e-12 * high.abs().max(low.abs())
    {
        return None;
    }
    let scale = 1.0 / (n_values * width * std::f64::consts::TAU.sqrt());
    let at =
        |value: f64| values.iter().map(|other| (-0.5 * ((value - other) / width).powi(2)).exp()).sum::<f64>() * scale;
    Some((0..n).map(|idx| low + (high - low) * idx as f64 / (n - 1) as f64).map(|value| (value, at(value))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALUES: [f64; 11] = [0.31, -1.2, 2.5, 0.7, 0.05, 1.1, -0.4, 9.0, 0.9, 0.33, 0.6];

    fn near(got: f64, expected: f64) {
        assert!((got - expected).abs() < 1e-12 * expected.abs().max(1.0), "{got} instead of {expected}");
    }

    // numpy 2 `percentile(VALUES, [25, 50, 75])` and matplotlib's `boxplot_stats`; see NUMBERS below.
    #[test]
    fn boxes_are_those_of_numpy_and_matplotlib() {
        let got = box_numbers(&VALUES).unwrap();
        for (got, expected) in got.quartiles.into_iter().zip(QUARTILES) {
            near(got, expected);
        }
        assert_eq!(got.whiskers, [-0.4, 1.1]);
        assert_eq!(got.outliers, [-1.2, 2.5, 9.0]);
        assert!(box_numbers(&[]).is_none());
        let one = box_numbers(&[3.0]).unwrap();
        assert_eq!((one.quartiles, one.whiskers, one.mean), ([3.0; 3], [3.0; 2], 3.0));
    }

    #[test]
    fn densities_are_those_of_scipy() {
        let got = density(&VALUES, 5).unwrap();
        for ((value, density), (expected_value, expected)) in got.into_iter().zip(DENSITY) {
            near(value, expected_value);
            near(density, expected);
        }
        assert!(density(&[2.0], 5).is_none() && density(&[2.0, 2.0, 2.0], 5).is_none() && density(&[], 5).is_none());
    }

    // import numpy as np; from scipy.stats import gaussian_kde    # numpy 2.4.6, scipy 1.17.1
    // np.percentile(v, [25, 50, 75]); x = np.linspace(v.min(), v.max(), 5); gaussian_kde(v)(x)
    const QUARTILES: [f64; 3] = [0.18, 0.6, 1.0];
    const DENSITY: [(f64, f64); 5] = [
        (-1.2, 0.12958174178092918),
        (1.3499999999999999, 0.16947599382737136),
        (3.8999999999999995, 0.039258472531699756),
        (6.449999999999999, 0.008696502217043595),
        (9.0, 0.021494371391461153),
    ];
}
