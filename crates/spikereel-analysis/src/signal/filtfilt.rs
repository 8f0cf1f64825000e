//! Zero-phase filtering, forward and backward, as `scipy.signal.filtfilt(b, a, x)`: odd padding of `3 max(len(a), len(b))` values, and each
//! pass begun in the steady state of its first value.

use super::Butterworth;
use spikereel_data::{DataError, Result};

/// Values added at each end, for a filter with this many coefficients.
pub fn padding(filter: &Butterworth) -> usize {
    3 * filter.a.len().max(filter.b.len())
}

/// Filters a time course forward and backward; as long as `values`.
///
/// # Errors
/// A filter without coefficients or with `a[0] = 0`, a time course not longer than the padding, values that are not finite.
pub fn filtfilt(filter: &Butterworth, values: &[f64]) -> Result<Vec<f64>> {
    let n_coefficients = filter.a.len().max(filter.b.len());
    let Some(&first) = filter.a.first().filter(|&&first| first != 0.0 && first.is_finite()) else {
        return Err(DataError::new("filter", "a denominator that does not begin with 0", format!("{:?}", filter.a)));
    };
    let n_padding = padding(filter);
    if values.len() <= n_padding {
        return Err(DataError::new(
            "time course to be filtered",
            format!("more than {n_padding} values: the padding of a filter with {n_coefficients} coefficients"),
            values.len().to_string(),
        )
        .hint("lower the filter's order, or take a longer time course"));
    }
    if values.iter().any(|value| !value.is_finite()) {
        return Err(DataError::new("time course to be filtered", "finite values", "one that is not"));
    }
    let scaled = |coefficients: &[f64]| -> Vec<f64> {
        let mut scaled: Vec<f64> = coefficients.iter().map(|coefficient| coefficient / first).collect();
        scaled.resize(n_coefficients, 0.0);
        scaled
    };
    let (b, a) = (scaled(&filter.b), scaled(&filter.a));
    let steady = steady_state(&b, &a);
    let mut padded = odd_extension(values, n_padding);
    for _ in 0..2 {
        pass(&b, &a, &steady, &mut padded);
        padded.reverse();
    }
    Ok(padded[n_padding..n_padding + values.len()].to_vec())
}

/// The ends, turned by 180 degrees about the first and the last value.
fn odd_extension(values: &[f64], n: usize) -> Vec<f64> {
    let (first, last) = (values[0], values[values.len() - 1]);
    let before = values[1..=n].iter().rev().map(|value| 2.0 * first - value);
    let after = values[values.len() - 1 - n..values.len() - 1].iter().rev().map(|value| 2.0 * last - value);
    before.chain(values.iter().copied()).chain(after).collect()
}

/// State of the transposed direct form after a long run of ones (`scipy.signal.lfilter_zi`).
fn steady_state(b: &[f64], a: &[f64]) -> Vec<f64> {
    let rest: Vec<f64> = (1..a.len()).map(|k| b[k] - a[k] * b[0]).collect();
    let mut state = vec![0.0; rest.len()];
    let Some(first) = state.first_mut() else { return state };
    *first = rest.iter().sum::<f64>() / a.iter().sum::<f64>();
    let (mut sum_a, mut sum_rest) = (1.0, 0.0);
    for k in 1..rest.len() {
        sum_a += a[k];
        sum_rest += rest[k - 1];
        state[k] = sum_a * state[0] - sum_rest;
    }
    state
}

/// One pass, in place, begun at the steady state of the first value.
fn pass(b: &[f64], a: &[f64], steady: &[f64], values: &mut [f64]) {
    let mut state: Vec<f64> = steady.iter().map(|state| state * values[0]).collect();
    state.push(0.0);
    for value in values {
        let input = *value;
        *value = b[0] * input + state[0];
        for k in 1..b.len() {
            state[k - 1] = b[k] * input - a[k] * *value + state[k];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Band;
    use super::*;

    #[test]
    fn a_time_course_no_longer_than_the_padding_is_refused() {
        let filter = Butterworth::new(4, Band::Low(2.0), 10.0).unwrap();
        assert_eq!(padding(&filter), 15);
        assert!(filtfilt(&filter, &[0.5; 15]).unwrap_err().to_string().contains("more than 15"));
        assert!(filtfilt(&filter, &[0.5; 16]).unwrap().iter().all(|value| (value - 0.5).abs() < 1e-12));
    }

    #[test]
    fn a_slow_wave_passes_unmoved_and_a_fast_one_is_stopped() {
        let filter = Butterworth::new(4, Band::Low(2.0), 50.0).unwrap();
        let wave = |hz: f64| -> Vec<f64> {
            (0..400).map(|t| (std::f64::consts::TAU * hz * f64::from(t) / 50.0).sin()).collect()
        };
        let largest = |values: Vec<f64>, from: &[f64]| {
            values.iter().zip(from).skip(100).take(200).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
        };
        assert!(largest(filtfilt(&filter, &wave(0.5)).unwrap(), &wave(0.5)) < 1e-3);
        assert!(largest(filtfilt(&filter, &wave(15.0)).unwrap(), &[0.0; 400]) < 1e-3);
    }
}
