//! The plane that samples are drawn in, by either of two methods.

use super::{Tsne, TsneConfig, UmapConfig, tsne, umap};
use ndarray::{Array2, ArrayView2};
use serde::{Deserialize, Serialize};
use spikereel_data::Result;

/// How samples are brought into a plane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlaneMethod {
    /// t-SNE, the published one.
    #[default]
    Tsne,
    /// UMAP.
    Umap,
}

impl PlaneMethod {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Tsne, Self::Umap];

    /// As axes and tables name it.
    pub fn title(self) -> &'static str {
        match self {
            Self::Tsne => "t-SNE",
            Self::Umap => "UMAP",
        }
    }
}

impl std::fmt::Display for PlaneMethod {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Tsne => "tsne",
            Self::Umap => "umap",
        })
    }
}

/// Samples in a plane.
#[derive(Debug, Clone, PartialEq)]
pub struct Plane {
    /// `[sample, 2]`.
    pub positions: Array2<f64>,
    /// Size of a neighborhood: perplexity of t-SNE, neighbors of UMAP.
    pub n_near: f64,
    /// Kullback-Leibler divergence that t-SNE reached; none for UMAP.
    pub divergence: Option<f64>,
}

impl Plane {
    /// Brings `rows` `[sample, value]` into a plane. Neighborhoods are made smaller where samples are few: a perplexity of at most a third
    /// of them, neighbors of at most half.
    ///
    /// # Errors
    /// Fewer than four samples, values that are not finite, settings out of range.
    pub fn of(
        rows: ArrayView2<'_, f64>,
        method: PlaneMethod,
        tsne_config: &TsneConfig,
        umap_config: &UmapConfig,
        seed: u64,
    ) -> Result<Self> {
        let n = rows.nrows();
        match method {
            PlaneMethod::Tsne => {
                let perplexity = tsne_config.perplexity.min((n.saturating_sub(1) as f64 / 3.0).max(1.0));
                let config = TsneConfig { perplexity, ..tsne_config.clone() };
                let Tsne { positions, divergence, .. } = tsne(rows, &config, seed)?;
                Ok(Self { positions, n_near: perplexity, divergence: Some(divergence) })
            }
            PlaneMethod::Umap => {
                let n_neighbors = umap_config.n_neighbors.min((n / 2).max(2));
                let positions = umap(rows, &UmapConfig { n_neighbors, ..umap_config.clone() }, seed)?;
                Ok(Self { positions, n_near: n_neighbors as f64, divergence: None })
            }
        }
    }
}
