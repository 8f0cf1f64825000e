//! Tests, intervals and corrections, held to scipy and statsmodels.

pub mod association;
pub mod binomial;
pub mod bootstrap;
pub mod circular;
pub mod correction;
pub mod effect;
pub mod permuted;
pub mod ranks;
pub mod resampled;
pub mod sign_flip;
pub mod t_test;

pub use association::{cramers_v, eta_squared};
pub use binomial::{binomial_p_greater, clopper_pearson};
pub use bootstrap::{BootstrapTest, HierarchicalBootstrap, percentile};
pub use circular::{
    Rayleigh, angle_difference_deg, circular_mean_deg, circular_sd_deg, rayleigh_test, resultant_length, wrapped_deg,
};
pub use correction::Correction;
pub use effect::{Estimate, Resampling, bca_interval, percentile_interval};
pub use permuted::{permuted_cramers_v, permuted_eta_squared};
pub use ranks::{spearman, spearman_test, wilcoxon_signed_rank, wilcoxon_signed_rank_exact};
pub use resampled::{ResampledMean, corrected_resampled};
pub use sign_flip::{SignFlip, permutation_p_greater, sign_flip_test};
pub use t_test::{Alternative, TTest, cohens_d, cohens_dz, independent_t_test, one_sample_t_test, paired_t_test};
