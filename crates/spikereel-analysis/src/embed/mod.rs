//! Low-dimensional pictures of samples, and numbers for what they show: PCA, t-SNE, UMAP, silhouette, nearest neighbors. Held to scikit-learn
//! and umap-learn.

pub mod distance;
pub mod neighbors;
pub mod pca;
pub mod plane;
pub mod silhouette;
pub mod tsne;
pub mod umap;

pub use distance::Distances;
pub use neighbors::{Neighbors, knn_accuracy};
pub use pca::{Pca, pca};
pub use plane::{Plane, PlaneMethod};
pub use silhouette::silhouette;
pub use tsne::{Tsne, TsneConfig, tsne};
pub use umap::{UmapConfig, umap};
