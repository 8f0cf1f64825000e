//! Every dense layer and convolution of the decoder by itself: seconds, arithmetic and share of the measured peak, forward and backward.

use super::problem::Problem;
use crate::Result;
use serde::Serialize;
use spikereel_kernels::fast::{Fast, Precision};
use spikereel_kernels::{Conv3d, Kernels, Volume};
use spikereel_nn::network::Op;
use std::time::Instant;

/// One layer in one direction.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LayerTime {
    /// The layer's published name.
    pub layer: String,
    /// `forward`, `input gradient` or `weight gradient`.
    pub direction: &'static str,
    /// `f32` or `bf16`.
    pub precision: &'static str,
    /// Median seconds of a batch.
    pub secs: f64,
    /// Multiplications and additions as the definition counts them, in units of 1e9.
    pub gflop: f64,
    /// Those that are left when upsampling is folded into the weights.
    pub folded_gflop: f64,
    /// `tiles` or `spectra`: what it runs over.
    pub over: &'static str,
    /// Those that are made: the folded ones on tiles, fewer over spectra.
    pub done_gflop: f64,
    /// Arithmetic made a second, as a share of what tiles of the same arithmetic (f32 over spectra) reach on operands in the nearest cache, on
    /// all threads.
    pub share_of_peak: f64,
}

/// A shape that can be run.
enum Layer {
    Convolution(Conv3d),
    Linear { n_rows: usize, n_in: usize, n_out: usize },
}

impl Layer {
    fn sizes(&self) -> (usize, usize, usize, usize) {
        match self {
            Layer::Convolution(conv) => (conv.input.len(), conv.n_weights(), conv.out_channels, conv.output().len()),
            Layer::Linear { n_rows, n_in, n_out } => (n_rows * n_in, n_in * n_out, *n_out, n_rows * n_out),
        }
    }

    fn gflop(&self) -> (f64, f64) {
        let (whole, folded) = match self {
            Layer::Convolution(conv) => {
                let products = conv.output().n_voxels() * conv.n_weights();
                (products, conv.n_folded_products())
            }
            Layer::Linear { n_rows, n_in, n_out } => (n_rows * n_in * n_out, n_rows * n_in * n_out),
        };
        (2e-9 * whole as f64, 2e-9 * folded as f64)
    }
}

fn layers(problem: &Problem) -> Result<Vec<(String, Layer)>> {
    let network = problem.network()?;
    let mut layers = Vec::new();
    for node in network.nodes() {
        let Some(&input) = node.inputs.first() else { continue };
        let extent = network.extent(input);
        let volume = Volume {
            batch: problem.batch,
            frames: extent.frames,
            height: extent.height,
            width: extent.width,
            channels: extent.channels,
        };
        let layer = match node.op {
            Op::Conv3d { out_channels, kernel } => {
                Layer::Convolution(Conv3d { input: volume, out_channels, kernel, upsample: [1; 3] })
            }
            Op::UpsampleConv3d { out_channels, kernel, upsample } => {
                Layer::Convolution(Conv3d { input: volume, out_channels, kernel, upsample })
            }
            Op::Linear { out_features } => {
                Layer::Linear { n_rows: volume.n_voxels(), n_in: extent.channels, n_out: out_features }
            }
            _ => continue,
        };
        layers.push((node.name.clone(), layer));
    }
    Ok(layers)
}

/// Median seconds of `n_runs` calls behind one that warms up.
fn median_secs(n_runs: usize, mut call: impl FnMut()) -> f64 {
    call();
    let mut secs: Vec<f64> = (0..n_runs)
        .map(|_| {
            let began = Instant::now();
            call();
            began.elapsed().as_secs_f64()
        })
        .collect();
    secs.sort_by(f64::total_cmp);
    secs[n_runs / 2]
}

/// Times all layers in a precision; also the measured peak of one thread, in 1e9 operations a second.
///
/// # Errors
/// Sizes that no decoder has.
pub fn time_layers(problem: &Problem, precision: Precision, n_runs: usize) -> Result<(Vec<LayerTime>, f64)> {
    let fast = Fast::new(precision);
    let peak = fast.measured_peak() * 1e-9;
    let peak_f32 = if precision == Precision::F32 { peak } else { Fast::new(Precision::F32).measured_peak() * 1e-9 };
    let n_threads = rayon::current_num_threads() as f64;
    let ramp = |n: usize| (0..n).map(|at| (at % 251) as f32 / 251.0 - 0.5).collect::<Vec<f32>>();
    let mut times = Vec::new();
    for (name, layer) in layers(problem)? {
        let (n_x, n_weights, n_bias, n_y) = layer.sizes();
        let (x, dy, weight, bias) = (ramp(n_x), ramp(n_y), ramp(n_weights), ramp(n_bias));
        let (mut y, mut dx, mut dw, mut db) = (dy.clone(), x.clone(), weight.clone(), bias.clone());
        let (gflop, folded_gflop) = layer.gflop();
        let (over, operations) = match &layer {
            Layer::Convolution(conv) if fast.runs_over_spectra(conv) => ("spectra", fast.operations(conv)),
            _ => ("tiles", [1e9 * folded_gflop; 3]),
        };
        for (direction, operations) in ["forward", "input gradient", "weight gradient"].into_iter().zip(operations) {
            let secs = median_secs(n_runs, || match (&layer, direction) {
                (Layer::Convolution(conv), "forward") => fast.conv3d_forward(conv, &x, &weight, &bias, &mut y),
                (Layer::Convolution(conv), "input gradient") => {
                    fast.conv3d_input_gradient(conv, &dy, &weight, &mut dx);
                }
                (Layer::Convolution(conv), _) => fast.conv3d_weight_gradient(conv, &x, &dy, &mut dw, &mut db),
                (Layer::Linear { n_rows, .. }, "forward") => fast.linear_forward(*n_rows, &x, &weight, &bias, &mut y),
                (Layer::Linear { n_rows, .. }, "input gradient") => {
                    fast.linear_input_gradient(*n_rows, &dy, &weight, &mut dx);
                }
                (Layer::Linear { n_rows, .. }, _) => fast.linear_weight_gradient(*n_rows, &x, &dy, &mut dw, &mut db),
            });
            let done_gflop = 1e-9 * operations;
            let peak = if over == "spectra" { peak_f32 } else { peak };
            let share_of_peak = done_gflop / secs / (peak * n_threads);
            let precision = precision.name();
            times.push(LayerTime {
                layer: name.clone(),
                direction,
                precision,
                secs,
                gflop,
                folded_gflop,
                over,
                done_gflop,
                share_of_peak,
            });
        }
    }
    Ok((times, peak))
}
