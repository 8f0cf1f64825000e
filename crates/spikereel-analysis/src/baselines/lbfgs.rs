//! L-BFGS for smooth convex functions, with a diagonal first guess of the inverse Hessian.
//!
//! # References
//! Nocedal & Wright (2006), Numerical Optimization, algorithms 7.4 and 3.1 (backtracking).

use std::collections::VecDeque;

/// Pairs kept.
const MEMORY: usize = 12;

/// Minimises from `x`; `value_and_gradient(x, gradient) -> value`. Stops where the gradient's largest entry is below
/// `tolerance`, after `max_iterations`, or where no step makes the value smaller.
pub(super) fn minimise(
    x: &mut [f64],
    inverse_hessian: &[f64],
    tolerance: f64,
    max_iterations: usize,
    mut value_and_gradient: impl FnMut(&[f64], &mut [f64]) -> f64,
) {
    let n = x.len();
    let mut gradient = vec![0.0; n];
    let mut value = value_and_gradient(x, &mut gradient);
    let mut pairs: VecDeque<(Vec<f64>, Vec<f64>, f64)> = VecDeque::new();
    let (mut trial, mut trial_gradient) = (vec![0.0; n], vec![0.0; n]);
    for _ in 0..max_iterations {
        if gradient.iter().all(|g| g.abs() < tolerance) {
            return;
        }
        let mut direction = direction(&gradient, inverse_hessian, &pairs);
        let mut slope = dot(&direction, &gradient);
        if slope >= 0.0 {
            pairs.clear();
            direction = gradient.iter().zip(inverse_hessian).map(|(g, h)| -g * h).collect();
            slope = dot(&direction, &gradient);
        }
        let mut step = 1.0;
        let next = loop {
            for ((out, own), d) in trial.iter_mut().zip(x.iter()).zip(&direction) {
                *out = own + step * d;
            }
            let next = value_and_gradient(&trial, &mut trial_gradient);
            if next <= value + 1e-4 * step * slope {
                break next;
            }
            step *= 0.5;
            if step < 1e-12 {
                return;
            }
        };
        let s: Vec<f64> = trial.iter().zip(x.iter()).map(|(new, old)| new - old).collect();
        let y: Vec<f64> = trial_gradient.iter().zip(&gradient).map(|(new, old)| new - old).collect();
        let sy = dot(&s, &y);
        if sy > 1e-14 * dot(&y, &y).sqrt() * dot(&s, &s).sqrt() {
            pairs.push_back((s, y, 1.0 / sy));
            if pairs.len() > MEMORY {
                pairs.pop_front();
            }
        }
        x.copy_from_slice(&trial);
        gradient.copy_from_slice(&trial_gradient);
        value = next;
    }
}

/// The two-loop recursion; minus the approximate Newton step's gradient.
fn direction(gradient: &[f64], inverse_hessian: &[f64], pairs: &VecDeque<(Vec<f64>, Vec<f64>, f64)>) -> Vec<f64> {
    let mut q = gradient.to_vec();
    let mut alphas = Vec::with_capacity(pairs.len());
    for (s, y, rho) in pairs.iter().rev() {
        let alpha = rho * dot(s, &q);
        q.iter_mut().zip(y).for_each(|(q, y)| *q -= alpha * y);
        alphas.push(alpha);
    }
    q.iter_mut().zip(inverse_hessian).for_each(|(q, h)| *q *= h);
    for ((s, y, rho), alpha) in pairs.iter().zip(alphas.iter().rev()) {
        let beta = rho * dot(y, &q);
        q.iter_mut().zip(s).for_each(|(q, s)| *q += (alpha - beta) * s);
    }
    q.iter_mut().for_each(|q| *q = -*q);
    q
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
