//! The loss on videos, one task a frame: separable windows over rows that hold all three colors side by side.

use crate::arch::{Isa, with_registers};
use crate::naive::window;
use crate::{LossParts, VideoLoss};
use rayon::prelude::*;

const COLORS: usize = 3;
/// The window's taps reach from 2 before to 1 behind.
const LEAD: usize = 2;
const C1: f32 = 1e-4;
const C2: f32 = 9e-4;

/// Blurred quantities, in this order: prediction, target, their squares, their product.
const N_BLURRED: usize = 5;

/// `out[i] += weight * from[i + ahead - behind]`, where that exists.
fn add_shifted(out: &mut [f32], from: &[f32], weight: f32, ahead: usize, behind: usize) {
    let out = &mut out[behind.saturating_sub(ahead)..];
    let from = from.get(ahead.saturating_sub(behind)..).unwrap_or(&[]);
    out.iter_mut().zip(from).for_each(|(out, &from)| *out += weight * from);
}

/// Buffers for one frame.
struct Workspace {
    line: usize,
    map_line: usize,
    taps: [f32; 4],
    /// `[row, map column]`, blurred along rows alone.
    half: Vec<f32>,
    /// `[map row, map column]` each.
    blurred: [Vec<f32>; N_BLURRED],
    product: Vec<f32>,
}

impl Workspace {
    fn new(height: usize, width: usize) -> Self {
        let (line, map_line) = (width * COLORS, (width + 1) * COLORS);
        Self {
            line,
            map_line,
            taps: window().map(|tap| tap as f32),
            half: vec![0.0; height * map_line],
            blurred: std::array::from_fn(|_| vec![0.0; (height + 1) * map_line]),
            product: vec![0.0; height * line],
        }
    }

    /// Blurs `self.product` into quantity `which`.
    fn blur(&mut self, which: usize) {
        self.half.fill(0.0);
        for (half, row) in self.half.chunks_exact_mut(self.map_line).zip(self.product.chunks_exact(self.line)) {
            for (tap, &weight) in self.taps.iter().enumerate() {
                add_shifted(half, row, weight, tap * COLORS, LEAD * COLORS);
            }
        }
        let out = &mut self.blurred[which];
        out.fill(0.0);
        for (tap, &weight) in self.taps.iter().enumerate() {
            add_shifted(out, &self.half, weight, tap * self.map_line, LEAD * self.map_line);
        }
    }

    /// The transpose of [`Workspace::blur`]: from quantity `which` into `self.product`.
    fn blur_back(&mut self, which: usize) {
        self.half.fill(0.0);
        for (tap, &weight) in self.taps.iter().enumerate() {
            let map = &self.blurred[which];
            add_shifted(&mut self.half, map, weight, LEAD * self.map_line, tap * self.map_line);
        }
        self.product.fill(0.0);
        for (row, half) in self.product.chunks_exact_mut(self.line).zip(self.half.chunks_exact(self.map_line)) {
            for (tap, &weight) in self.taps.iter().enumerate() {
                add_shifted(row, half, weight, LEAD * COLORS, tap * COLORS);
            }
        }
    }

    fn set_product(&mut self, a: &[f32], b: &[f32]) {
        self.product.iter_mut().zip(a.iter().zip(b)).for_each(|(product, (a, b))| *product = a * b);
    }

