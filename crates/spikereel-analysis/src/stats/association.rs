//! How strongly a quantity goes with groups: Cramér's V between two classifications, eta squared of a number over groups.
//!
//! # References
//! Cramér (1946), Mathematical Methods of Statistics; Pearson's chi-squared without continuity correction, as
//! `scipy.stats.contingency.association(method="cramer")` and `scipy.stats.chi2_contingency(correction=False)`; one-way analysis of
//! variance as `scipy.stats.f_oneway`.

use statrs::function::beta::beta_reg;
use statrs::function::gamma::gamma_ur;

/// Cramér's V (0 to 1) of two classifications of the same trials, and the p of Pearson's chi-squared. None where either has fewer than
/// two classes, or the lists differ in length.
pub fn cramers_v(rows: &[usize], columns: &[usize]) -> Option<(f64, f64)> {
    if rows.len() != columns.len() {
        return None;
    }
    let (rows, columns) = (ranked(rows), ranked(columns));
    let (n_rows, n_columns) = (n_classes(&rows), n_classes(&columns));
    if n_rows < 2 || n_columns < 2 {
        return None;
    }
    let n = rows.len() as f64;
    let mut counts = vec![0.0; n_rows * n_columns];
    let (mut of_row, mut of_column) = (vec![0.0; n_rows], vec![0.0; n_columns]);
    for (&row, &column) in rows.iter().zip(&columns) {
        counts[row * n_columns + column] += 1.0;
        of_row[row] += 1.0;
        of_column[column] += 1.0;
    }
    let mut chi_squared = 0.0;
    for (at, count) in counts.iter().enumerate() {
        let expected: f64 = of_row[at / n_columns] * of_column[at % n_columns] / n;
        chi_squared += (count - expected).powi(2) / expected;
    }
    let v = (chi_squared / (n * (n_rows.min(n_columns) - 1) as f64)).sqrt();
    let df = ((n_rows - 1) * (n_columns - 1)) as f64;
    let p = if chi_squared > 0.0 { gamma_ur(df / 2.0, chi_squared / 2.0) } else { 1.0 };
    Some((v, p))
}

/// Eta squared (0 to 1): share of the variance of `values` that lies between `groups`, and the p of the F test. None where there are
/// fewer than two groups, no more values than groups, or no variance.
pub fn eta_squared(groups: &[usize], values: &[f64]) -> Option<(f64, f64)> {
    if groups.len() != values.len() {
        return None;
    }
    let groups = ranked(groups);
    let n_groups = n_classes(&groups);
    if n_groups < 2 || values.len() <= n_groups {
        return None;
    }
    let (mut sums, mut n_of) = (vec![0.0; n_groups], vec![0.0; n_groups]);
    for (&group, value) in groups.iter().zip(values) {
        sums[group] += value;
        n_of[group] += 1.0;
    }
    let grand = values.iter().sum::<f64>() / values.len() as f64;
    let total: f64 = values.iter().map(|value| (value - grand).powi(2)).sum();
    let within: f64 =
        groups.iter().zip(values).map(|(&group, value)| (value - sums[group] / n_of[group]).powi(2)).sum();
    if total <= 0.0 || !total.is_finite() {
        return None;
    }
    let (df_between, df_within) = ((n_groups - 1) as f64, (values.len() - n_groups) as f64);
    // sf of F at (between / df_between) / (within / df_within).
    let p = beta_reg(df_within / 2.0, df_between / 2.0, (within / total).clamp(0.0, 1.0));
    Some((1.0 - within / total, p))
}

/// Classes renumbered from 0 without gaps.
fn ranked(classes: &[usize]) -> Vec<usize> {
    let mut known = classes.to_vec();
    known.sort_unstable();
    known.dedup();
    classes.iter().map(|class| known.binary_search(class).unwrap_or(0)).collect()
}

fn n_classes(ranked: &[usize]) -> usize {
    ranked.iter().max().map_or(0, |last| last + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers of scipy 1.17.1 (`contingency.association`, `chi2_contingency`, `f_oneway`) on these lists.
    #[test]
    fn values_are_those_of_scipy() {
        let rows = [0, 0, 0, 1, 1, 1, 2, 2, 2, 2];
        let columns = [5, 5, 9, 9, 9, 9, 5, 9, 5, 5];
        let (v, p) = cramers_v(&rows, &columns).unwrap();
        assert!((v - 0.6582805886043833).abs() < 1e-12 && (p - 0.11455884399268772).abs() < 1e-12, "{v} {p}");
        let values = [1.0, 2.0, 1.5, 3.0, 2.5, 4.0, 0.5, 1.0, 2.0, 1.2];
        let (eta, p) = eta_squared(&rows, &values).unwrap();
        assert!((eta - 0.722711411146985).abs() < 1e-12 && (p - 0.011226955250390672).abs() < 1e-12, "{eta} {p}");
    }

    #[test]
    fn ends_of_the_scale_and_what_is_not_defined() {
        assert_eq!(cramers_v(&[0, 0, 1, 1], &[1, 2, 1, 2]).unwrap(), (0.0, 1.0));
        assert!((cramers_v(&[0, 0, 1, 1], &[4, 4, 2, 2]).unwrap().0 - 1.0).abs() < 1e-12);
        assert_eq!(cramers_v(&[0, 0, 1], &[3, 3, 3]), None);
        assert_eq!(eta_squared(&[0, 0, 1, 1], &[2.0; 4]), None);
        assert!((eta_squared(&[0, 0, 1, 1], &[1.0, 1.0, 2.0, 2.0]).unwrap().0 - 1.0).abs() < 1e-12);
    }
}
