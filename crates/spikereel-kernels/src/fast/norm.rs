//! Batch normalisation: sums in f64 over chunks fixed by the sizes, then one pass with a factor and an offset a channel.

use crate::Normalised;
use rayon::prelude::*;

/// Values of a task, about.
const TASK_LEN: usize = 1 << 15;

/// `y = x * scale + shift`, and what the backward pass needs besides.
pub(super) struct Coefficients {
    mean: Vec<f32>,
    /// `1 / sqrt(variance + eps)`.
    inverse_sd: Vec<f32>,
    gamma: Vec<f32>,
    scale: Vec<f32>,
    beta: Vec<f32>,
}

impl Coefficients {
    pub fn new(mean: &[f32], variance: &[f32], eps: f64, gamma: &[f32], beta: &[f32]) -> Self {
        let inverse = |&variance: &f32| (1.0 / (f64::from(variance) + eps).sqrt()) as f32;
        let inverse_sd: Vec<f32> = variance.iter().map(inverse).collect();
        let scale = inverse_sd.iter().zip(gamma).map(|(sd, gamma)| sd * gamma).collect();
        Self { mean: mean.to_vec(), inverse_sd, gamma: gamma.to_vec(), scale, beta: beta.to_vec() }
    }
}

/// Rows `[outer]` of a task, each `channels * inner` values.
fn rows_per_task(shape: &Normalised) -> usize {
    (TASK_LEN / (shape.channels * shape.inner)).clamp(1, shape.outer.max(1))
}

/// Adds two sums a channel over all rows: `add(channel, index range of the channel within the row, row values)`.
fn channel_sums(shape: &Normalised, pair: impl Fn(usize, usize) -> (f32, f32) + Sync) -> Vec<(f64, f64)> {
    let Normalised { outer, channels, inner } = *shape;
    let per_task = rows_per_task(shape);
    let tasks: Vec<Vec<(f64, f64)>> = (0..outer.div_ceil(per_task))
        .into_par_iter()
        .map(|task| {
            let mut sums = vec![(0.0_f64, 0.0_f64); channels];
            for row in task * per_task..((task + 1) * per_task).min(outer) {
                for (channel, sum) in sums.iter_mut().enumerate() {
                    let first = (row * channels + channel) * inner;
                    for at in first..first + inner {
                        let (a, b) = pair(channel, at);
                        sum.0 += f64::from(a);
                        sum.1 += f64::from(b);
                    }
                }
            }
            sums
        })
        .collect();
    let total = |channel: usize| {
        tasks.iter().fold((0.0, 0.0), |sum, task| (sum.0 + task[channel].0, sum.1 + task[channel].1))
    };
    (0..channels).map(total).collect()
}

pub(super) fn statistics(shape: &Normalised, x: &[f32], mean: &mut [f32], variance: &mut [f32]) {
    assert_eq!((x.len(), mean.len(), variance.len()), (shape.len(), shape.channels, shape.channels));
    let n = (shape.outer * shape.inner) as f64;
    // Sums of differences from a value of the channel itself: squares then lose nothing to a mean far from 0.
    let near: Vec<f32> = (0..shape.channels).map(|channel| x[channel * shape.inner]).collect();
    let sums = channel_sums(shape, |channel, at| {
        let difference = x[at] - near[channel];
        (difference, difference * difference)
    });
    for (channel, (sum, squares)) in sums.into_iter().enumerate() {
        let centre = sum / n;
        mean[channel] = (f64::from(near[channel]) + centre) as f32;
        variance[channel] = (squares / n - centre * centre).max(0.0) as f32;
    }
}

pub(super) fn forward(shape: &Normalised, at: &Coefficients, relu: bool, x: &[f32], y: &mut [f32]) {
    assert_eq!((x.len(), y.len()), (shape.len(), shape.len()));
    let floor = if relu { 0.0 } else { f32::NEG_INFINITY };
    let len = rows_per_task(shape) * shape.channels * shape.inner;
    y.par_chunks_mut(len).zip(x.par_chunks(len)).for_each(|(y, x)| {
        each_row(shape, y, x, |y, x, channel| {
            y.iter_mut().zip(x).for_each(|(y, &x)| *y = norm(at, channel, x).max(floor));
        }, |y, x| {
            let of_channel = at.mean.iter().zip(&at.scale).zip(&at.beta);
            for ((y, &x), ((&mean, &scale), &beta)) in y.iter_mut().zip(x).zip(of_channel) {
                *y = ((x - mean) * scale + beta).max(floor);
            }
        });
    });
}

fn norm(at: &Coefficients, channel: usize, x: f32) -> f32 {
    (x - at.mean[channel]) * at.scale[channel] + at.beta[channel]
}

/// Splits chunks of whole rows: by channel where channels hold many values, else whole rows with channels side by side.
fn each_row(
    shape: &Normalised,
    y: &mut [f32],
    x: &[f32],
    of_channel: impl Fn(&mut [f32], &[f32], usize),
    of_row: impl Fn(&mut [f32], &[f32]),
) {
    let inner = shape.inner;
    if inner == 1 {
        let rows = y.chunks_exact_mut(shape.channels).zip(x.chunks_exact(shape.channels));
        return rows.for_each(|(y, x)| of_row(y, x));
    }
    let runs = y.chunks_exact_mut(inner).zip(x.chunks_exact(inner)).enumerate();
    runs.for_each(|(run, (y, x))| of_channel(y, x, run % shape.channels));
}

pub(super) fn backward(
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
    let Normalised { channels, inner, .. } = *shape;
    let floor = if relu { 0.0 } else { f32::NEG_INFINITY };
    // The same expression as in the forward pass, so that both see the same side of 0.
    let passed = |channel: usize, x: f32, dy: f32| if norm(at, channel, x) > floor { dy } else { 0.0 };
    let sums = channel_sums(shape, |channel, idx| {
        let dy = passed(channel, x[idx], dy[idx]);
        (dy, dy * ((x[idx] - at.mean[channel]) * at.inverse_sd[channel]))
    });
    for (channel, (by_beta, by_gamma)) in sums.into_iter().enumerate() {
        (dbeta[channel], dgamma[channel]) = (by_beta as f32, by_gamma as f32);
    }
    // dx = gamma / sd * (dy - mean of dy - normed * mean of dy * normed), one multiple of dy, one of x, one constant.
    let n = if batch_statistics { (shape.outer * shape.inner) as f64 } else { f64::INFINITY };
    let of_x: Vec<f32> = (0..channels)
        .map(|c| (-f64::from(at.scale[c]) * f64::from(at.inverse_sd[c]) * f64::from(dgamma[c]) / n) as f32)
        .collect();
    let constant: Vec<f32> = (0..channels).map(|c| (-f64::from(at.scale[c]) * f64::from(dbeta[c]) / n) as f32).collect();
    let len = rows_per_task(shape) * channels * inner;
    let inputs = x.par_chunks(len).zip(dy.par_chunks(len));
    dx.par_chunks_mut(len).zip(inputs).for_each(|(dx, (x, dy))| {
        for (run, dx) in dx.chunks_exact_mut(inner).enumerate() {
            let channel = run % channels;
            for (idx, dx) in (run * inner..).zip(dx) {
                let passed = passed(channel, x[idx], dy[idx]);
                let centred = x[idx] - at.mean[channel];
                *dx = at.scale[channel] * passed + of_x[channel] * centred + constant[channel];
            }
        }
    });
    debug_assert_eq!(at.gamma.len(), channels);
}
