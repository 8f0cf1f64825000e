//! The moving dots: positions in a unit disc (y up), stepped in one direction, re-plotted at random where they leave
//! it.

use super::fixation;
use super::raster::{Canvas, Stamp};
use rand::{Rng, RngExt};
use serde::{Deserialize, Serialize};
use spikereel_data::{DataError, Result};

/// Radius of the aperture in 128-pixel units: one unit of axes that run from -3 to 3.
pub(super) const APERTURE_RADIUS: f64 = 128.0 / 6.0;
/// Viewing geometry of the published generator: a step of one frame is `tan(speed) * 20` aperture radii.
const RADII_PER_TAN: f64 = 20.0;

/// Speed of the dots.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Speed {
    /// 1.67 degrees/s: 0.0583 aperture radii a frame at 10 frames/s.
    Slow,
    /// 10 degrees/s: 0.349 aperture radii a frame at 10 frames/s.
    Fast,
}

impl Speed {
    /// Step of one frame in aperture radii, as in the published generator.
    pub fn step_radii(self, frame_rate_hz: f64) -> f64 {
        let deg_per_sec: f64 = match self {
            Speed::Slow => 1.67,
            Speed::Fast => 10.0,
        };
        (deg_per_sec / frame_rate_hz).to_radians().tan() * RADII_PER_TAN
    }
}

/// RGB, 0 to 255, of a color named by its angle: 90, 30, -30, -90 as in the paper, and 5, 0, -5 of the published
/// generator.
///
/// # Errors
/// Any other angle.
pub fn color_rgb(color_deg: f64) -> Result<[u8; 3]> {
    let table = [
        (90.0, [0xe1, 0x81, 0x8d]),
        (30.0, [0xde, 0x97, 0x65]),
        (5.0, [0xc1, 0x9b, 0x58]),
        (0.0, [0xbc, 0x9c, 0x58]),
        (-5.0, [0xb8, 0x9e, 0x58]),
        (-30.0, [0xa0, 0xa7, 0x62]),
        (-90.0, [0x5e, 0xad, 0x93]),
    ];
    table.into_iter().find(|(angle, _)| *angle == color_deg).map(|(_, rgb)| rgb).ok_or_else(|| {
        DataError::new("condition factor `color`", "90, 30, 5, 0, -5, -30 or -90 degrees", color_deg.to_string())
    })
}

/// Dots of one clip.
pub(super) struct Dots {
    positions: Vec<[f64; 2]>,
    step: [f64; 2],
}

impl Dots {
    /// Places dots uniformly in the disc.
    pub(super) fn new(n_dots: usize, direction_deg: f64, step_radii: f64, rng: &mut impl Rng) -> Self {
        let (sin, cos) = direction_deg.to_radians().sin_cos();
        let positions = (0..n_dots).map(|_| uniform_in_disc(rng)).collect();
        Self { positions, step: [step_radii * cos, step_radii * sin] }
    }

    /// Moves every dot once; called before each drawing, the first too, as in the published generator.
    pub(super) fn step(&mut self, rng: &mut impl Rng) {
        for position in &mut self.positions {
            *position = [position[0] + self.step[0], position[1] + self.step[1]];
            if position[0].hypot(position[1]) > 1.0 {
                *position = uniform_in_disc(rng);
            }
        }
    }

    /// Draws the dots, then the fixation dot and the targets over them.
    pub(super) fn draw(&self, canvas: &mut Canvas, dot: &Stamp, rgb: [f32; 3]) {
        for [x, y] in &self.positions {
            canvas.stamp(dot, rgb, 64.0 + APERTURE_RADIUS * x, 64.0 - APERTURE_RADIUS * y);
        }
        fixation::draw(canvas, dot, fixation::TARGET_X);
    }
}

fn uniform_in_disc(rng: &mut impl Rng) -> [f64; 2] {
    let radius = rng.random::<f64>().sqrt();
    let (sin, cos) = (rng.random::<f64>() * std::f64::consts::TAU).sin_cos();
    [radius * cos, radius * sin]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_the_published_ones_at_ten_frames_a_second_and_shrink_with_the_rate() {
        assert!((Speed::Slow.step_radii(10.0) - 0.0583).abs() < 5e-5);
        assert!((Speed::Fast.step_radii(10.0) - 0.349).abs() < 5e-4);
        assert!((Speed::Fast.step_radii(20.0) * 2.0 - Speed::Fast.step_radii(10.0)).abs() < 1e-4);
    }

    #[test]
    fn dots_stay_in_the_disc_and_move_along_their_direction() {
        let mut rng = spikereel_data::rng::stream(3, "test/dots");
        let mut dots = Dots::new(400, 30.0, 0.0583, &mut rng);
        let before = dots.positions.clone();
        dots.step(&mut rng);
        let moved = before.iter().zip(&dots.positions).filter(|(a, b)| {
            let angle = (b[1] - a[1]).atan2(b[0] - a[0]).to_degrees();
            (angle - 30.0).abs() < 1e-6 && ((b[0] - a[0]).hypot(b[1] - a[1]) - 0.0583).abs() < 1e-9
        });
        assert!(moved.count() > 370, "all but those that left the disc");
        assert!(dots.positions.iter().all(|[x, y]| x.hypot(*y) <= 1.0));
    }
}
