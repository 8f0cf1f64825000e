//! Studies: what a decoder's videos score, and what is lost when a region is masked.

pub mod ceilings;
pub mod cross_validation;
mod evaluate;
pub mod evaluation;
mod harm;
pub mod headline;
mod masked_scores;
mod masking;
pub mod masking_table;
pub mod null;
mod planted;
pub mod pooled;
pub mod reliability;
pub mod scale;
pub mod score_table;
mod scorer;
pub mod single_regions;
mod templates;

pub use crate::score::{ScoreKind, Summary};
pub use cross_validation::{CrossValidated, CrossValidation, FoldScore, cross_validation};
pub use evaluate::{ceiling, evaluate, null_scores};
pub use evaluation::{Accuracy, ConditionVideos, Evaluated, Evaluation, FeatureEvaluation, PooledScore, ScoreValues};
pub use headline::{Headline, headlines};
pub use masked_scores::MaskingRun;
pub use masking::{MaskingOptions, masking_study};
pub use masking_table::{Basis, Harm, MaskingCell, MaskingTable, PaperChange, PlantedComparison};
pub use null::{NullScore, NullScores, NullTarget};
pub use planted::compare_with_planted;
pub use pooled::{PooledEvaluation, PooledFeature, PooledOptions, pooled_evaluation};
pub use scale::{Scale, ScaleAxis, ScaleOptions, scale};
pub use score_table::{Over, Role, ScoreColumn, ScoreRow, ScoreTable};
pub use scorer::{EvaluationOptions, PerSample};
pub use single_regions::{SetScores, SingleRegionOptions, SingleRegions, single_regions};
