//! Ranks: Spearman's correlation and Wilcoxon's signed-rank test.

use super::t_test::t_sf;
use crate::metrics::pearson;
use statrs::function::erf::erfc;

/// Ranks from 1, ties sharing their mean rank (`scipy.stats.rankdata`).
pub fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0.0; values.len()];
    let mut start = 0;
    while start < order.len() {
        let tied = order[start..].iter().take_while(|&&at| values[at] == values[order[start]]).count().max(1);
        let rank = start as f64 + (tied as f64 + 1.0) / 2.0;
        order[start..start + tied].iter().for_each(|&at| ranks[at] = rank);
        start += tied;
    }
    ranks
}

/// Spearman's rank correlation (`scipy.stats.spearmanr`); none where a list is constant or lengths differ.
pub fn spearman(a: &[f64], b: &[f64]) -> Option<f64> {
    pearson(&ranks(a), &ranks(b))
}

/// Spearman's rank correlation and its two-sided p by Student's t with `n - 2` degrees of freedom, the default of `scipy.stats.spearmanr`.
/// None where a list is constant, lengths differ or there are fewer than three values.
pub fn spearman_test(a: &[f64], b: &[f64]) -> Option<(f64, f64)> {
    let rho = spearman(a, b)?;
    let df = a.len() as f64 - 2.0;
    let t = rho * (df / ((1.0 - rho) * (1.0 + rho))).sqrt();
    (df > 0.0).then(|| (rho, if t.is_finite() { 2.0 * t_sf(t.abs(), df) } else { 0.0 }))
}

/// Two-sided Wilcoxon signed-rank p by the normal approximation, zeros dropped, ties corrected, no continuity correction
/// (`scipy.stats.wilcoxon(..., method="asymptotic")`). None where no difference is left.
pub fn wilcoxon_signed_rank(differences: &[f64]) -> Option<f64> {
    let kept: Vec<f64> = differences.iter().copied().filter(|&difference| difference != 0.0).collect();
    if kept.is_empty() {
        return None;
    }
    let sizes: Vec<f64> = kept.iter().map(|difference| difference.abs()).collect();
    let ranks = ranks(&sizes);
    let plus: f64 = kept.iter().zip(&ranks).filter(|(difference, _)| **difference > 0.0).map(|(_, rank)| rank).sum();
    let n = kept.len() as f64;
    let mut sorted = sizes;
    sorted.sort_by(f64::total_cmp);
    let ties: f64 = sorted.chunk_by(|a, b| a == b).map(|tied| tied.len() as f64).map(|t| t * t * t - t).sum();
    let variance = n * (n + 1.0) * (2.0 * n + 1.0) / 24.0 - ties / 48.0;
    let z = (plus - n * (n + 1.0) / 4.0) / variance.sqrt();
    z.is_finite().then(|| erfc(z.abs() / std::f64::consts::SQRT_2))
}

/// Two-sided exact Wilcoxon signed-rank p (`scipy.stats.wilcoxon(..., method="exact")`): all sign patterns are equally likely. None where
/// there is no difference or more than 60, where one is 0, or where two have equal size: ranks would be tied; use
/// [`wilcoxon_signed_rank`] there.
pub fn wilcoxon_signed_rank_exact(differences: &[f64]) -> Option<f64> {
    let n = differences.len();
    let sizes: Vec<f64> = differences.iter().map(|difference| difference.abs()).collect();
    let ranks = ranks(&sizes);
    let is_tied = ranks.iter().enumerate().any(|(at, rank)| ranks[..at].contains(rank));
    if n == 0 || n > 60 || is_tied || sizes.iter().any(|&size| size == 0.0 || !size.is_finite()) {
        return None;
    }
    // ways[sum]: share of sign patterns whose positive ranks add up to it.
    let total = n * (n + 1) / 2;
    let mut ways = vec![0.0_f64; total + 1];
    ways[0] = 1.0;
    for rank in 1..=n {
        for sum in (0..=total).rev() {
            let with = if sum >= rank { ways[sum - rank] } else { 0.0 };
            ways[sum] = 0.5 * (ways[sum] + with);
        }
    }
    let plus: f64 =
        differences.iter().zip(&ranks).filter(|(difference, _)| **difference > 0.0).map(|(_, rank)| rank).sum();
    let smaller = (plus as usize).min(total - plus as usize);
    Some((2.0 * ways[..=smaller].iter().sum::<f64>()).min(1.0))
}
