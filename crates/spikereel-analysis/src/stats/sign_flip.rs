//! Sign-flip permutation test of paired differences over several columns at once, by the largest statistic.
//!
//! Under the null that a unit's differences are symmetric about 0, its sign is free; it is flipped for all columns together, so that what
//! correlates between columns stays. Each column's |t| is held against the distribution of the largest |t| over columns, which keeps the
//! chance of any false finding at the level (family-wise), at less cost than Holm where columns go together.
//!
//! # References
//! Nichols & Holmes (2002), Human Brain Mapping 15:1; Westfall & Young (1993), Resampling-Based Multiple Testing.

use rand::RngExt;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use spikereel_data::rng::stream;
use spikereel_data::{DataError, Result};

/// One column's result.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SignFlip {
    /// Mean difference.
    pub mean: f64,
    /// Its t statistic; 0 where the differences are all 0.
    pub t: f64,
    /// Two-sided p of this column alone.
    pub p: f64,
    /// Two-sided p against the largest statistic over columns: controls the family-wise error.
    pub p_family: f64,
}

/// Tests `differences [unit][column]`. Where `2^units` is at most `n_permutations`, all sign patterns are gone through and p is exact;
/// otherwise `n_permutations` are drawn and p is `(1 + as large or larger) / (1 + drawn)`.
///
/// # Errors
/// Fewer than two units, no column, rows of unequal length, values that are not finite, no permutation.
pub fn sign_flip_test(differences: &[Vec<f64>], n_permutations: usize, seed: u64, name: &str) -> Result<Vec<SignFlip>> {
    let n_units = differences.len();
    let n_columns = differences.first().map_or(0, Vec::len);
    let field = format!("differences `{name}`");
    if n_units < 2 || n_columns == 0 || n_permutations == 0 {
        let got = format!("{n_units} units, {n_columns} columns, {n_permutations} permutations");
        return Err(DataError::new(field, "two units, a column and a permutation at least", got));
    }
    if let Some(row) =
        differences.iter().find(|row| row.len() != n_columns || row.iter().any(|value| !value.is_finite()))
    {
        return Err(DataError::new(field, format!("{n_columns} finite values a unit"), format!("{row:?}")));
    }
    let sum_squares: Vec<f64> =
        (0..n_columns).map(|column| differences.iter().map(|row| row[column].powi(2)).sum()).collect();
    // Flipping signs moves the sum and leaves the sum of squares, so t needs nothing else.
    let statistics = |sign: &mut dyn FnMut(usize) -> bool| -> Vec<f64> {
        let mut sums = vec![0.0; n_columns];
        for (unit, row) in differences.iter().enumerate() {
            let factor = if sign(unit) { -1.0 } else { 1.0 };
            sums.iter_mut().zip(row).for_each(|(sum, value)| *sum += factor * value);
        }
        sums.iter().zip(&sum_squares).map(|(&sum, &squares)| t_of(sum, squares, n_units as f64)).collect()
    };
    let own = statistics(&mut |_| false);
    let is_exact = n_units < 31 && 1_usize << n_units <= n_permutations;
    let n = if is_exact { 1 << n_units } else { n_permutations };
    let of_permutation = |permutation: usize| {
        let drawn = if is_exact {
            statistics(&mut |unit| permutation >> unit & 1 == 1)
        } else {
            let mut rng = stream(seed, &format!("{name}/permutation{permutation}"));
            statistics(&mut |_| rng.random())
        };
        let largest = drawn.iter().fold(0.0_f64, |largest, t| largest.max(t.abs()));
        // The identity must count as equal to itself whatever the last bit.
        let reaches = |value: f64, t: f64| value.abs() >= t.abs() * (1.0 - 1e-12);
        let alone: Vec<usize> = drawn.iter().zip(&own).map(|(&drawn, &own)| usize::from(reaches(drawn, own))).collect();
        let family: Vec<usize> = own.iter().map(|&own| usize::from(reaches(largest, own))).collect();
        [alone, family]
    };
    let zeros = || [vec![0; n_columns], vec![0; n_columns]];
    let counts = (0..n).into_par_iter().map(of_permutation).reduce(zeros, |mut sum, counts| {
        sum.iter_mut()
            .zip(&counts)
            .for_each(|(sum, counts)| sum.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count));
        sum
    });
    let p = |count: usize| if is_exact { count as f64 / n as f64 } else { (1 + count) as f64 / (1 + n) as f64 };
    let of_column = |column: usize| SignFlip {
        mean: differences.iter().map(|row| row[column]).sum::<f64>() / n_units as f64,
        t: own[column],
        p: p(counts[0][column]),
        p_family: p(counts[1][column]),
    };
    Ok((0..n_columns).map(of_column).collect())
}

/// One-sample t from a sum and a sum of squares; differences that are all equal and not 0 get a very large one.
fn t_of(sum: f64, sum_squares: f64, n: f64) -> f64 {
    if sum_squares == 0.0 {
        return 0.0;
    }
    let mean = sum / n;
    let variance = ((sum_squares - n * mean * mean) / (n - 1.0)).max(sum_squares * 1e-24);
    mean / (variance / n).sqrt()
}

/// `(1 + null values at or above the observed one) / (1 + null values)`: a one-sided permutation p that is never 0.
pub fn permutation_p_greater(observed: f64, null: &[f64]) -> f64 {
    (1 + null.iter().filter(|&&value| value >= observed).count()) as f64 / (1 + null.len()) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_distr::{Distribution, StandardNormal};

    fn draw(seed: u64, n_units: usize, shifts: &[f64]) -> Vec<Vec<f64>> {
        let mut rng = stream(seed, "draw");
        let mut normal = || -> f64 { StandardNormal.sample(&mut rng) };
        (0..n_units)
            .map(|_| {
                let shared = normal();
                shifts.iter().map(|shift| shift + 0.6 * shared + 0.8 * normal()).collect()
            })
            .collect()
    }

    #[test]
    fn under_the_null_any_finding_over_all_columns_is_as_rare_as_the_level() {
        let n = 300;
        let n_found = (0..n)
            .filter(|&seed| {
                sign_flip_test(&draw(seed, 20, &[0.0; 6]), 199, seed, "null")
                    .unwrap()
                    .iter()
                    .any(|column| column.p_family <= 0.05)
            })
            .count();
        let [low, high] = crate::stats::clopper_pearson(n_found, n as usize, 0.99);
        assert!(low <= 0.05 && high >= 0.05, "{n_found} of {n}");
    }

    #[test]
    fn the_shifted_column_alone_is_found() {
        let test = sign_flip_test(&draw(1, 30, &[0.0, 1.5, 0.0]), 999, 1, "shift").unwrap();
        let found: Vec<bool> = test.iter().map(|column| column.p_family < 0.05).collect();
        assert_eq!(found, [false, true, false], "{test:?}");
        assert!(test.iter().all(|column| column.p <= column.p_family));
    }

    #[test]
    fn threads_do_not_matter_and_bad_input_is_named() {
        let data = draw(5, 18, &[0.2, 0.0]);
        let run = |n| {
            rayon::ThreadPoolBuilder::new()
                .num_threads(n)
                .build()
                .unwrap()
                .install(|| sign_flip_test(&data, 500, 2, "same").unwrap())
        };
        assert_eq!(run(1), run(2));
        assert!(sign_flip_test(&[vec![1.0], vec![f64::NAN]], 10, 0, "bad").unwrap_err().to_string().contains("`bad`"));
        assert!(sign_flip_test(&[vec![1.0]], 10, 0, "bad").is_err());
    }
}
