//! Low-dimensional pictures of samples, and numbers for what they show: PCA, t-SNE, silhouette, nearest neighbors. Held to scikit-learn.

pub mod distance;
pub mod neighbors;
pub mod pca;
pub mod silhouette;
pub mod tsne;

pub use distance::Distances;
pub use neighbors::{Neighbors, knn_accuracy};
pub use pca::{Pca, pca};
pub use silhouette::silhouette;
pub use tsne::{Tsne, TsneConfig, tsne};
