//! Butterworth filters as the ratio of two polynomials: scipy's `butter(order, cutoff, btype, fs=fs, output="ba")`.
//!
//! Poles of the analog low-pass, moved to the wanted band, then the bilinear transform at pre-warped cutoffs. High orders lose digits in
//! this form, as they do in scipy; order 4 and time courses of tens of bins are what it is for.

use faer::c64;
use serde::{Deserialize, Serialize};
use spikereel_data::{DataError, Result};
use std::f64::consts::PI;

/// What passes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Band {
    /// Below a frequency, in Hz.
    Low(f64),
    /// Above a frequency, in Hz.
    High(f64),
    /// Between two frequencies, in Hz.
    Pass(f64, f64),
}

/// Coefficients of a digital filter: `sum a_k y[t - k] = sum b_k x[t - k]`, with `a_0 = 1`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Butterworth {
    /// Numerator.
    pub b: Vec<f64>,
    /// Denominator; as long as the numerator.
    pub a: Vec<f64>,
}

/// Zeros, poles and gain.
struct Roots {
    zeros: Vec<c64>,
    poles: Vec<c64>,
    gain: f64,
}

impl Butterworth {
    /// Designs a filter of `order` (1 to 12) for a signal sampled at `sample_rate_hz`. A band filter has twice the order.
    ///
    /// # Errors
    /// An order out of range, a cutoff that is not positive or not below half the sampling rate, a band whose ends are not ascending.
    pub fn new(order: usize, band: Band, sample_rate_hz: f64) -> Result<Self> {
        if !(1..=12).contains(&order) {
            return Err(DataError::new("filter order", "1 to 12", order.to_string()));
        }
        if !(sample_rate_hz.is_finite() && sample_rate_hz > 0.0) {
            return Err(DataError::new("sampling rate", "a positive number of Hz", sample_rate_hz.to_string()));
        }
        // With a sampling rate of 2, frequencies are shares of the Nyquist frequency.
        let warped = |cutoff_hz: f64| -> Result<f64> {
            check_cutoff(cutoff_hz, sample_rate_hz)?;
            Ok(4.0 * (PI * cutoff_hz / sample_rate_hz).tan())
        };
        let prototype = low_pass_prototype(order);
        let analog = match band {
            Band::Low(cutoff) => to_low(prototype, warped(cutoff)?),
            Band::High(cutoff) => to_high(prototype, warped(cutoff)?),
            Band::Pass(low, high) => {
                let (low_warped, high_warped) = (warped(low)?, warped(high)?);
                if low >= high {
                    return Err(DataError::new(
                        "filter band",
                        "a lower end below the upper",
                        format!("{low}, {high} Hz"),
                    ));
                }
                to_band(prototype, (low_warped * high_warped).sqrt(), high_warped - low_warped)
            }
        };
        let digital = bilinear(analog);
        let b = polynomial(&digital.zeros).iter().map(|coefficient| digital.gain * coefficient).collect();
        Ok(Self { b, a: polynomial(&digital.poles) })
    }
}

fn check_cutoff(cutoff_hz: f64, sample_rate_hz: f64) -> Result<()> {
    let nyquist_hz = sample_rate_hz / 2.0;
    if cutoff_hz > 0.0 && cutoff_hz < nyquist_hz {
        return Ok(());
    }
    Err(DataError::new(
        "filter cutoff",
        format!("above 0 and below the Nyquist frequency of {nyquist_hz} Hz (half the sampling rate of {sample_rate_hz} Hz)"),
        format!("{cutoff_hz} Hz"),
    )
    .hint("bins of 100 ms are sampled at 10 Hz, so the paper's cutoff of 10 Hz cannot exist there: lower it or use narrower bins"))
}

/// Poles on the left half of the unit circle.
fn low_pass_prototype(order: usize) -> Roots {
    let n = order as f64;
    let pole = |k: usize| {
        let angle = PI * (2.0 * k as f64 - n + 1.0) / (2.0 * n);
        c64::new(-angle.cos(), -angle.sin())
    };
    Roots { zeros: Vec::new(), poles: (0..order).map(pole).collect(), gain: 1.0 }
}

