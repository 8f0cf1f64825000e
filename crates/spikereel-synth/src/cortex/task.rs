//! The task's rule: which feature a cue asks for, which response is right, and how long it takes.

use rand::{Rng, RngExt};
use rand_distr::{Distribution, StandardNormal};

/// Value of covariate `rule` where the cue asks for the direction of motion (cross, quatrefoil).
pub const RULE_MOTION: f64 = 0.0;
/// Value of covariate `rule` where the cue asks for the color (circle, triangle).
pub const RULE_COLOR: f64 = 1.0;
/// Value of covariate `response` for left: the feature asked for is positive (90 or 30 degrees).
pub const RESPONSE_LEFT: f64 = 0.0;
/// Value of covariate `response` for right: the feature asked for is negative.
pub const RESPONSE_RIGHT: f64 = 1.0;

/// Value of covariate `correct` where the choice is the response that the rule asks for; 0 where it is not.
pub const CHOICE_CORRECT: f64 = 1.0;

/// Median of correct reaction times in the one public session: 0.288 s, of which 0.2 s cannot be undercut here.
const MEDIAN_SECS: f64 = 0.288;
const FLOOR_SECS: f64 = 0.2;
/// With this spread 5 % and 95 % stand at 0.230 and 0.456 s (published: 0.237 and 0.488).
const LOG_SD: f64 = 0.65;

/// Levels `[shape, color, motion]` of one of the 64 conditions of `stimulus::condition_table`.
pub(super) fn levels(condition_idx: usize) -> [usize; 3] {
    [condition_idx % 4, condition_idx / 16, condition_idx / 4 % 4]
}

/// Rule of a condition (0 to 63): 0 motion, 1 color.
pub fn rule(condition_idx: usize) -> usize {
    rule_of_shape(levels(condition_idx)[0])
}

/// Response of a condition on correct trials: 0 left, 1 right.
pub fn response(condition_idx: usize) -> usize {
    let [shape, color, motion] = levels(condition_idx);
    let asked_for = if rule_of_shape(shape) == 0 { motion } else { color };
    usize::from(asked_for >= 2)
}

pub(super) fn rule_of_shape(shape: usize) -> usize {
    usize::from(shape >= 2)
}

/// Choices that can follow a condition, each with its probability; none has probability 0, the right one comes first.
pub(super) fn choices(condition_idx: usize, error_share: f64) -> Vec<(usize, f64)> {
    let right = response(condition_idx);
    let all = [(right, 1.0 - error_share), (1 - right, error_share)];
    all.into_iter().filter(|(_, probability)| *probability > 0.0).collect()
}

/// A choice. Draws nothing where there are no errors.
pub(super) fn draw_choice(condition_idx: usize, error_share: f64, rng: &mut impl Rng) -> usize {
    let right = response(condition_idx);
    let is_error = error_share > 0.0 && rng.random::<f64>() < error_share;
    if is_error { 1 - right } else { right }
}

/// A reaction time, from `(coupling, standardised log gain)` of each region: higher gain, faster reaction. Shifted
/// log-normal.
pub(super) fn reaction_time_secs(gains: &[(f64, f64)], rng: &mut impl Rng) -> f64 {
    let explained: f64 = gains.iter().map(|(coupling, _)| coupling * coupling).sum();
    let own: f64 = StandardNormal.sample(rng);
    let slowness = (1.0 - explained).max(0.0).sqrt() * own - gains.iter().map(|(c, gain)| c * gain).sum::<f64>();
    FLOOR_SECS + (MEDIAN_SECS - FLOOR_SECS) * (LOG_SD * slowness).exp()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stimulus::{Cue, condition_table, shown};

    #[test]
    fn rule_and_response_follow_the_table() {
        for condition_idx in 0..64 {
            let shown = shown(&condition_table(), condition_idx).unwrap();
            let asks_motion = matches!(shown.cue, Cue::Cross | Cue::Quatrefoil);
            assert_eq!(rule(condition_idx) == 0, asks_motion);
            let value = if asks_motion { shown.direction_deg } else { shown.color_deg };
            assert_eq!(response(condition_idx) == 1, value < 0.0);
        }
    }
}
