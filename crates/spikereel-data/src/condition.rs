//! Conditions: the named factors of a trial (cue, color, direction, contrast), their levels, and the combinations shown.

use crate::{DataError, Result};
use serde::{Deserialize, Serialize};

/// One value of a factor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Level {
    /// A quantity, such as a direction in degrees or a contrast.
    Number(f64),
    /// A name, such as the shape of a cue.
    Text(String),
}

impl std::fmt::Display for Level {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Level::Number(value) => write!(f, "{value}"),
            Level::Text(name) => f.write_str(name),
        }
    }
}

/// A named factor and its levels, in a fixed order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Factor {
    /// Name, such as `cue`.
    pub name: String,
    /// The distinct levels.
    pub levels: Vec<Level>,
}

/// The distinct conditions of a data set: each is one level of every factor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConditionTable {
    factors: Vec<Factor>,
    /// `[condition][factor]`, an index into that factor's levels.
    level_idx: Vec<Vec<usize>>,
}

impl ConditionTable {
    /// Checks that factors are named once, levels exist and are finite, and no condition stands twice.
    ///
    /// # Errors
    /// Names the factor or the condition at fault.
    pub fn new(factors: Vec<Factor>, level_idx: Vec<Vec<usize>>) -> Result<Self> {
        for (factor_idx, factor) in factors.iter().enumerate() {
            if factors[..factor_idx].iter().any(|earlier| earlier.name == factor.name) {
                return Err(DataError::new("condition factors", "each name once", format!("`{}` twice", factor.name)));
            }
            if let Some(level) = factor.levels.iter().find(|level| matches!(level, Level::Number(v) if !v.is_finite()))
            {
                return Err(DataError::new(
                    format!("condition factor `{}`", factor.name),
                    "finite levels",
                    level.to_string(),
                )
                .hint("drop these trials or give their level a name"));
            }
        }
        if level_idx.is_empty() {
            return Err(DataError::new("conditions", "at least one", "none"));
        }
        for (condition_idx, levels) in level_idx.iter().enumerate() {
            let fits = levels.len() == factors.len()
                && levels.iter().zip(&factors).all(|(&level, factor)| level < factor.levels.len());
            if !fits {
                return Err(DataError::new(
                    format!("condition {condition_idx}"),
                    format!("one level for each of {} factors", factors.len()),
                    format!("{levels:?}"),
                ));
            }
            if level_idx[..condition_idx].contains(levels) {
                return Err(DataError::new("conditions", "distinct", format!("{levels:?} twice")));
            }
        }
        Ok(Self { factors, level_idx })
    }

    /// Gathers the conditions of trials. `columns` holds, per factor, its name and one level a trial; factors' levels are
    /// sorted (numbers ascending, then names), conditions stand in lexicographic order of their levels.
    ///
    /// Returns the table and each trial's condition.
    ///
    /// # Errors
    /// A ragged column, or what [`ConditionTable::new`] refuses.
    pub fn from_columns(columns: &[(String, Vec<Level>)], n_trials: usize) -> Result<(Self, Vec<usize>)> {
        let mut factors = Vec::new();
        let mut rows = vec![Vec::new(); n_trials];
        for (name, values) in columns {
            if values.len() != n_trials {
                return Err(DataError::new(
                    format!("condition factor `{name}`"),
                    format!("{n_trials} values, one a trial"),
                    values.len().to_string(),
                ));
            }
            let mut levels: Vec<Level> = Vec::new();
            for value in values {
                if !levels.contains(value) {
                    levels.push(value.clone());
                }
            }
            levels.sort_by(|a, b| match (a, b) {
                (Level::Number(a), Level::Number(b)) => a.total_cmp(b),
                (Level::Text(a), Level::Text(b)) => a.cmp(b),
                (Level::Number(_), Level::Text(_)) => std::cmp::Ordering::Less,
                (Level::Text(_), Level::Number(_)) => std::cmp::Ordering::Greater,
            });
            for (row, value) in rows.iter_mut().zip(values) {
                // NaN never equals itself, so it is not found here; the finite check of `new` names it.
                row.push(levels.iter().position(|level| level == value).unwrap_or(0));
            }
            factors.push(Factor { name: name.clone(), levels });
        }
        let mut level_idx = rows.clone();
        level_idx.sort();
        level_idx.dedup();
        let condition_of_trial = rows.iter().map(|row| level_idx.binary_search(row).unwrap_or(0)).collect();
        Ok((Self::new(factors, level_idx)?, condition_of_trial))
    }

    /// Number of conditions.
    pub fn len(&self) -> usize {
        self.level_idx.len()
    }

    /// Always false: a table has at least one condition.
    pub fn is_empty(&self) -> bool {
        self.level_idx.is_empty()
    }

    /// The factors.
    pub fn factors(&self) -> &[Factor] {
        &self.factors
    }

    /// Position of a factor by name.
    pub fn factor_idx(&self, name: &str) -> Option<usize> {
        self.factors.iter().position(|factor| factor.name == name)
    }

    /// Level index of a condition on a factor.
    pub fn level_idx(&self, condition_idx: usize, factor_idx: usize) -> usize {
        self.level_idx[condition_idx][factor_idx]
    }

    /// Level of a condition on a factor.
    pub fn level(&self, condition_idx: usize, factor_idx: usize) -> &Level {
        &self.factors[factor_idx].levels[self.level_idx[condition_idx][factor_idx]]
    }

    /// The level as a number, if the factor exists and the level is one.
    pub fn number(&self, condition_idx: usize, factor: &str) -> Option<f64> {
        match self.level(condition_idx, self.factor_idx(factor)?) {
            Level::Number(value) => Some(*value),
            Level::Text(_) => None,
        }
    }

    /// A label such as `cue=cross color=90 direction=30`.
    pub fn label(&self, condition_idx: usize) -> String {
        let parts: Vec<String> = (0..self.factors.len())
            .map(|factor_idx| format!("{}={}", self.factors[factor_idx].name, self.level(condition_idx, factor_idx)))
            .collect();
        parts.join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_are_gathered_in_order_and_trials_find_theirs() {
        let columns = vec![
            ("cue".to_string(), vec![Level::Text("x".into()), Level::Text("o".into()), Level::Text("x".into())]),
            ("angle".to_string(), vec![Level::Number(90.0), Level::Number(-90.0), Level::Number(90.0)]),
        ];
        let (table, of_trial) = ConditionTable::from_columns(&columns, 3).unwrap();
        assert_eq!(table.len(), 2);
        assert_eq!(of_trial, [1, 0, 1]);
        assert_eq!(table.label(1), "cue=x angle=90");
        assert_eq!(table.number(0, "angle"), Some(-90.0));
    }

    #[test]
    fn a_level_that_is_not_a_number_is_refused_by_name() {
        let columns = vec![("contrast".to_string(), vec![Level::Number(f64::NAN)])];
        let error = ConditionTable::from_columns(&columns, 1).unwrap_err();
        assert!(error.to_string().contains("`contrast`"), "{error}");
    }
}