fn to_low(roots: Roots, cutoff: f64) -> Roots {
    let gain = roots.gain * cutoff.powi(roots.poles.len() as i32);
    Roots { zeros: Vec::new(), poles: roots.poles.iter().map(|pole| pole * cutoff).collect(), gain }
}

fn to_high(roots: Roots, cutoff: f64) -> Roots {
    let inverse = roots.poles.iter().map(|pole| c64::new(cutoff, 0.0) / pole).collect();
    let product = roots.poles.iter().fold(c64::new(1.0, 0.0), |product, pole| product * -pole);
    Roots { zeros: vec![c64::new(0.0, 0.0); roots.poles.len()], poles: inverse, gain: roots.gain / product.re }
}

fn to_band(roots: Roots, center: f64, width: f64) -> Roots {
    let degree = roots.poles.len();
    let half: Vec<c64> = roots.poles.iter().map(|pole| pole * (width / 2.0)).collect();
    let root = |pole: &c64| (pole * pole - c64::new(center * center, 0.0)).sqrt();
    let poles = half.iter().map(|pole| pole + root(pole)).chain(half.iter().map(|pole| pole - root(pole))).collect();
    Roots { zeros: vec![c64::new(0.0, 0.0); degree], poles, gain: roots.gain * width.powi(degree as i32) }
}

/// `s = 2 fs (z - 1) / (z + 1)` with `fs = 2`; zeros at infinity go to -1.
fn bilinear(roots: Roots) -> Roots {
    let four = c64::new(4.0, 0.0);
    let moved = |root: &c64| (four + root) / (four - root);
    let one = c64::new(1.0, 0.0);
    let above = roots.zeros.iter().fold(one, |product, zero| product * (four - zero));
    let below = roots.poles.iter().fold(one, |product, pole| product * (four - pole));
    let mut zeros: Vec<c64> = roots.zeros.iter().map(moved).collect();
    zeros.resize(roots.poles.len(), c64::new(-1.0, 0.0));
    Roots { zeros, poles: roots.poles.iter().map(moved).collect(), gain: roots.gain * (above / below).re }
}

/// Coefficients, highest power first, of the polynomial with these roots, which come in conjugate pairs.
fn polynomial(roots: &[c64]) -> Vec<f64> {
    let mut coefficients = vec![c64::new(1.0, 0.0)];
    for root in roots {
        coefficients.push(c64::new(0.0, 0.0));
        for at in (1..coefficients.len()).rev() {
            let lower = coefficients[at - 1];
            coefficients[at] -= root * lower;
        }
    }
    coefficients.iter().map(|coefficient| coefficient.re).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cutoff_at_or_above_nyquist_is_refused_with_both_frequencies() {
        for cutoff in [5.0, 10.0, 0.0, f64::NAN] {
            assert!(Butterworth::new(4, Band::Low(cutoff), 10.0).is_err(), "{cutoff}");
        }
        let error = Butterworth::new(4, Band::High(10.0), 10.0).unwrap_err().to_string();
        for part in ["Nyquist frequency of 5 Hz", "sampling rate of 10 Hz", "got 10 Hz", "100 ms"] {
            assert!(error.contains(part), "{part}: {error}");
        }
    }

    #[test]
    fn a_low_pass_lets_a_constant_through_and_a_high_pass_stops_it() {
        let gain_at_zero = |band| {
            let filter = Butterworth::new(4, band, 10.0).unwrap();
            filter.b.iter().sum::<f64>() / filter.a.iter().sum::<f64>()
        };
        assert!((gain_at_zero(Band::Low(2.0)) - 1.0).abs() < 1e-12);
        assert!(gain_at_zero(Band::High(2.0)).abs() < 1e-12);
        assert!(gain_at_zero(Band::Pass(1.0, 3.0)).abs() < 1e-12);
    }
}
