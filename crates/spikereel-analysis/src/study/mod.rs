//! Studies: what a decoder's videos score, and what is lost when a region is masked.

pub mod confounds;
mod evaluate;
pub mod evaluation;
mod harm;
pub mod leakage;
mod masked_scores;
mod masking;
pub mod masking_table;
pub mod null;
mod planted;
pub mod pooled;
pub mod power;
pub mod score_table;
mod scorer;
mod templates;

pub use crate::score::{ScoreKind, Summary};
pub use evaluate::{ceiling, evaluate, null_scores};
pub use evaluation::{Accuracy, ConditionVideos, Evaluated, Evaluation, FeatureEvaluation, PooledScore, ScoreValues};
pub use masked_scores::MaskingRun;
pub use masking::{MaskingOptions, masking_study};
pub use masking_table::{Basis, Harm, MaskingCell, MaskingTable, PaperChange, PlantedComparison};
pub use null::{NullScore, NullScores, NullTarget};
pub use planted::compare_with_planted;
pub use pooled::{PooledEvaluation, PooledFeature, PooledOptions, pooled_evaluation};
pub use score_table::{Over, Role, ScoreColumn, ScoreRow, ScoreTable};
pub use scorer::{EvaluationOptions, PerSample};
