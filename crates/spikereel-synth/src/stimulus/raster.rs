//! A small antialiasing rasteriser: coverage by sampling inside each pixel, dots as stamps snapped to pixels.
//!
//! Only the part of the drawing that survives the crop is held. Colors are composed "over" with coverage as opacity, in
//! the stored (gamma) values, as Agg and so matplotlib do.

use super::config::StimulusConfig;

/// Samples per pixel side; coverage is then exact to about 1/256, one grey level.
const N_SUBSAMPLES: usize = 16;

/// The drawing, with positions in the units of the paper's 128-pixel frame (the centre of pixel `i` is at `i`).
pub(super) struct Canvas {
    /// Drawing pixels per unit of position.
    scale: f64,
    /// First row and column held.
    origin_px: usize,
    side_px: usize,
    downscale: usize,
    pixels: Vec<[f32; 3]>,
}

/// A disc's coverage around the pixel that its centre is snapped to.
pub(super) struct Stamp {
    reach: isize,
    coverage: Vec<f32>,
}

impl Canvas {
    /// A black drawing.
    pub(super) fn new(config: &StimulusConfig) -> Self {
        let side_px = config.out_px * config.downscale;
        Self {
            scale: config.canvas_px as f64 / 128.0,
            origin_px: (config.canvas_px - side_px) / 2,
            side_px,
            downscale: config.downscale,
            pixels: vec![[0.0; 3]; side_px * side_px],
        }
    }

    /// Back to black.
    pub(super) fn clear(&mut self) {
        self.pixels.fill([0.0; 3]);
    }

    /// Fills where `inside(x, y)` holds, antialiased.
    pub(super) fn fill(&mut self, rgb: [f32; 3], inside: impl Fn(f64, f64) -> bool) {
        let (n, scale) = (N_SUBSAMPLES, self.scale);
        let position = |px: usize, sub: usize| {
            let edge_px = (self.origin_px + px) as f64 + (sub as f64 + 0.5) / n as f64;
            edge_px / scale - 0.5
        };
        for row in 0..self.side_px {
            for column in 0..self.side_px {
                let n_inside = (0..n * n)
                    .filter(|&sample| inside(position(column, sample % n), position(row, sample / n)))
                    .count();
                if n_inside > 0 {
                    let coverage = n_inside as f32 / (n * n) as f32;
                    over(&mut self.pixels[row * self.side_px + column], rgb, coverage);
                }
            }
        }
    }

    /// Sets a stamp on the pixel nearest to `(x, y)`; parts outside the drawing are lost.
    pub(super) fn stamp(&mut self, stamp: &Stamp, rgb: [f32; 3], x: f64, y: f64) {
        let snapped = |position: f64| (position * self.scale + 0.5).floor() as isize - self.origin_px as isize;
        let (row, column, side) = (snapped(y), snapped(x), 2 * stamp.reach + 1);
        for (at, &coverage) in stamp.coverage.iter().enumerate() {
            let row = row + at as isize / side - stamp.reach;
            let column = column + at as isize % side - stamp.reach;
            let held = 0..self.side_px as isize;
            if coverage > 0.0 && held.contains(&row) && held.contains(&column) {
                over(&mut self.pixels[row as usize * self.side_px + column as usize], rgb, coverage);
            }
        }
    }

    /// Averages blocks and rounds to bytes, `[height, width, rgb]`.
    pub(super) fn write_frame(&self, out: &mut [u8]) {
        let (n, out_px) = (self.downscale, self.side_px / self.downscale);
        for row in 0..out_px {
            for column in 0..out_px {
                let mut sum = [0.0f32; 3];
                for y in row * n..(row + 1) * n {
                    for pixel in &self.pixels[y * self.side_px + column * n..][..n] {
                        sum.iter_mut().zip(pixel).for_each(|(sum, value)| *sum += value);
                    }
                }
                let at = (row * out_px + column) * 3;
                for (out, sum) in out[at..at + 3].iter_mut().zip(sum) {
                    *out = (sum / (n * n) as f32).round().clamp(0.0, 255.0) as u8;
                }
            }
        }
    }
}

impl Stamp {
    /// A disc of `diameter` (128-pixel units), its centre on a pixel's centre, with a hole of `hole_radius_px` drawing
    /// pixels.
    pub(super) fn disc(config: &StimulusConfig, diameter: f64, hole_radius_px: f64) -> Self {
        let radius_px = diameter / 2.0 * config.canvas_px as f64 / 128.0;
        let reach = (radius_px - 0.5).ceil().max(0.0) as isize;
        let n = 4 * N_SUBSAMPLES;
        let mut coverage = Vec::new();
        for row in -reach..=reach {
            for column in -reach..=reach {
                let offset = |px: isize, sub: usize| px as f64 - 0.5 + (sub as f64 + 0.5) / n as f64;
                let n_inside = (0..n * n)
                    .filter(|&sample| {
                        let distance = offset(column, sample % n).hypot(offset(row, sample / n));
                        (hole_radius_px..=radius_px).contains(&distance)
                    })
                    .count();
                coverage.push(n_inside as f32 / (n * n) as f32);
            }
        }
        Self { reach, coverage }
    }
}

fn over(pixel: &mut [f32; 3], rgb: [f32; 3], coverage: f32) {
    pixel.iter_mut().zip(rgb).for_each(|(value, color)| *value += (color - *value) * coverage);
}
