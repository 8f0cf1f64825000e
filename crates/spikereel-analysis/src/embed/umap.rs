//! UMAP in two dimensions, as umap-learn does it: the same fuzzy graph of nearest neighbors, the same curve, the same sampled descent.
//!
//! The graph is umap-learn's to 2e-5. The descent begins at principal components and takes its random samples in a fixed order on one thread,
//! so a seed gives the same bits on any machine; single points are not another library's, how well neighbors stay together is (golden tests).
//!
//! # References
//! McInnes, Healy & Melville (2018), arXiv:1802.03426.

use super::{Distances, pca};
use ndarray::{Array2, ArrayView2};
use rand::RngExt;
use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use spikereel_data::rng::stream;
use spikereel_data::{DataError, Result};

/// Halvings of the search for a sample's width.
const N_HALVINGS: usize = 64;
/// How near a sample's sum of weights comes to log2 of the neighbors.
const SUM_TOLERANCE: f64 = 1e-5;
/// A width is at least this share of the mean distance.
const MIN_WIDTH: f64 = 1e-3;
/// Samples that push away for each neighbor that pulls.
const N_PUSHES: usize = 5;
/// No coordinate moves further in one step, before the step's length.
const MAX_SLOPE: f64 = 4.0;
/// Side of the square that the descent begins in.
const START_SIDE: f64 = 10.0;

/// Settings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UmapConfig {
    /// Nearest samples that a neighborhood holds, the sample itself among them; 2 up to the number of samples.
    pub n_neighbors: usize,
    /// How near points may lie in the plane.
    pub min_dist: f64,
    /// Scale of distances in the plane.
    pub spread: f64,
    /// Passes over all edges.
    pub n_epochs: usize,
}

impl Default for UmapConfig {
    /// umap-learn's, for up to 10,000 samples.
    fn default() -> Self {
        Self { n_neighbors: 15, min_dist: 0.1, spread: 1.0, n_epochs: 500 }
    }
}

/// Embeds `rows` `[sample, value]` in the plane: `[sample, 2]`.
///
/// # Errors
/// Fewer than four samples, values that are not finite, settings out of range.
pub fn umap(rows: ArrayView2<'_, f64>, config: &UmapConfig, seed: u64) -> Result<Array2<f64>> {
    let n = rows.nrows();
    if n < 4 {
        return Err(DataError::new("UMAP", "four samples at least", n.to_string()));
    }
    let graph = fuzzy_graph(&Distances::new(rows)?, config.n_neighbors)?;
    let (a, b) = curve(config.min_dist, config.spread)?;
    let mut positions = start(rows, seed)?;
    Descent { edges: edges(&graph, n, config.n_epochs), a, b }.run(&mut positions, config.n_epochs, seed);
    Array2::from_shape_vec((n, 2), positions.into_iter().flatten().collect())
        .map_err(|error| DataError::new("UMAP", "two values a sample", error.to_string()))
}

/// Symmetric weights of neighborhood, `[sample][sample]`, 0 to 1: either of two samples counting the other as a neighbor.
///
/// # Errors
/// Neighbors out of range.
pub fn fuzzy_graph(distances: &Distances, n_neighbors: usize) -> Result<Vec<f64>> {
    let n = distances.n_samples();
    if !(2..=n).contains(&n_neighbors) {
        return Err(DataError::new("neighbors of UMAP", format!("2 to {n}"), n_neighbors.to_string()));
    }
    let nearest = |sample: usize| {
        let mut near: Vec<(f64, usize)> =
            distances.squared_from(sample).iter().enumerate().map(|(other, &d)| (d.sqrt(), other)).collect();
        // The sample itself first, then of equal distances the earlier one.
        near.sort_by(|a, b| (a.1 != sample).cmp(&(b.1 != sample)).then(a.0.total_cmp(&b.0)).then(a.1.cmp(&b.1)));
        near.truncate(n_neighbors);
        near
    };
    let near: Vec<Vec<(f64, usize)>> = (0..n).into_par_iter().map(nearest).collect();
    let mean_of_all = near.iter().flatten().map(|(d, _)| d).sum::<f64>() / (n * n_neighbors) as f64;
    let mut directed = vec![0.0; n * n];
    directed.par_chunks_mut(n).zip(&near).enumerate().for_each(|(sample, (weights, near))| {
        let (nearest, width) = width(near, mean_of_all);
        for &(distance, other) in near.iter().filter(|(_, other)| *other != sample) {
            let beyond = distance - nearest;
            weights[other] = if beyond <= 0.0 || width == 0.0 { 1.0 } else { (-beyond / width).exp() };
        }
    });
    let mut graph = vec![0.0; n * n];
    graph.par_chunks_mut(n).enumerate().for_each(|(one, weights)| {
        for (other, weight) in weights.iter_mut().enumerate() {
            let (there, back) = (directed[one * n + other], directed[other * n + one]);
            *weight = there + back - there * back;
        }
    });
    Ok(graph)
}

