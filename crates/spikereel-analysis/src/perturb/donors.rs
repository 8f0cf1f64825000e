//! Which trial lends its activity to which: permutations in which nobody keeps their own.

use rand::{Rng, RngExt};
use spikereel_data::rng::permutation;
use spikereel_data::{DataError, Result};

/// A donor for each of `trials`, each trial lending once. With `conditions` (one a trial) donors are of the same condition, and a
/// trial that is alone in its condition keeps its own.
///
/// # Errors
/// Fewer than two trials.
pub(super) fn donors(trials: &[usize], conditions: Option<&[usize]>, rng: &mut impl Rng) -> Result<Vec<usize>> {
    if trials.len() < 2 {
        return Err(DataError::new("trials to permute", "at least 2", trials.len().to_string()));
    }
    let mut donors = trials.to_vec();
    let n_groups = conditions.map_or(1, |of| of.iter().max().map_or(0, |most| most + 1));
    for group in 0..n_groups {
        let members: Vec<usize> = (0..trials.len()).filter(|&at| conditions.is_none_or(|of| of[at] == group)).collect();
        let order = derangement(members.len(), rng);
        for (&member, from) in members.iter().zip(order) {
            donors[member] = trials[members[from]];
        }
    }
    Ok(donors)
}

/// A uniformly drawn permutation without fixed points; the identity below two entries.
fn derangement(n: usize, rng: &mut impl Rng) -> Vec<usize> {
    if n < 2 {
        return (0..n).collect();
    }
    // One permutation in e has no fixed point; after a hundred tries without one, a random cycle will do.
    for _ in 0..100 {
        let order = permutation(n, rng);
        if order.iter().enumerate().all(|(at, &from)| at != from) {
            return order;
        }
    }
    let mut order: Vec<usize> = (0..n).collect();
    for last in (1..n).rev() {
        order.swap(last, rng.random_range(0..last));
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;
    use spikereel_data::rng::stream;

    #[test]
    fn every_trial_lends_once_and_never_to_itself_and_within_its_condition_where_asked() {
        let trials: Vec<usize> = (0..30).map(|at| 3 * at + 1).collect();
        let conditions: Vec<usize> = (0..30).map(|at| at % 4).collect();
        for draw in 0..50 {
            for within in [None, Some(conditions.as_slice())] {
                let own = donors(&trials, within, &mut stream(draw, "test")).unwrap();
                let mut sorted = own.clone();
                sorted.sort_unstable();
                assert_eq!(sorted, trials);
                for (at, donor) in own.iter().enumerate() {
                    assert_ne!(*donor, trials[at]);
                    let from = trials.iter().position(|trial| trial == donor).unwrap();
                    assert!(within.is_none_or(|of| of[at] == of[from]));
                }
            }
        }
        assert!(donors(&[4], None, &mut stream(0, "test")).is_err());
        assert_eq!(donors(&[4, 7], Some(&[0, 1]), &mut stream(0, "test")).unwrap(), [4, 7]);
    }
}
