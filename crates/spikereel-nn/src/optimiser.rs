//! Adam and Adamax with PyTorch's arithmetic, and the course of the learning rate over epochs.
//!
//! Kingma and Ba (2015), *Adam: a method for stochastic optimization*, algorithm 1 and section 7. As PyTorch, Adamax takes
//! `max(beta2 u, |g| + eps)`, so that `eps` stands inside the maximum.

use crate::Real;
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// The rule of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// The paper's choice.
    #[default]
    Adamax,
    /// The published code's choice.
    Adam,
}

/// An optimiser, without its learning rate.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OptimiserConfig {
    /// The rule.
    pub rule: Rule,
    /// Memory of the gradient's mean, 0 to 1.
    pub beta1: f64,
    /// Memory of its size, 0 to 1.
    pub beta2: f64,
    /// Smallest size. PyTorch's default is 1e-8; the published code has 1e-9 with Adam.
    pub eps: f64,
    /// Share of each value taken away per step and unit of learning rate, decoupled from the gradient (Loshchilov and Hutter 2019).
    pub weight_decay: f64,
}

impl Default for OptimiserConfig {
    /// Adamax with PyTorch's values.
    fn default() -> Self {
        Self { rule: Rule::Adamax, beta1: 0.9, beta2: 0.999, eps: 1e-8, weight_decay: 0.0 }
    }
}

/// An optimiser's memory.
#[derive(Debug, Clone, PartialEq)]
pub struct Optimiser<R> {
    config: OptimiserConfig,
    /// Mean of gradients.
    pub(crate) first: Vec<R>,
    /// Mean of squares, or maximum of sizes.
    pub(crate) second: Vec<R>,
    pub(crate) n_steps: u64,
}

impl<R: Real> Optimiser<R> {
    /// A fresh one for `n_values`.
    pub fn new(config: OptimiserConfig, n_values: usize) -> Self {
        Self { config, first: vec![R::ZERO; n_values], second: vec![R::ZERO; n_values], n_steps: 0 }
    }

    /// Steps taken.
    pub fn n_steps(&self) -> u64 {
        self.n_steps
    }

    /// One step: changes `values` against `gradients`.
    ///
    /// # Panics
    /// Where lengths differ from that at construction.
    pub fn step(&mut self, learning_rate: f64, values: &mut [R], gradients: &[R]) {
        let all = 0..values.len();
        self.step_with(learning_rate, &[(all, 1.0)], values, gradients);
    }

    /// The same, with a factor on the learning rate of each range; values outside all ranges stay.
    ///
    /// # Panics
    /// Where lengths differ from that at construction, or a range ends behind them.
    pub fn step_with(
        &mut self,
        learning_rate: f64,
        factors: &[(Range<usize>, f64)],
        values: &mut [R],
        gradients: &[R],
    ) {
        assert!(
            values.len() == self.first.len() && gradients.len() == self.first.len(),
            "lengths fixed at construction"
        );
        let OptimiserConfig { rule, beta1, beta2, eps, weight_decay } = self.config;
        self.n_steps += 1;
        let bias1 = 1.0 - beta1.powf(self.n_steps as f64);
        let bias2_root = R::from_f64((1.0 - beta2.powf(self.n_steps as f64)).sqrt());
        let (one_minus_beta1, beta2_r) = (R::from_f64(1.0 - beta1), R::from_f64(beta2));
        let (one_minus_beta2, eps) = (R::from_f64(1.0 - beta2), R::from_f64(eps));
        for (range, factor) in factors {
            let rate = R::from_f64(learning_rate * factor / bias1);
            let keep = R::from_f64(1.0 - learning_rate * factor * weight_decay);
            let memory = self.first[range.clone()].iter_mut().zip(&mut self.second[range.clone()]);
            let values = values[range.clone()].iter_mut().zip(&gradients[range.clone()]);
            for ((value, &gradient), (first, second)) in values.zip(memory) {
                *first += one_minus_beta1 * (gradient - *first);
                if weight_decay != 0.0 {
                    *value = *value * keep;
                }
                let size = match rule {
                    Rule::Adamax => {
                        let (old, new) = (beta2_r * *second, gradient.abs() + eps);
                        *second = if old > new { old } else { new };
                        *second
                    }
                    Rule::Adam => {
                        *second = beta2_r * *second + one_minus_beta2 * (gradient * gradient);
                        second.sqrt() / bias2_root + eps
                    }
                };
                *value = *value - rate * (*first / size);
            }
        }
    }
}

