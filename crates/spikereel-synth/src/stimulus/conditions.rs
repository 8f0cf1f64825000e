//! The 64 conditions of the paper in its order, and the reading of any table that has the same three factors.

use super::cue::Cue;
use super::dots::color_rgb;
use spikereel_data::{ConditionTable, DataError, Factor, Level, Result};

/// Levels of color and of direction in the paper's order, degrees.
pub const ANGLES_DEG: [f64; 4] = [90.0, 30.0, -30.0, -90.0];

/// What a condition shows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shown {
    /// Shape of the cue.
    pub cue: Cue,
    /// Color of the dots, named by its angle.
    pub color_deg: f64,
    /// Direction of motion, degrees, y up.
    pub direction_deg: f64,
}

/// The paper's 64 conditions: factors `cue`, `color`, `direction`; index = (4 * color_idx + direction_idx) * 4 +
/// cue_idx, with both angles in the order 90, 30, -30, -90.
pub fn condition_table() -> ConditionTable {
    let angles = || ANGLES_DEG.into_iter().map(Level::Number).collect();
    let factors = vec![
        Factor { name: "cue".into(), levels: Cue::ALL.iter().map(|cue| Level::Text(cue.name().into())).collect() },
        Factor { name: "color".into(), levels: angles() },
        Factor { name: "direction".into(), levels: angles() },
    ];
    let level_idx = (0..64).map(|condition_idx| {
        let stim_idx = condition_idx / 4;
        vec![condition_idx % 4, stim_idx / 4, stim_idx % 4]
    });
    ConditionTable::new(factors, level_idx.collect()).expect("fixed distinct conditions")
}

/// What a condition of any table shows: the table needs the factors `cue` (a shape's name), `color` and `direction`
/// (degrees), in any order, with any levels that can be drawn; further factors are ignored.
///
/// # Errors
/// Names the factor that is missing or whose level cannot be drawn.
pub fn shown(conditions: &ConditionTable, condition_idx: usize) -> Result<Shown> {
    let level = |name: &str| {
        let factor_idx = conditions.factor_idx(name).ok_or_else(|| {
            let names: Vec<&str> = conditions.factors().iter().map(|factor| factor.name.as_str()).collect();
            DataError::new("condition factors", format!("`{name}`"), format!("{names:?}"))
                .hint("these videos need the factors `cue`, `color` and `direction`")
        })?;
        Ok(conditions.level(condition_idx, factor_idx))
    };
    let degrees = |name: &str| match level(name)? {
        Level::Number(value) => Ok(*value),
        Level::Text(text) => Err(DataError::new(format!("condition factor `{name}`"), "degrees", format!("`{text}`"))),
    };
    let cue_level = level("cue")?.to_string();
    let cue = Cue::ALL.into_iter().find(|cue| cue.name() == cue_level).ok_or_else(|| {
        DataError::new("condition factor `cue`", "cross, quatrefoil, circle or triangle", format!("`{cue_level}`"))
    })?;
    let shown = Shown { cue, color_deg: degrees("color")?, direction_deg: degrees("direction")? };
    color_rgb(shown.color_deg).map(|_| shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn condition_25_is_stimulus_6_with_cue_1_as_in_the_published_notebook() {
        let table = condition_table();
        assert_eq!(table.label(25), "cue=quatrefoil color=30 direction=-30");
        assert_eq!(table.len(), 64);
        let first = shown(&table, 0).unwrap();
        assert_eq!(first, Shown { cue: Cue::Cross, color_deg: 90.0, direction_deg: 90.0 });
    }

    #[test]
    fn a_sorted_table_shows_the_same_and_a_foreign_one_is_refused() {
        let paper = condition_table();
        let column = |name: &str| {
            let factor_idx = paper.factor_idx(name).unwrap();
            (name.to_string(), (0..64).map(|c| paper.level(c, factor_idx).clone()).collect())
        };
        let (sorted, of_trial) =
            ConditionTable::from_columns(&[column("direction"), column("cue"), column("color")], 64).unwrap();
        for (paper_idx, &sorted_idx) in of_trial.iter().enumerate() {
            assert_eq!(shown(&sorted, sorted_idx).unwrap(), shown(&paper, paper_idx).unwrap());
        }
        let columns = [("contrast".to_string(), vec![Level::Number(1.0)])];
        let (foreign, _) = ConditionTable::from_columns(&columns, 1).unwrap();
        assert!(shown(&foreign, 0).unwrap_err().to_string().contains("`cue`"));
    }
}
