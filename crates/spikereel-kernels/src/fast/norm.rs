//! Batch normalisation: sums in f64 over chunks fixed by the sizes, then one pass with a factor and an offset a channel.
//!
//! All passes run over periods: the shortest stretch of whole rows `[channel, inner]` of at least [`MIN_PERIOD`] values. Coefficients are
//! written out to a period once, so that inner loops are plain elementwise ones whatever the number of channels.

use crate::Normalised;
use crate::arch::{Isa, with_registers};
use rayon::prelude::*;

/// Values of a period at least: some vectors' worth.
const MIN_PERIOD: usize = 64;
/// Values of a task, about.
const TASK_LEN: usize = 1 << 15;
/// Periods summed in f32 before the sum is widened.
const NARROW_PERIODS: usize = 32;

/// The periods of a shape.
#[derive(Debug, Clone, Copy)]
struct Periods {
    shape: Normalised,
    len: usize,
}

impl Periods {
    fn new(shape: &Normalised) -> Self {
        let row = (shape.channels * shape.inner).max(1);
        Self { shape: *shape, len: row * MIN_PERIOD.div_ceil(row) }
    }

    /// One coefficient a channel, written out to a period.
    fn expand(&self, of_channel: &[f32]) -> Vec<f32> {
        (0..self.len).map(|lane| of_channel[self.channel(lane)]).collect()
    }

    fn channel(&self, lane: usize) -> usize {
        lane / self.shape.inner % self.shape.channels
    }

    fn task_len(&self) -> usize {
        self.len * (TASK_LEN / self.len).max(1)
    }

    /// Two sums a channel: `add(first index, a, b)` adds the terms of the values from `first` on to as many lanes as there are.
    fn sums(&self, isa: Isa, add: impl Fn(usize, &mut [f32], &mut [f32]) + Sync) -> Vec<(f64, f64)> {
        let (n, task_len) = (self.shape.len(), self.task_len());
        let tasks: Vec<Vec<(f64, f64)>> = (0..n.div_ceil(task_len))
            .into_par_iter()
            .map(|task| {
                let mut sums = vec![(0.0, 0.0); self.shape.channels];
                let (mut a, mut b) = (vec![0.0_f32; self.len], vec![0.0_f32; self.len]);
                let last = ((task + 1) * task_len).min(n);
                let starts: Vec<usize> = (task * task_len..last).step_by(self.len).collect();
                for starts in starts.chunks(NARROW_PERIODS) {
                    a.fill(0.0);
                    b.fill(0.0);
                    with_registers(isa, || {
                        for &first in starts {
                            let lanes = self.len.min(n - first);
                            add(first, &mut a[..lanes], &mut b[..lanes]);
                        }
                    });
                    for (lane, (a, b)) in a.iter().zip(&b).enumerate() {
                        let sum = &mut sums[self.channel(lane)];
                        *sum = (sum.0 + f64::from(*a), sum.1 + f64::from(*b));
                    }
                }
                sums
            })
            .collect();
        let total = |channel: usize| {
            tasks.iter().fold((0.0, 0.0), |sum, task| (sum.0 + task[channel].0, sum.1 + task[channel].1))
        };
        (0..self.shape.channels).map(total).collect()
    }
}

/// `y = (x - mean) * scale + beta`, and what the backward pass needs besides.
pub(super) struct Coefficients {
    pub mean: Vec<f32>,
    /// `1 / sqrt(variance + eps)`.
    pub inverse_sd: Vec<f32>,
    pub scale: Vec<f32>,
    pub beta: Vec<f32>,
}

/// `dx = scale * dy + of_x * (x - mean) + constant`, a coefficient a channel; 0 where statistics are constants.
pub(super) struct BackwardCoefficients {
    pub of_x: Vec<f32>,
    pub constant: Vec<f32>,
}

impl Coefficients {
    pub fn new(mean: &[f32], variance: &[f32], eps: f64, gamma: &[f32], beta: &[f32]) -> Self {
        let inverse = |&variance: &f32| (1.0 / (f64::from(variance) + eps).sqrt()) as f32;
        let inverse_sd: Vec<f32> = variance.iter().map(inverse).collect();
        let scale = inverse_sd.iter().zip(gamma).map(|(sd, gamma)| sd * gamma).collect();
        Self { mean: mean.to_vec(), inverse_sd, scale, beta: beta.to_vec() }
    }

    /// From the sums over `n` values a channel, `n` infinite where statistics are constants: `dx = gamma / sd * (dy - mean of dy -
    /// normed * mean of dy * normed)`, as one multiple of `dy`, one of `x`, one constant.
    pub fn backward(&self, n: f64, dgamma: &[f32], dbeta: &[f32]) -> BackwardCoefficients {
        let wide = |values: &[f32], channel: usize| f64::from(values[channel]);
        let of_channel = |value: &dyn Fn(usize) -> f64| (0..self.mean.len()).map(|c| value(c) as f32).collect();
        BackwardCoefficients {
            of_x: of_channel(&|c| -wide(&self.scale, c) * wide(&self.inverse_sd, c) * wide(dgamma, c) / n),
            constant: of_channel(&|c| -wide(&self.scale, c) * wide(dbeta, c) / n),
        }
    }