/// The learning rate's course over epochs.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Schedule {
    /// Unchanged.
    Constant,
    /// Multiplied by `gamma` every so many epochs: PyTorch's `StepLR`.
    Step {
        /// Epochs between two cuts.
        every_epochs: usize,
        /// What a cut leaves.
        gamma: f64,
    },
    /// Half a cosine from the start value down to a share `floor` of it in the last epoch.
    Cosine {
        /// Share of the start value at the end, 0 to 1.
        floor: f64,
    },
}

impl Default for Schedule {
    /// The published code's: .85 every 3 epochs.
    fn default() -> Self {
        Self::Step { every_epochs: 3, gamma: 0.85 }
    }
}

impl Schedule {
    /// Learning rate of an epoch, from 0, of `n_epochs`.
    pub fn rate(&self, start: f64, epoch: usize, n_epochs: usize) -> f64 {
        match *self {
            Self::Constant => start,
            Self::Step { every_epochs, gamma } => start * gamma.powf((epoch / every_epochs.max(1)) as f64),
            Self::Cosine { floor } => {
                let along = epoch as f64 / n_epochs.saturating_sub(1).max(1) as f64;
                start * (floor + (1.0 - floor) * 0.5 * (1.0 + (std::f64::consts::PI * along.min(1.0)).cos()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_schedule_cuts_every_third_epoch_and_the_cosine_ends_at_its_floor() {
        let step = Schedule::default();
        assert_eq!((step.rate(0.01, 2, 40), step.rate(0.01, 3, 40)), (0.01, 0.01 * 0.85));
        let cosine = Schedule::Cosine { floor: 0.1 };
        assert_eq!(cosine.rate(2.0, 0, 10), 2.0);
        assert!((cosine.rate(2.0, 9, 10) - 0.2).abs() < 1e-15);
    }

    #[test]
    fn a_step_goes_down_a_parabola_to_its_bottom_for_both_rules() {
        for rule in [Rule::Adam, Rule::Adamax] {
            let mut optimiser = Optimiser::<f64>::new(OptimiserConfig { rule, ..Default::default() }, 1);
            let mut x = [1.0];
            for step in 0..2000 {
                let gradient = [2.0 * (x[0] - 0.25)];
                optimiser.step(0.01 * 0.998_f64.powi(step), &mut x, &gradient);
            }
            assert!((x[0] - 0.25).abs() < 1e-3, "{rule:?}: {}", x[0]);
        }
    }

    #[test]
    fn a_range_learns_at_its_own_rate_and_what_is_in_no_range_stays() {
        let mut values = [0.0_f64; 3];
        let mut optimiser = Optimiser::new(OptimiserConfig::default(), 3);
        optimiser.step_with(0.5, &[(0..1, 1.0), (1..2, 0.25)], &mut values, &[1.0; 3]);
        assert!((values[1] / values[0] - 0.25).abs() < 1e-12 && values[0] < 0.0 && values[2] == 0.0, "{values:?}");
    }

    #[test]
    fn decay_shrinks_values_that_have_no_gradient() {
        let config = OptimiserConfig { weight_decay: 0.1, ..Default::default() };
        let mut value = [1.0_f64];
        Optimiser::new(config, 1).step(0.5, &mut value, &[0.0]);
        assert_eq!(value, [0.95]);
    }
}
