//! Counts around their means: a gain shared by a region on a trial, and negative binomial counts given it.
//!
//! The gain takes [`N_GAINS`] values of equal probability, so that sums over it are exact.

use rand::{Rng, RngExt};
use rand_distr::{Distribution, Gamma, Poisson};

/// Number of values of the shared gain.
pub(super) const N_GAINS: usize = 8;

/// Medians of eight equal parts of the standard normal distribution (quantiles 1/16, 3/16, ...), divided by their
/// standard deviation (0.9225), so that they have variance 1.
pub(super) const STANDARD_LOG_GAINS: [f64; N_GAINS] =
    [-1.662_960, -0.961_651, -0.529_825, -0.170_522, 0.170_522, 0.529_825, 0.961_651, 1.662_960];

/// The gains of a region, with mean 1.
pub(super) fn gains(log_sd: f64) -> [f64; N_GAINS] {
    let raw = STANDARD_LOG_GAINS.map(|z| (log_sd * z).exp());
    let mean = raw.iter().sum::<f64>() / N_GAINS as f64;
    raw.map(|gain| gain / mean)
}

/// Log probability of counts 0, 1, ... into `out`: negative binomial with this mean and variance `fano * mean`; Poisson
/// at 1.
pub(super) fn fill_log_pmf(mean: f64, fano: f64, out: &mut [f64]) {
    let is_poisson = fano <= 1.0;
    let (size, log_zero) =
        if is_poisson { (0.0, -mean) } else { (mean / (fano - 1.0), -mean / (fano - 1.0) * fano.ln()) };
    let mut log_p = log_zero;
    for (count, out) in out.iter_mut().enumerate() {
        *out = log_p;
        let n = count as f64;
        log_p += if is_poisson { (mean / (n + 1.0)).ln() } else { ((n + size) / (n + 1.0) * (fano - 1.0) / fano).ln() };
    }
}

/// A count with this mean and variance `fano * mean`. Above 255 it is 255, the largest count a recording holds.
pub(super) fn draw_count(mean: f64, fano: f64, rng: &mut impl Rng) -> u8 {
    // Inversion from 0 up is fastest for the small means of a bin; far out its first term would be lost to rounding.
    if mean > 40.0 {
        return draw_large(mean, fano, rng);
    }
    let is_poisson = fano <= 1.0;
    let (size, share) = if is_poisson { (0.0, 0.0) } else { (mean / (fano - 1.0), (fano - 1.0) / fano) };
    let mut p = if is_poisson { (-mean).exp() } else { (-size * fano.ln()).exp() };
    let mut left = rng.random::<f64>() - p;
    let mut count = 0u8;
    while left > 0.0 && count < u8::MAX {
        let n = f64::from(count);
        p *= if is_poisson { mean / (n + 1.0) } else { (n + size) / (n + 1.0) * share };
        left -= p;
        count += 1;
    }
    count
}

fn draw_large(mean: f64, fano: f64, rng: &mut impl Rng) -> u8 {
    let rate = if fano <= 1.0 {
        mean
    } else {
        Gamma::new(mean / (fano - 1.0), fano - 1.0).map_or(mean, |gamma| gamma.sample(rng))
    };
    let count: f64 = Poisson::new(rate.max(f64::MIN_POSITIVE)).map_or(rate, |poisson| poisson.sample(rng));
    count.min(255.0) as u8
}

#[cfg(test)]
mod tests {
    use super::*;
    use spikereel_data::rng::stream;

    #[test]
    fn gains_have_mean_one_and_the_logs_the_stated_spread() {
        let gains = gains(0.3);
        assert!((gains.iter().sum::<f64>() / 8.0 - 1.0).abs() < 1e-12);
        let logs = gains.map(f64::ln);
        let mean = logs.iter().sum::<f64>() / 8.0;
        let sd = (logs.iter().map(|log| (log - mean).powi(2)).sum::<f64>() / 8.0).sqrt();
        assert!((sd - 0.3).abs() < 1e-4, "{sd}");
    }

    #[test]
    fn drawn_counts_have_the_mean_and_fano_factor_of_their_probabilities() {
        for (mean, fano) in [(0.4, 1.0), (2.5, 1.6), (12.0, 3.0), (60.0, 2.0), (60.0, 1.0)] {
            let mut log_pmf = [0.0; 400];
            fill_log_pmf(mean, fano, &mut log_pmf);
            let moment =
                |power| log_pmf.iter().enumerate().map(|(n, lp)| (n as f64).powi(power) * lp.exp()).sum::<f64>();
            assert!((moment(0) - 1.0).abs() < 1e-9 && (moment(1) - mean).abs() < 1e-6 * mean, "{mean} {fano}");
            assert!((moment(2) - mean * mean - fano * mean).abs() < 1e-6 * mean * mean, "{mean} {fano}");
            let mut rng = stream(4, "test/counts");
            let drawn: Vec<f64> = (0..40_000).map(|_| f64::from(draw_count(mean, fano, &mut rng))).collect();
            let got = drawn.iter().sum::<f64>() / 4e4;
            let variance = drawn.iter().map(|n| (n - got).powi(2)).sum::<f64>() / 4e4;
            assert!((got - mean).abs() < 5.0 * (fano * mean / 4e4).sqrt(), "{mean} {fano}: {got}");
            assert!((variance / got / fano - 1.0).abs() < 0.05, "{mean} {fano}: {}", variance / got);
        }
    }
}