    fn expand(&self, periods: &Periods) -> Self {
        let expand = |values: &[f32]| periods.expand(values);
        Self {
            mean: expand(&self.mean),
            inverse_sd: expand(&self.inverse_sd),
            scale: expand(&self.scale),
            beta: expand(&self.beta),
        }
    }
}

pub(super) fn statistics(isa: Isa, shape: &Normalised, x: &[f32], mean: &mut [f32], variance: &mut [f32]) {
    assert_eq!((x.len(), mean.len(), variance.len()), (shape.len(), shape.channels, shape.channels));
    let n = (shape.outer * shape.inner) as f64;
    // Sums of differences from a value of the channel itself: squares then lose nothing to a mean far from 0.
    let near: Vec<f32> = (0..shape.channels).map(|channel| x[channel * shape.inner]).collect();
    let periods = Periods::new(shape);
    let near_lanes = periods.expand(&near);
    let sums = periods.sums(isa, |first, a, b| {
        let values = x[first..].iter().zip(&near_lanes);
        for ((a, b), (&x, &near)) in a.iter_mut().zip(b).zip(values) {
            let difference = x - near;
            *a += difference;
            *b += difference * difference;
        }
    });
    for (channel, (sum, squares)) in sums.into_iter().enumerate() {
        let centre = sum / n;
        mean[channel] = (f64::from(near[channel]) + centre) as f32;
        variance[channel] = (squares / n - centre * centre).max(0.0) as f32;
    }
}

/// The floor below which a ReLU cuts, or none.
pub(super) fn floor(relu: bool) -> f32 {
    if relu { 0.0 } else { f32::NEG_INFINITY }
}

pub(super) fn forward(isa: Isa, shape: &Normalised, at: &Coefficients, relu: bool, x: &[f32], y: &mut [f32]) {
    assert_eq!((x.len(), y.len()), (shape.len(), shape.len()));
    let (periods, floor) = (Periods::new(shape), floor(relu));
    let lanes = at.expand(&periods);
    let task_len = periods.task_len();
    y.par_chunks_mut(task_len).zip(x.par_chunks(task_len)).for_each(|(y, x)| {
        with_registers(isa, || {
            for (y, x) in y.chunks_mut(periods.len).zip(x.chunks(periods.len)) {
                let of_lane = lanes.mean.iter().zip(&lanes.scale).zip(&lanes.beta);
                for ((y, &x), ((&mean, &scale), &beta)) in y.iter_mut().zip(x).zip(of_lane) {
                    *y = normed(x, mean, scale, beta).max(floor);
                }
            }
        });
    });
}

/// The one expression of the normalised value: forward and backward must see the same side of the ReLU's floor.
#[inline(always)]
pub(super) fn normed(x: f32, mean: f32, scale: f32, beta: f32) -> f32 {
    (x - mean) * scale + beta
}

pub(super) fn backward(
    isa: Isa,
    shape: &Normalised,
    at: &Coefficients,
    relu: bool,
    batch_statistics: bool,
    x: &[f32],
    dy: &[f32],
    dx: &mut [f32],
    dgamma: &mut [f32],
    dbeta: &mut [f32],
) {
    assert_eq!((x.len(), dy.len(), dx.len()), (shape.len(), shape.len(), shape.len()));
    let (periods, floor) = (Periods::new(shape), floor(relu));
    let lanes = at.expand(&periods);
    let sums = periods.sums(isa, |first, a, b| {
        let values = x[first..].iter().zip(&dy[first..]);
        let of_lane = lanes.mean.iter().zip(&lanes.scale).zip(lanes.beta.iter().zip(&lanes.inverse_sd));
        for (((a, b), (&x, &dy)), ((&mean, &scale), (&beta, &inverse_sd))) in
            a.iter_mut().zip(b).zip(values).zip(of_lane)
        {
            let passed = if normed(x, mean, scale, beta) > floor { dy } else { 0.0 };
            *a += passed;
            *b += passed * ((x - mean) * inverse_sd);
        }
    });
    for (channel, (by_beta, by_gamma)) in sums.into_iter().enumerate() {
        (dbeta[channel], dgamma[channel]) = (by_beta as f32, by_gamma as f32);
    }
    let n = if batch_statistics { (shape.outer * shape.inner) as f64 } else { f64::INFINITY };
    let BackwardCoefficients { of_x, constant } = at.backward(n, dgamma, dbeta);
    let (of_x, constant) = (periods.expand(&of_x), periods.expand(&constant));
    let task_len = periods.task_len();
    let inputs = x.par_chunks(task_len).zip(dy.par_chunks(task_len));
    dx.par_chunks_mut(task_len).zip(inputs).for_each(|(dx, (x, dy))| {
        let inputs = x.chunks(periods.len).zip(dy.chunks(periods.len));
        with_registers(isa, || {
            for (dx, (x, dy)) in dx.chunks_mut(periods.len).zip(inputs) {
                let of_lane = lanes.mean.iter().zip(&lanes.scale).zip(&lanes.beta).zip(of_x.iter().zip(&constant));
                for ((dx, (&x, &dy)), (((&mean, &scale), &beta), (&of_x, &constant))) in
                    dx.iter_mut().zip(x.iter().zip(dy)).zip(of_lane)
                {
                    let passed = if normed(x, mean, scale, beta) > floor { dy } else { 0.0 };
                    *dx = scale * passed + of_x * (x - mean) + constant;
                }
            }
        });
    });
}
