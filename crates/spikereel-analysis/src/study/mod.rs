//! Studies: what a decoder's videos score, and what is lost when a region is masked.

pub mod coalition;
mod evaluate;
pub mod evaluation;
mod harm;
pub mod harm_map;
mod masked_scores;
mod masking;
pub mod masking_table;
mod max_statistic;
pub mod null;
mod perturbed;
mod planted;
pub mod pooled;
pub mod score_table;
mod scorer;
pub mod shapley;
pub mod site_map;
mod templates;

pub use crate::score::{ScoreKind, Summary};
pub use coalition::{CoalitionFeature, CoalitionOptions, CoalitionTable, Interaction, coalition_study};
pub use evaluate::{ceiling, evaluate, null_scores};
pub use evaluation::{Accuracy, ConditionVideos, Evaluated, Evaluation, FeatureEvaluation, PooledScore, ScoreValues};
pub use harm_map::{HarmMap, HarmMapFeature, HarmMapOptions, size_matched_study, time_resolved_study};
pub use masked_scores::MaskingRun;
pub use masking::{MaskingOptions, masking_study, retrained_masking_study};
pub use masking_table::{Basis, Harm, MaskingCell, MaskingTable, PaperChange, PlantedComparison};
pub use max_statistic::{MaxStatistic, max_statistic};
pub use null::{NullScore, NullScores, NullTarget};
pub use planted::compare_with_planted;
pub use pooled::{PooledEvaluation, PooledFeature, PooledOptions, pooled_evaluation};
pub use score_table::{Over, Role, ScoreColumn, ScoreRow, ScoreTable};
pub use scorer::{EvaluationOptions, PerSample};
pub use site_map::{SiteMap, SiteMapFeature, SiteMapOptions, site_map};
