//! Blurring and resizing as OpenCV does them, for the levels of a flow pyramid.

/// An image `[row, col]` with `depth` values a pixel.
#[derive(Debug, Clone)]
pub(super) struct Image {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) depth: usize,
    pub(super) values: Vec<f32>,
}

/// Rounds half to even, as OpenCV's `cvRound`.
pub(super) fn round(value: f64) -> usize {
    value.round_ties_even().max(0.0) as usize
}

/// Kernel of `side` taps; a sigma of 0 at side 3 is OpenCV's fixed [1/4, 1/2, 1/4].
fn gaussian_taps(side: usize, sigma: f64) -> Vec<f32> {
    if sigma <= 0.0 && side == 3 {
        return vec![0.25, 0.5, 0.25];
    }
    let centre = (side - 1) as f64 / 2.0;
    let raw: Vec<f64> = (0..side).map(|k| (-(k as f64 - centre).powi(2) / (2.0 * sigma * sigma)).exp()).collect();
    let sum: f64 = raw.iter().sum();
    raw.iter().map(|tap| (tap / sum) as f32).collect()
}

/// Index mirrored into 0..n without repeating the edge (`BORDER_REFLECT_101`).
fn reflect(at: isize, n: usize) -> usize {
    let last = n as isize - 1;
    if last == 0 {
        return 0;
    }
    let folded = at.rem_euclid(2 * last);
    (if folded > last { 2 * last - folded } else { folded }) as usize
}

/// Gaussian blur of a one-valued image: rows first, then columns.
pub(super) fn blur(image: &[f32], width: usize, height: usize, side: usize, sigma: f64) -> Vec<f32> {
    let taps = gaussian_taps(side, sigma);
    let half = (side / 2) as isize;
    let mut rows = vec![0.0; image.len()];
    for row in 0..height {
        for col in 0..width {
            let tap = |k: usize| taps[k] * image[row * width + reflect(col as isize + k as isize - half, width)];
            rows[row * width + col] = (0..side).map(tap).sum();
        }
    }
    let mut out = vec![0.0; image.len()];
    for row in 0..height {
        for (k, &tap) in taps.iter().enumerate() {
            let source = &rows[reflect(row as isize + k as isize - half, height) * width..][..width];
            out[row * width..][..width].iter_mut().zip(source).for_each(|(out, value)| *out += tap * value);
        }
    }
    out
}

/// Bilinear resize with pixel centres and clamped edges (`INTER_LINEAR`).
pub(super) fn resize(image: &Image, width: usize, height: usize) -> Image {
    let depth = image.depth;
    if (width, height) == (image.width, image.height) {
        return image.clone();
    }
    let (cols, rows) = (taps(image.width, width), taps(image.height, height));
    let mut values = Vec::with_capacity(width * height * depth);
    for &(top, bottom, low) in &rows {
        for &(left, right, near) in &cols {
            for part in 0..depth {
                let at = |row: usize, col: usize| image.values[(row * image.width + col) * depth + part];
                let upper = at(top, left) * (1.0 - near) + at(top, right) * near;
                let lower = at(bottom, left) * (1.0 - near) + at(bottom, right) * near;
                values.push(upper * (1.0 - low) + lower * low);
            }
        }
    }
    Image { width, height, depth, values }
}

/// For each output position: the two sources and the weight of the second.
fn taps(from: usize, to: usize) -> Vec<(usize, usize, f32)> {
    let scale = from as f64 / to as f64;
    (0..to)
        .map(|at| {
            let source = ((at as f64 + 0.5) * scale - 0.5) as f32;
            let floor = source.floor();
            if floor < 0.0 {
                (0, 0, 0.0)
            } else if floor as usize >= from - 1 {
                (from - 1, from - 1, 0.0)
            } else {
                (floor as usize, floor as usize + 1, source - floor)
            }
        })
        .collect()
}
