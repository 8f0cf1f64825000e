//! What a caller may say about a recording of Siegel et al. (2015). All of it can be left out; unknown keys are refused.

use serde::{Deserialize, Serialize};
use spikereel_data::Level;
use std::collections::BTreeMap;

/// How a file becomes a recording.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SiegelOptions {
    /// Name of the session; the file's name where left out.
    pub session: Option<String>,
    /// The cell array `[trial, unit]` of spike times, in seconds from stimulus onset.
    pub spike_times: String,
    /// From when to when spikes were stored, in seconds from stimulus onset: bins may not reach beyond.
    pub epoch_secs: [f64; 2],
    /// Units and what becomes of them.
    pub sites: SiegelSites,
    /// Trials and which of them are kept.
    pub trials: SiegelTrials,
}

impl Default for SiegelOptions {
    fn default() -> Self {
        Self {
            session: None,
            spike_times: "spikeTimes".into(),
            epoch_secs: [-2.5, 3.5],
            sites: SiegelSites::default(),
            trials: SiegelTrials::default(),
        }
    }
}

/// `sites`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SiegelSites {
    /// The table with a row for each column of the spike times.
    pub table: String,
    /// Column with the region.
    pub region: String,
    /// Column with the identity of a site; units are numbered from 0 where left out.
    pub id: Option<String>,
    /// Column whose equal values make one site of several units: that of the electrode makes multiunit activity of all threshold
    /// crossings, as in the paper. Each unit is a site where left out, since the name of that column is not known.
    pub pool_by: Option<String>,
    /// Only units with one of these values in these columns, such as `isolated = [1]`.
    pub only: BTreeMap<String, Vec<Level>>,
    /// New names of regions, from the file's spelling.
    pub rename_regions: BTreeMap<String, String>,
    /// Regions whose sites are left out, as the file spells them.
    pub drop_regions: Vec<String>,
}

impl Default for SiegelSites {
    fn default() -> Self {
        Self {
            table: "unitInfo".into(),
            region: "area".into(),
            id: None,
            pool_by: None,
            only: BTreeMap::new(),
            rename_regions: BTreeMap::new(),
            drop_regions: Vec::new(),
        }
    }
}

/// `trials`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SiegelTrials {
    /// The table of trials; `a.b` is field `b` of the structure `a`.
    pub table: String,
    /// The task whose trials are read: the structure of this name in the table, where there is one; otherwise rows with this value in
    /// the column `task`, where there is one; otherwise all rows.
    pub task: Option<String>,
    /// Column with the row of the spike times, from 1, that belongs to a row of the table. Where left out, rows of the one belong to
    /// rows of the other, and there must be as many; but where the task has a table of its own beside a column `task` for all trials, its
    /// rows are those of the task, in order.
    pub spike_row: Option<String>,
    /// What makes up a condition.
    pub factors: Vec<SiegelFactor>,
    /// Which trials are kept.
    pub keep: KeepTrials,
    /// Column that is not 0 in bad trials.
    pub bad: String,
    /// Column that is not 0 in correct trials. Where left out, a trial was correct if `response` is `expected_response`.
    pub correct: Option<String>,
    /// Column with the response given.
    pub response: String,
    /// Column with the response asked for.
    pub expected_response: String,
    /// Columns that are kept beside the conditions.
    pub covariates: Vec<SiegelCovariate>,
}

impl Default for SiegelTrials {
    /// The paper's 64 conditions, correct good trials, reaction time and response.
    fn default() -> Self {
        let shapes = ["cross", "quatrefoil", "circle", "triangle"];
        let levels = (1..).zip(shapes).map(|(code, shape)| (code.to_string(), Level::Text(shape.into())));
        let angles = || [90.0, 30.0, -30.0, -90.0].map(Level::Number).to_vec();
        let factor = |name: &str, levels, only| SiegelFactor { name: name.into(), field: name.into(), levels, only };
        let sides = [("L", 0.0), ("R", 1.0)].map(|(side, code)| (side.to_string(), code));
        let covariate = |name: &str, field: &str, levels| SiegelCovariate {
            name: name.into(),
            field: field.into(),
            levels,
            optional: true,
        };
        Self {
            table: "trialInfo".into(),
            task: Some("mocol".into()),
            spike_row: None,
            factors: vec![
                factor("cue", levels.collect(), Vec::new()),
                factor("color", BTreeMap::new(), angles()),
                factor("direction", BTreeMap::new(), angles()),
            ],
            keep: KeepTrials::Correct,
            bad: "badTrials".into(),
            correct: None,
            response: "response".into(),
            expected_response: "expectedResponse".into(),
            covariates: vec![
                covariate("reaction_time", "reactionTime", BTreeMap::new()),
                covariate("response", "response", sides.into_iter().collect()),
            ],
        }
    }
}

/// Which trials are kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeepTrials {
    /// Good trials with the correct response.
    #[default]
    Correct,
    /// Good trials with any response.
    Good,
    /// All trials.
    All,
}

/// A factor of the condition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SiegelFactor {
    /// Name of the factor.
    pub name: String,
    /// Column of the table of trials.
    pub field: String,
    /// Levels by the value in the column, such as `1 = "cross"`; values that are not here stay as they are.
    #[serde(default)]
    pub levels: BTreeMap<String, Level>,
    /// Only trials with one of these values in the column; any value where empty.
    #[serde(default)]
    pub only: Vec<Level>,
}

/// A column that is kept beside the conditions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SiegelCovariate {
    /// Name of the covariate.
    pub name: String,
    /// Column of the table of trials.
    pub field: String,
    /// Numbers by the text in the column, such as `L = 0`. An empty text is not a number.
    #[serde(default)]
    pub levels: BTreeMap<String, f64>,
    /// Leave it out, with a remark, where there is no such column.
    #[serde(default)]
    pub optional: bool,
}
