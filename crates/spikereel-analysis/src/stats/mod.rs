//! Tests, intervals and corrections, held to scipy and statsmodels.

pub mod association;
pub mod binomial;
pub mod bootstrap;
pub mod correction;
pub mod ranks;
pub mod t_test;

pub use association::{cramers_v, eta_squared};
pub use binomial::{binomial_p_greater, clopper_pearson};
pub use bootstrap::{BootstrapTest, HierarchicalBootstrap, percentile};
pub use correction::Correction;
pub use ranks::{spearman, wilcoxon_signed_rank};
pub use t_test::{Alternative, TTest, cohens_d, cohens_dz, independent_t_test, one_sample_t_test, paired_t_test};