    /// Sum of 1 - similarity over the frame's map; the derivatives by blurred prediction, square and product take the places of the
    /// quantities 0, 2 and 4.
    fn dissimilarity(&mut self, x: &[f32], y: &[f32]) -> f64 {
        self.product.copy_from_slice(x);
        self.blur(0);
        self.product.copy_from_slice(y);
        self.blur(1);
        for (which, (a, b)) in [(2, (x, x)), (3, (y, y)), (4, (x, y))] {
            self.set_product(a, b);
            self.blur(which);
        }
        let [mx, my, xx, yy, xy] = &mut self.blurred;
        let mut sum = 0.0;
        let places = mx.iter_mut().zip(my.iter()).zip(xx.iter_mut().zip(yy.iter())).zip(xy.iter_mut());
        for (((mx, &my), (xx, &yy)), xy) in places {
            let (a1, a2) = (2.0 * *mx * my + C1, 2.0 * (*xy - *mx * my) + C2);
            let (b1, b2) = (*mx * *mx + my * my + C1, *xx - *mx * *mx + yy - my * my + C2);
            let both = 1.0 / (b1 * b2);
            let ssim = a1 * a2 * both;
            sum += f64::from(1.0 - ssim);
            *mx = 2.0 * my * (a2 - a1) * both + 2.0 * *mx * ssim * (b1 - b2) * both;
            *xx = -ssim * b1 * both;
            *xy = 2.0 * a1 * both;
        }
        sum
    }

    /// Adds `outer` times the derivative of the similarity by the prediction.
    fn add_gradient(&mut self, outer: f32, x: &[f32], y: &[f32], gradient: &mut [f32]) {
        self.blur_back(0);
        gradient.iter_mut().zip(&self.product).for_each(|(gradient, by_mean)| *gradient += outer * by_mean);
        self.blur_back(2);
        let by_square = gradient.iter_mut().zip(self.product.iter().zip(x));
        by_square.for_each(|(gradient, (by_square, x))| *gradient += outer * (2.0 * x * by_square));
        self.blur_back(4);
        let by_product = gradient.iter_mut().zip(self.product.iter().zip(y));
        by_product.for_each(|(gradient, (by_product, y))| *gradient += outer * (y * by_product));
    }
}

pub(super) fn video_loss(
    isa: Isa,
    shape: &VideoLoss<f32>,
    predicted: &[f32],
    target: &[f32],
    gradient: Option<&mut [f32]>,
) -> LossParts {
    let VideoLoss { batch, frames, height, width, .. } = *shape;
    let len = height * width * COLORS;
    assert_eq!((predicted.len(), target.len()), (batch * frames * len, predicted.len()));
    assert_eq!(shape.frame_weights.len(), frames);
    let n_map = (batch * COLORS * (height + 1) * (width + 1)) as f64;
    let one = |workspace: &mut Workspace, at: usize, gradient: Option<&mut [f32]>| {
        let (x, y) = (&predicted[at * len..][..len], &target[at * len..][..len]);
        let weight = shape.frame_weights[at % frames];
        let dissimilarity = f64::from(weight) * workspace.dissimilarity(x, y) / n_map;
        let mut squared_error = 0.0;
        for (x, y) in x.iter().zip(y) {
            let difference = f64::from(x - y);
            squared_error += difference * difference;
        }
        if let Some(gradient) = gradient {
            let factor = 2.0 * shape.squared_error_scale;
            gradient.iter_mut().zip(x.iter().zip(y)).for_each(|(gradient, (x, y))| *gradient = factor * (x - y));
            let outer = (-f64::from(shape.ssim_scale) * f64::from(weight) / n_map) as f32;
            workspace.add_gradient(outer, x, y, gradient);
        }
        (dissimilarity, squared_error)
    };
    let init = || Workspace::new(height, width);
    let parts: Vec<(f64, f64)> = match gradient {
        Some(gradient) => {
            assert_eq!(gradient.len(), predicted.len());
            let tasks = gradient.par_chunks_mut(len).enumerate();
            tasks
                .map_init(init, |workspace, (at, gradient)| with_registers(isa, || one(workspace, at, Some(gradient))))
                .collect()
        }
        None => (0..batch * frames)
            .into_par_iter()
            .map_init(init, |workspace, at| with_registers(isa, || one(workspace, at, None)))
            .collect(),
    };
    // Added in the order of frames, whatever thread they came from.
    let (dissimilarity, squared_error) =
        parts.into_iter().fold((0.0, 0.0), |sum, part| (sum.0 + part.0, sum.1 + part.1));
    LossParts {
        dissimilarity: f64::from(shape.ssim_scale) * dissimilarity,
        squared_error: f64::from(shape.squared_error_scale) * squared_error,
    }
}
