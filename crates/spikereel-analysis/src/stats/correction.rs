//! Correction of p values for multiple comparisons, as `statsmodels.stats.multitest.multipletests`.

use serde::{Deserialize, Serialize};

/// The method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Correction {
    /// Holm (1979): family-wise error, no assumption on dependence. statsmodels `holm`.
    #[default]
    Holm,
    /// Benjamini and Hochberg (1995): false discovery rate. statsmodels `fdr_bh`.
    BenjaminiHochberg,
    /// Bonferroni: family-wise error. statsmodels `bonferroni`.
    Bonferroni,
}

impl std::fmt::Display for Correction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Holm => "Holm",
            Self::BenjaminiHochberg => "Benjamini-Hochberg",
            Self::Bonferroni => "Bonferroni",
        })
    }
}

impl Correction {
    /// Corrected p values, in the order given, each at most 1.
    pub fn correct(self, p_values: &[f64]) -> Vec<f64> {
        let n = p_values.len();
        let mut order: Vec<usize> = (0..n).collect();
        order.sort_by(|&a, &b| p_values[a].total_cmp(&p_values[b]));
        let mut corrected = vec![0.0; n];
        match self {
            Self::Bonferroni => {
                corrected.iter_mut().zip(p_values).for_each(|(out, p)| *out = (p * n as f64).min(1.0));
            }
            Self::Holm => {
                let mut largest: f64 = 0.0;
                for (rank, &at) in order.iter().enumerate() {
                    largest = largest.max(p_values[at] * (n - rank) as f64);
                    corrected[at] = largest.min(1.0);
                }
            }
            Self::BenjaminiHochberg => {
                let mut smallest: f64 = 1.0;
                for (rank, &at) in order.iter().enumerate().rev() {
                    // statsmodels divides by the share (rank + 1) / n; the same order of operations keeps the last bit.
                    smallest = smallest.min(p_values[at] / ((rank + 1) as f64 / n as f64));
                    corrected[at] = smallest.min(1.0);
                }
            }
        }
        corrected
    }
}
