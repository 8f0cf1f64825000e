//! Shares: the Clopper-Pearson interval and the exact binomial test.
//!
//! # References
//! Clopper & Pearson (1934), Biometrika 26:404. Held to `scipy.stats.binomtest`.

use statrs::function::beta::beta_reg;

/// Clopper-Pearson interval of a share at `confidence` (such as .95): `[low, high]`. `[0, 1]` without trials.
///
/// # Panics
/// Where there are more successes than trials, or `confidence` is not in 0..1.
pub fn clopper_pearson(n_successes: usize, n_trials: usize, confidence: f64) -> [f64; 2] {
    assert!(n_successes <= n_trials && (0.0..1.0).contains(&confidence), "a share and a confidence below 1");
    if n_trials == 0 {
        return [0.0, 1.0];
    }
    let tail = (1.0 - confidence) / 2.0;
    let (k, n) = (n_successes as f64, n_trials as f64);
    let low = if n_successes == 0 { 0.0 } else { solve(|p| beta_reg(k, n - k + 1.0, p), tail) };
    let high = if n_successes == n_trials { 1.0 } else { solve(|p| beta_reg(k + 1.0, n - k, p), 1.0 - tail) };
    [low, high]
}

/// `P(X >= n_successes)` of a binomial with probability `p`: the exact one-sided test (`binomtest(..., alternative="greater")`).
///
/// # Panics
/// Where there are more successes than trials, or `p` is not in 0..=1.
pub fn binomial_p_greater(n_successes: usize, n_trials: usize, p: f64) -> f64 {
    assert!(n_successes <= n_trials && (0.0..=1.0).contains(&p), "a share and a probability");
    if n_successes == 0 { 1.0 } else { beta_reg(n_successes as f64, (n_trials - n_successes) as f64 + 1.0, p) }
}

/// Where a rising function of 0..1 takes `value`: bisection down to neighbouring floats.
fn solve(rising: impl Fn(f64) -> f64, value: f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    loop {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            return middle;
        }
        if rising(middle) < value { low = middle } else { high = middle }
    }
}
