//! Batch normalisation by definition (Ioffe and Szegedy 2015), with its gradient written as they give it.

use crate::Normalised;

/// What stays the same over the values of a backward pass.
pub(super) struct Backward<'a> {
    pub mean: &'a [f64],
    pub variance: &'a [f64],
    pub eps: f64,
    pub gamma: &'a [f64],
    pub beta: &'a [f64],
    pub relu: bool,
    pub batch_statistics: bool,
}

/// Positions of the values of a channel.
fn positions(shape: &Normalised, channel: usize) -> impl Iterator<Item = usize> {
    let Normalised { outer, channels, inner } = *shape;
    (0..outer).flat_map(move |o| (0..inner).map(move |i| (o * channels + channel) * inner + i))
}

pub(super) fn statistics(shape: &Normalised, x: &[f64], mean: &mut [f64], variance: &mut [f64]) {
    assert_eq!((x.len(), mean.len(), variance.len()), (shape.len(), shape.channels, shape.channels));
    let n = (shape.outer * shape.inner) as f64;
    for channel in 0..shape.channels {
        let centre = positions(shape, channel).map(|at| x[at]).sum::<f64>() / n;
        mean[channel] = centre;
        variance[channel] = positions(shape, channel).map(|at| (x[at] - centre).powi(2)).sum::<f64>() / n;
    }
}

pub(super) fn forward(
    shape: &Normalised,
    x: &[f64],
    mean: &[f64],
    variance: &[f64],
    eps: f64,
    gamma: &[f64],
    beta: &[f64],
    relu: bool,
    y: &mut [f64],
) {
    assert_eq!((x.len(), y.len()), (shape.len(), shape.len()));
    for channel in 0..shape.channels {
        for at in positions(shape, channel) {
            let normed = (x[at] - mean[channel]) / (variance[channel] + eps).sqrt();
            let value = normed * gamma[channel] + beta[channel];
            y[at] = if relu { value.max(0.0) } else { value };
        }
    }
}

pub(super) fn backward(
    shape: &Normalised,
    at: &Backward<'_>,
    x: &[f64],
    dy: &[f64],
    dx: &mut [f64],
    dgamma: &mut [f64],
    dbeta: &mut [f64],
) {
    assert_eq!((x.len(), dy.len(), dx.len()), (shape.len(), shape.len(), shape.len()));
    let n = (shape.outer * shape.inner) as f64;
    for channel in 0..shape.channels {
        let scale = 1.0 / (at.variance[channel] + at.eps).sqrt();
        let normed = |idx: usize| (x[idx] - at.mean[channel]) * scale;
        let passed = |idx: usize| {
            let open = !at.relu || normed(idx) * at.gamma[channel] + at.beta[channel] > 0.0;
            if open { dy[idx] } else { 0.0 }
        };
        dbeta[channel] = positions(shape, channel).map(passed).sum();
        dgamma[channel] = positions(shape, channel).map(|idx| passed(idx) * normed(idx)).sum();
        for idx in positions(shape, channel) {
            let through_statistics =
                if at.batch_statistics { (dbeta[channel] + normed(idx) * dgamma[channel]) / n } else { 0.0 };
            dx[idx] = at.gamma[channel] * scale * (passed(idx) - through_statistics);
        }
    }
}
