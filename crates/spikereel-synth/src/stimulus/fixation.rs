//! The fixation dot and the two grey targets, shown in every frame.

use super::raster::{Canvas, Stamp};

/// Diameter of every dot in 128-pixel units: matplotlib's marker "." at size 25/3 * 0.128 pt with a 1 pt edge at 100
/// dpi.
pub(super) const DOT_DIAMETER: f64 = 2.13;
/// Radius, in drawing pixels, of the gap that the marker's edge line leaves at its centre. Fitted: with it the fixation
/// dot averages to the published 7, 40, 40, 127 within 2 grey levels, without it the last value is 138.
pub(super) const DOT_HOLE_PX: f64 = 0.22;

const WHITE: [f32; 3] = [255.0; 3];
/// #9e9c9f.
const TARGET_RGB: [f32; 3] = [158.0, 156.0, 159.0];
/// Columns of the targets, 1.5 aperture radii to the left and right.
pub(super) const TARGET_X: [f64; 2] = [32.0, 96.0];

/// Draws the dot at the centre and the targets at the given columns.
pub(super) fn draw(canvas: &mut Canvas, dot: &Stamp, target_x: [f64; 2]) {
    canvas.stamp(dot, WHITE, 64.0, 64.0);
    target_x.into_iter().for_each(|x| canvas.stamp(dot, TARGET_RGB, x, 64.0));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stimulus::StimulusConfig;

    #[test]
    fn the_fixation_dot_averages_to_the_published_values_and_targets_are_cut_by_the_crop() {
        let config = StimulusConfig::default();
        let mut canvas = Canvas::new(&config);
        draw(&mut canvas, &Stamp::disc(&config, DOT_DIAMETER, DOT_HOLE_PX), TARGET_X);
        let mut frame = vec![0u8; 32 * 32 * 3];
        canvas.write_frame(&mut frame);
        let value = |row: usize, column: usize| i32::from(frame[(row * 32 + column) * 3]);
        for (row, column, published) in [(15, 15, 7), (15, 16, 40), (16, 15, 40), (16, 16, 127)] {
            assert!((value(row, column) - published).abs() <= 2, "{row} {column}: {}", value(row, column));
        }
        let lit: Vec<(usize, usize)> =
            (0..1024).map(|at| (at / 32, at % 32)).filter(|&(row, column)| value(row, column) > 0).collect();
        let expected = [(15, 0), (15, 15), (15, 16), (15, 31), (16, 0), (16, 15), (16, 16), (16, 31)];
        assert_eq!(lit, expected);
    }
}