/// Distance of the nearest other sample, and the width at which weights add up to log2 of the neighbors.
fn width(near: &[(f64, usize)], mean_of_all: f64) -> (f64, f64) {
    let nearest = near.iter().map(|(d, _)| *d).find(|&d| d > 0.0).unwrap_or(0.0);
    let target = (near.len() as f64).log2();
    let (mut low, mut high, mut width) = (0.0, f64::INFINITY, 1.0);
    for _ in 0..N_HALVINGS {
        let weight = |(distance, _): &(f64, usize)| {
            let beyond = distance - nearest;
            if beyond > 0.0 { (-beyond / width).exp() } else { 1.0 }
        };
        let sum: f64 = near[1..].iter().map(weight).sum();
        if (sum - target).abs() < SUM_TOLERANCE {
            break;
        }
        if sum > target {
            high = width;
            width = (low + high) / 2.0;
        } else {
            low = width;
            width = if high.is_infinite() { width * 2.0 } else { (low + high) / 2.0 };
        }
    }
    let mean = if nearest > 0.0 { near.iter().map(|(d, _)| d).sum::<f64>() / near.len() as f64 } else { mean_of_all };
    (nearest, width.max(MIN_WIDTH * mean))
}

/// `a` and `b` of the weight `1 / (1 + a d^(2 b))` in the plane: the least squares fit to 1 up to `min_dist` and an exponential fall beyond, at
/// 300 places up to three times the spread.
///
/// # Errors
/// Settings out of range.
pub fn curve(min_dist: f64, spread: f64) -> Result<(f64, f64)> {
    if !(spread > 0.0 && spread.is_finite() && (0.0..=spread).contains(&min_dist)) {
        let got = format!("min_dist {min_dist}, spread {spread}");
        return Err(DataError::new("UMAP", "a spread above 0 and a min_dist from 0 to it", got));
    }
    let places: Vec<(f64, f64)> = (0..300)
        .map(|at| 3.0 * spread * at as f64 / 299.0)
        .map(|x| (x, if x < min_dist { 1.0 } else { (-(x - min_dist) / spread).exp() }))
        .collect();
    let loss =
        |a: f64, b: f64| -> f64 { places.iter().map(|&(x, y)| (1.0 / (1.0 + a * x.powf(2.0 * b)) - y).powi(2)).sum() };
    // Levenberg-Marquardt from (1, 1), where umap-learn begins.
    let (mut a, mut b, mut damping) = (1.0_f64, 1.0_f64, 1e-3);
    for _ in 0..200 {
        let (mut normal, mut right) = ([0.0; 3], [0.0; 2]);
        for &(x, y) in places.iter().filter(|(x, _)| *x > 0.0) {
            let power = x.powf(2.0 * b);
            let value = 1.0 / (1.0 + a * power);
            let slope = [-value * value * power, -value * value * a * power * 2.0 * x.ln()];
            let off = y - value;
            normal =
                [normal[0] + slope[0] * slope[0], normal[1] + slope[0] * slope[1], normal[2] + slope[1] * slope[1]];
            right = [right[0] + slope[0] * off, right[1] + slope[1] * off];
        }
        let (p, q, r) = (normal[0] * (1.0 + damping), normal[1], normal[2] * (1.0 + damping));
        let determinant = p * r - q * q;
        let step = [(r * right[0] - q * right[1]) / determinant, (p * right[1] - q * right[0]) / determinant];
        let (next_a, next_b) = (a + step[0], b + step[1]);
        if !(next_a > 0.0 && next_b > 0.0 && loss(next_a, next_b) <= loss(a, b)) {
            damping *= 10.0;
            if damping > 1e12 {
                break;
            }
            continue;
        }
        (a, b, damping) = (next_a, next_b, damping / 10.0);
        if step[0].abs() < 1e-12 * a && step[1].abs() < 1e-12 * b {
            break;
        }
    }
    Ok((a, b))
}

