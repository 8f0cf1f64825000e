//! The four cue shapes, from measurements of the published cue pictures (grey lines, 128-pixel units, y down).
//!
//! Centres, boxes and radii are the measured ones; line widths are widened by the fraction of a pixel (0.1 to 0.3) that
//! makes the mean grey of the 32x32 frame the published one: circle 23.6, cross 21.4, quatrefoil 17.0, triangle 9.2.

use super::fixation;
use super::raster::{Canvas, Stamp};
use serde::{Deserialize, Serialize};

/// Grey of the lines.
const LINE_RGB: [f32; 3] = [158.0; 3];
/// The published triangle picture is scaled by about .906, so its targets stand nearer.
const TRIANGLE_TARGET_X: [f64; 2] = [35.0, 93.0];

/// Shape of the cue, in the paper's order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Cue {
    /// An X; asks for the direction of motion.
    Cross,
    /// The outline of two crossed ellipses; asks for the direction of motion.
    Quatrefoil,
    /// A ring; asks for the color.
    Circle,
    /// A thin triangle, apex up; asks for the color.
    Triangle,
}

impl Cue {
    /// All four, in the paper's order (cue 0 to 3).
    pub const ALL: [Cue; 4] = [Cue::Cross, Cue::Quatrefoil, Cue::Circle, Cue::Triangle];

    /// The name that stands in condition tables.
    pub fn name(self) -> &'static str {
        match self {
            Cue::Cross => "cross",
            Cue::Quatrefoil => "quatrefoil",
            Cue::Circle => "circle",
            Cue::Triangle => "triangle",
        }
    }
}

/// Draws a cue frame: the shape, the fixation dot and the targets.
pub(super) fn draw(canvas: &mut Canvas, dot: &Stamp, cue: Cue) {
    match cue {
        Cue::Cross => canvas.fill(LINE_RGB, in_cross),
        Cue::Quatrefoil => canvas.fill(LINE_RGB, in_quatrefoil),
        Cue::Circle => canvas.fill(LINE_RGB, in_circle),
        Cue::Triangle => canvas.fill(LINE_RGB, in_triangle),
    }
    fixation::draw(canvas, dot, if cue == Cue::Triangle { TRIANGLE_TARGET_X } else { fixation::TARGET_X });
}

fn in_circle(x: f64, y: f64) -> bool {
    (16.25..=21.35).contains(&(x - 64.2).hypot(y - 62.9))
}

/// Two strokes of 5.2 with square caps along the diagonals of a box of 42.6 (measured: 4.6 and 42).
fn in_cross(x: f64, y: f64) -> bool {
    const WIDTH: f64 = 5.2;
    const LENGTH: f64 = 42.6 * std::f64::consts::SQRT_2 - WIDTH;
    let (dx, dy) = (x - 63.7, y - 62.6);
    let (along, across) = ((dx + dy).abs() / std::f64::consts::SQRT_2, (dx - dy).abs() / std::f64::consts::SQRT_2);
    (along <= LENGTH / 2.0 && across <= WIDTH / 2.0) || (across <= LENGTH / 2.0 && along <= WIDTH / 2.0)
}

fn in_quatrefoil(x: f64, y: f64) -> bool {
    let (dx, dy) = (x - 64.0, y - 63.2);
    let in_union = |long: f64, short: f64| {
        let in_ellipse = |a: f64, b: f64| (dx / a).powi(2) + (dy / b).powi(2) <= 1.0;
        in_ellipse(long, short) || in_ellipse(short, long)
    };
    in_union(21.5, 9.8) && !in_union(18.2, 5.8)
}

fn in_triangle(x: f64, y: f64) -> bool {
    const APEX: [f64; 2] = [66.7, 43.0];
    let side = |corner: [f64; 2]| distance_to_segment([x, y], APEX, corner) <= 1.0;
    let in_base = (78.5..=80.15).contains(&y) && (46.0..=87.0).contains(&x);
    side([46.5, 79.5]) || side([86.5, 79.5]) || in_base
}

fn distance_to_segment(point: [f64; 2], from: [f64; 2], to: [f64; 2]) -> f64 {
    let (dx, dy) = (to[0] - from[0], to[1] - from[1]);
    let (px, py) = (point[0] - from[0], point[1] - from[1]);
    let along = ((px * dx + py * dy) / (dx * dx + dy * dy)).clamp(0.0, 1.0);
    (px - along * dx).hypot(py - along * dy)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stimulus::StimulusConfig;

    #[test]
    fn the_mean_grey_of_each_cue_frame_is_the_published_one() {
        let config = StimulusConfig::default();
        let dot = Stamp::disc(&config, fixation::DOT_DIAMETER, fixation::DOT_HOLE_PX);
        for (cue, published) in Cue::ALL.into_iter().zip([21.4, 17.0, 23.6, 9.2]) {
            let mut canvas = Canvas::new(&config);
            draw(&mut canvas, &dot, cue);
            let mut frame = vec![0u8; config.frame_len()];
            canvas.write_frame(&mut frame);
            let mean = frame.iter().map(|&value| f64::from(value)).sum::<f64>() / frame.len() as f64;
            assert!((mean - published).abs() < 0.25, "{}: {mean:.2}, published {published}", cue.name());
            let is_target_row = |at: usize| (15..17).contains(&(at / 32));
            let lit = |at: usize| frame[at * 3] > 20 && !is_target_row(at);
            let columns: Vec<usize> = (0..1024).filter(|&at| lit(at)).map(|at| at % 32).collect();
            let span = (columns.iter().min().unwrap(), columns.iter().max().unwrap());
            assert!(*span.0 >= 5 && *span.1 <= 27, "{} spans columns {span:?}", cue.name());
        }
    }
}
