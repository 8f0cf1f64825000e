//! What samples of an embedding are colored by: levels of factors, the stimulus, the side of the response.

use super::embedding::Labeling;
use spikereel_data::{Dataset, Level};

/// Shapes of cue that ask for the direction of motion, and those that ask for the color (paper-facts, section 1).
const MOTION_CUES: [&str; 2] = ["cross", "quatrefoil"];
const COLOR_CUES: [&str; 2] = ["circle", "triangle"];

/// Labelings of trials that have two labels or more among `trials`: one a factor, the stimulus, the response.
pub(super) fn labelings(dataset: &Dataset, trials: &[usize]) -> Vec<Labeling> {
    let conditions: Vec<usize> = trials.iter().map(|&trial| dataset.trials[trial].condition_idx).collect();
    let table = &dataset.conditions;
    let mut found = Vec::new();
    for (factor_idx, factor) in table.factors().iter().enumerate() {
        let names = factor.levels.iter().map(Level::to_string).collect();
        let labels = conditions.iter().map(|&condition| table.level_idx(condition, factor_idx)).collect();
        found.push(Labeling { name: factor.name.clone(), levels: names, label_of_sample: labels });
    }
    if let (Some(color), Some(direction)) = (table.factor_idx("color"), table.factor_idx("direction")) {
        let (colors, directions) = (&table.factors()[color].levels, &table.factors()[direction].levels);
        let names =
            colors.iter().flat_map(|color| directions.iter().map(move |direction| format!("{color}, {direction}")));
        let label = |&condition: &usize| {
            table.level_idx(condition, color) * directions.len() + table.level_idx(condition, direction)
        };
        found.push(Labeling {
            name: "stimulus".into(),
            levels: names.collect(),
            label_of_sample: conditions.iter().map(label).collect(),
        });
    }
    found.extend(response(dataset, trials, &conditions));
    found.retain(|labeling| labeling.label_of_sample.iter().any(|label| *label != labeling.label_of_sample[0]));
    found
}

/// Left or right: from the covariate `response` (0, 1), else from the cue's rule and the sign of what it asks for.
fn response(dataset: &Dataset, trials: &[usize], conditions: &[usize]) -> Option<Labeling> {
    let stored = dataset.covariates.iter().find(|(name, _)| name == "response").and_then(|(_, values)| {
        let side = |&trial: &usize| [0.0, 1.0].iter().position(|side| *side == values[trial]);
        trials.iter().map(side).collect::<Option<Vec<usize>>>()
    });
    let labels = stored.or_else(|| conditions.iter().map(|&condition| side_by_rule(dataset, condition)).collect())?;
    Some(Labeling { name: "response".into(), levels: vec!["left".into(), "right".into()], label_of_sample: labels })
}

fn side_by_rule(dataset: &Dataset, condition: usize) -> Option<usize> {
    let table = &dataset.conditions;
    let cue = table.level(condition, table.factor_idx("cue")?).to_string();
    let asked_for = if MOTION_CUES.contains(&cue.as_str()) {
        "direction"
    } else if COLOR_CUES.contains(&cue.as_str()) {
        "color"
    } else {
        return None;
    };
    table.number(condition, asked_for).filter(|&value| value != 0.0).map(|value| usize::from(value < 0.0))
}