/// Principal components, stretched to a square; the seed adds a little noise, so that equal samples part.
fn start(rows: ArrayView2<'_, f64>, seed: u64) -> Result<Vec<[f64; 2]>> {
    let found = pca(rows, 2.min(rows.ncols()))?;
    let mut rng = stream(seed, "umap/start");
    let largest = found.scores.iter().fold(0.0_f64, |largest, score| largest.max(score.abs()));
    let scale = if largest > 0.0 { START_SIDE / largest } else { 0.0 };
    let mut positions: Vec<[f64; 2]> = (0..rows.nrows())
        .map(|sample| {
            [0, 1].map(|axis| {
                let noise: f64 = StandardNormal.sample(&mut rng);
                scale * found.scores.get((sample, axis)).copied().unwrap_or(0.0) + 1e-4 * noise
            })
        })
        .collect();
    for axis in 0..2 {
        let values = positions.iter().map(|position| position[axis]);
        let (low, high) = values.fold((f64::MAX, f64::MIN), |(low, high), value| (low.min(value), high.max(value)));
        let scale = START_SIDE / (high - low).max(f64::MIN_POSITIVE);
        positions.iter_mut().for_each(|position| position[axis] = scale * (position[axis] - low));
    }
    Ok(positions)
}

/// A pair of neighbors.
struct Edge {
    from: usize,
    to: usize,
    /// Epochs from one pull to the next.
    every: f64,
}

/// Pairs that are pulled at least once; the heaviest in every epoch.
fn edges(graph: &[f64], n: usize, n_epochs: usize) -> Vec<Edge> {
    let heaviest = graph.iter().fold(0.0_f64, |heaviest, &weight| heaviest.max(weight));
    let pairs = graph.iter().enumerate().filter(|&(_, &weight)| weight > 0.0 && weight >= heaviest / n_epochs as f64);
    pairs.map(|(at, &weight)| Edge { from: at / n, to: at % n, every: heaviest / weight }).collect()
}

struct Descent {
    edges: Vec<Edge>,
    a: f64,
    b: f64,
}

impl Descent {
    fn run(&self, positions: &mut [[f64; 2]], n_epochs: usize, seed: u64) {
        let mut rng = stream(seed, "umap/descent");
        let mut next_pull: Vec<f64> = self.edges.iter().map(|edge| edge.every).collect();
        let mut next_push: Vec<f64> = self.edges.iter().map(|edge| edge.every / N_PUSHES as f64).collect();
        for epoch in 0..n_epochs {
            let (now, rate) = (epoch as f64, 1.0 - epoch as f64 / n_epochs as f64);
            for (at, &Edge { from, to, every }) in self.edges.iter().enumerate() {
                if next_pull[at] > now {
                    continue;
                }
                let moved = self.pull(positions[from], positions[to]).map(|slope| rate * slope);
                positions[from] = [0, 1].map(|axis| positions[from][axis] + moved[axis]);
                positions[to] = [0, 1].map(|axis| positions[to][axis] - moved[axis]);
                next_pull[at] += every;
                let every_push = every / N_PUSHES as f64;
                let n_pushes = ((now - next_push[at]) / every_push) as usize;
                for _ in 0..n_pushes {
                    let other = rng.random_range(0..positions.len());
                    let slope = if other == from { [0.0; 2] } else { self.push(positions[from], positions[other]) };
                    positions[from] = [0, 1].map(|axis| positions[from][axis] + rate * slope[axis]);
                }
                next_push[at] += n_pushes as f64 * every_push;
            }
        }
    }

    fn pull(&self, from: [f64; 2], to: [f64; 2]) -> [f64; 2] {
        let squared = squared_distance(from, to);
        if squared == 0.0 {
            return [0.0; 2];
        }
        let power = squared.powf(self.b);
        slope(from, to, -2.0 * self.a * self.b * power / squared / (self.a * power + 1.0))
    }

    fn push(&self, from: [f64; 2], to: [f64; 2]) -> [f64; 2] {
        let squared = squared_distance(from, to);
        if squared == 0.0 {
            return [0.0; 2];
        }
        slope(from, to, 2.0 * self.b / ((0.001 + squared) * (self.a * squared.powf(self.b) + 1.0)))
    }
}

fn squared_distance(from: [f64; 2], to: [f64; 2]) -> f64 {
    (from[0] - to[0]).powi(2) + (from[1] - to[1]).powi(2)
}

fn slope(from: [f64; 2], to: [f64; 2], factor: f64) -> [f64; 2] {
    [0, 1].map(|axis| (factor * (from[axis] - to[axis])).clamp(-MAX_SLOPE, MAX_SLOPE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_samples_and_settings_out_of_range_do_no_harm() {
        let config = UmapConfig { n_neighbors: 3, n_epochs: 50, ..UmapConfig::default() };
        let out = umap(Array2::zeros((8, 3)).view(), &config, 0).unwrap();
        assert!(out.iter().all(|value| value.is_finite()));
        let error = |config: UmapConfig| umap(Array2::zeros((8, 3)).view(), &config, 0).unwrap_err().to_string();
        assert!(error(UmapConfig::default()).contains("2 to 8"));
        assert!(error(UmapConfig { min_dist: 2.0, ..config }).contains("min_dist"));
    }
}
