//! The loss on videos by definition: structural similarity with a two-dimensional window, plus squared error.
//!
//! Wang et al. (2004), with the window and the border of pytorch_ssim as the published code calls it (paper-facts section 4).

use crate::{LossParts, VideoLoss};

/// Window size.
const TAPS: usize = 4;
/// Zero padding on each side, so that the map has one more row and column than the frame.
const PADDING: usize = TAPS / 2;
/// Standard deviation of the window, in pixels.
const SIGMA: f64 = 1.5;
/// Stabilisers for a data range of 1: .01^2 and .03^2.
const C1: f64 = 1e-4;
const C2: f64 = 9e-4;

/// The window's weights along one axis: a Gaussian centred on tap 2, hence asymmetric.
pub(crate) fn window() -> [f64; TAPS] {
    let raw: [f64; TAPS] =
        std::array::from_fn(|tap| (-(tap as f64 - PADDING as f64).powi(2) / (2.0 * SIGMA * SIGMA)).exp());
    let sum: f64 = raw.iter().sum();
    raw.map(|weight| weight / sum)
}

/// One color of one frame within a video batch.
struct Plane {
    first: usize,
    height: usize,
    width: usize,
}

impl Plane {
    /// Calls `visit(weight, value index)` for each pixel under the window at a place of the map.
    fn each_tap(&self, row: usize, column: usize, mut visit: impl FnMut(f64, usize)) {
        let window = window();
        for (jr, wr) in window.iter().enumerate() {
            for (jc, wc) in window.iter().enumerate() {
                let (Some(r), Some(c)) = ((row + jr).checked_sub(PADDING), (column + jc).checked_sub(PADDING)) else {
                    continue;
                };
                if r < self.height && c < self.width {
                    visit(wr * wc, self.first + (r * self.width + c) * 3);
                }
            }
        }
    }
}

pub(super) fn video_loss(
    shape: &VideoLoss<f64>,
    predicted: &[f64],
    target: &[f64],
    mut gradient: Option<&mut [f64]>,
) -> LossParts {
    let VideoLoss { batch, frames, height, width, .. } = *shape;
    assert_eq!((predicted.len(), target.len()), (batch * frames * height * width * 3, predicted.len()));
    assert_eq!(shape.frame_weights.len(), frames);
    let n_map = (batch * 3 * (height + 1) * (width + 1)) as f64;
    let mut squared_error = 0.0;
    for at in 0..predicted.len() {
        squared_error += (predicted[at] - target[at]).powi(2);
        if let Some(gradient) = &mut gradient {
            gradient[at] = 2.0 * shape.squared_error_scale * (predicted[at] - target[at]);
        }
    }
    let mut dissimilarity = 0.0;
    for sample in 0..batch {
        for (frame, &weight) in shape.frame_weights.iter().enumerate() {
            for color in 0..3 {
                let first = (sample * frames + frame) * height * width * 3 + color;
                let plane = Plane { first, height, width };
                for (row, column) in (0..=height).flat_map(|row| (0..=width).map(move |column| (row, column))) {
                    let place = place_of_map(&plane, row, column, predicted, target);
                    dissimilarity += weight * (1.0 - place.ssim) / n_map;
                    let Some(gradient) = &mut gradient else { continue };
                    let outer = -shape.ssim_scale * weight / n_map;
                    plane.each_tap(row, column, |tap, at| {
                        let through =
                            place.by_mean + 2.0 * predicted[at] * place.by_square + target[at] * place.by_product;
                        gradient[at] += outer * tap * through;
                    });
                }
            }
        }
    }
    LossParts {
        dissimilarity: shape.ssim_scale * dissimilarity,
        squared_error: shape.squared_error_scale * squared_error,
    }
}

/// Similarity at one place, and its derivatives by the blurred prediction, its blurred square and the blurred product.
struct Place {
    ssim: f64,
    by_mean: f64,
    by_square: f64,
    by_product: f64,
}

fn place_of_map(plane: &Plane, row: usize, column: usize, predicted: &[f64], target: &[f64]) -> Place {
    let (mut mx, mut my, mut xx, mut yy, mut xy) = (0.0, 0.0, 0.0, 0.0, 0.0);
    plane.each_tap(row, column, |tap, at| {
        let (x, y) = (predicted[at], target[at]);
        mx += tap * x;
        my += tap * y;
        xx += tap * x * x;
        yy += tap * y * y;
        xy += tap * x * y;
    });
    let (a1, a2) = (2.0 * mx * my + C1, 2.0 * (xy - mx * my) + C2);
    let (b1, b2) = (mx * mx + my * my + C1, xx - mx * mx + yy - my * my + C2);
    let ssim = a1 * a2 / (b1 * b2);
    Place {
        ssim,
        by_mean: 2.0 * my * (a2 - a1) / (b1 * b2) + 2.0 * mx * ssim * (1.0 / b2 - 1.0 / b1),
        by_square: -ssim / b2,
        by_product: 2.0 * a1 / (b1 * b2),
    }
}
