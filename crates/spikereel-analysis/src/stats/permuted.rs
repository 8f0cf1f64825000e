//! Permutation tests of the measures of association: one list is dealt out anew among the trials, which asks nothing of how values are
//! distributed or how many trials a class has.
//!
//! # References
//! `scipy.stats.permutation_test` with `permutation_type="pairings"` and `alternative="greater"`; Phipson & Smyth (2010) for the 1 that is
//! added to both sides of p.

use super::association::{cramers_v, eta_squared};
use rand::RngExt;
use rayon::prelude::*;
use spikereel_data::rng::stream;

/// Permutations that share a random stream.
const CHUNK: usize = 128;

/// [`cramers_v`] with the p of `n_permutations` permutations in place of that of chi-squared. None where it is not defined.
pub fn permuted_cramers_v(
    rows: &[usize],
    columns: &[usize],
    n_permutations: usize,
    seed: u64,
    name: &str,
) -> Option<(f64, f64)> {
    let (v, _) = cramers_v(rows, columns)?;
    let (rows, columns) = (dense(rows), dense(columns));
    let [n_rows, n_columns] = [&rows, &columns].map(|classes| n_classes(classes));
    let (of_row, of_column) = (sizes(&rows, n_rows), sizes(&columns, n_columns));
    // Margins stay as they are, so chi-squared is this sum times n, less n.
    let statistic = |order: &[usize]| {
        let mut counts = vec![0.0_f64; n_rows * n_columns];
        for (&row, &from) in rows.iter().zip(order) {
            counts[row * n_columns + columns[from]] += 1.0;
        }
        counts.iter().enumerate().map(|(at, n)| n * n / (of_row[at / n_columns] * of_column[at % n_columns])).sum()
    };
    Some((v, p_greater(rows.len(), &statistic, n_permutations, seed, name)))
}

/// [`eta_squared`] with the p of `n_permutations` permutations in place of that of F. None where it is not defined.
pub fn permuted_eta_squared(
    groups: &[usize],
    values: &[f64],
    n_permutations: usize,
    seed: u64,
    name: &str,
) -> Option<(f64, f64)> {
    let (eta, _) = eta_squared(groups, values)?;
    let groups = dense(groups);
    let n_groups = n_classes(&groups);
    let of_group = sizes(&groups, n_groups);
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let centered: Vec<f64> = values.iter().map(|value| value - mean).collect();
    // The total stays as it is, so the sum of squares between groups orders permutations as eta squared does.
    let statistic = |order: &[usize]| {
        let mut sums = vec![0.0_f64; n_groups];
        for (&group, &from) in groups.iter().zip(order) {
            sums[group] += centered[from];
        }
        sums.iter().zip(&of_group).map(|(sum, n)| sum * sum / n).sum()
    };
    Some((eta, p_greater(groups.len(), &statistic, n_permutations, seed, name)))
}

/// `(1 + as large or larger) / (1 + drawn)`.
fn p_greater(
    n: usize,
    statistic: &(dyn Fn(&[usize]) -> f64 + Sync),
    n_permutations: usize,
    seed: u64,
    name: &str,
) -> f64 {
    let in_order: Vec<usize> = (0..n).collect();
    let own = statistic(&in_order);
    // Sums in another order differ in their last bits; equal tables must count as equal.
    let bar = own - own.abs() * 1e-12;
    let of_chunk = |chunk: usize| {
        let mut rng = stream(seed, &format!("{name}/permutations{chunk}"));
        let mut order = in_order.clone();
        let drawn = (chunk * CHUNK..n_permutations.min((chunk + 1) * CHUNK)).filter(|_| {
            for last in (1..n).rev() {
                order.swap(last, rng.random_range(0..=last));
            }
            statistic(&order) >= bar
        });
        drawn.count()
    };
    let n_reached: usize = (0..n_permutations.div_ceil(CHUNK)).into_par_iter().map(of_chunk).sum();
    (1 + n_reached) as f64 / (1 + n_permutations) as f64
}

/// Classes renumbered from 0 without gaps.
fn dense(classes: &[usize]) -> Vec<usize> {
    let mut known = classes.to_vec();
    known.sort_unstable();
    known.dedup();
    classes.iter().map(|class| known.binary_search(class).unwrap_or(0)).collect()
}

fn n_classes(dense: &[usize]) -> usize {
    dense.iter().max().map_or(0, |last| last + 1)
}

fn sizes(dense: &[usize], n: usize) -> Vec<f64> {
    let mut sizes = vec![0.0; n];
    dense.iter().for_each(|&class| sizes[class] += 1.0);
    sizes
}
