//! Shapley values and pairwise Shapley interactions, as weights on the values of coalitions.
//!
//! Both are linear in the value function, so that a value that is a mean over trials has Shapley values that are means over trials too:
//! intervals come from resampling trials, without evaluating a game again.
//!
//! # References
//! Shapley (1953), A value for n-person games; Grabisch & Roubens (1999), Int. J. Game Theory 28:547 (interaction index).

/// A linear combination of values: pairs of a coalition and its weight. Bit `i` of a coalition says that player `i` takes part.
pub type Combination = Vec<(u64, f64)>;

/// Weights whose sum over values is the Shapley value of `player` among `n_players`, at most 20.
pub fn shapley_weights(n_players: usize, player: usize) -> Combination {
    // Weight of a coalition of `size` others: size! (n - size - 1)! / n! = 1 / (n choose(n - 1, size)).
    let weight = |size: usize| 1.0 / (n_players as f64 * choose(n_players - 1, size));
    let own = 1_u64 << player;
    let without = (0..1_u64 << n_players).filter(|coalition| coalition & own == 0);
    without
        .flat_map(|coalition| {
            let weight = weight(coalition.count_ones() as usize);
            [(coalition | own, weight), (coalition, -weight)]
        })
        .collect()
}

/// Weights whose sum over values is the Shapley interaction index of two players: positive where together they add more than each alone
/// (synergy), negative where they add less (redundancy).
pub fn interaction_weights(n_players: usize, first: usize, second: usize) -> Combination {
    // size! (n - size - 2)! / (n - 1)! = 1 / ((n - 1) choose(n - 2, size)).
    let weight = |size: usize| 1.0 / ((n_players - 1) as f64 * choose(n_players - 2, size));
    let (a, b) = (1_u64 << first, 1_u64 << second);
    let without = (0..1_u64 << n_players).filter(|coalition| coalition & (a | b) == 0);
    without
        .flat_map(|coalition| {
            let weight = weight(coalition.count_ones() as usize);
            [(coalition | a | b, weight), (coalition | a, -weight), (coalition | b, -weight), (coalition, weight)]
        })
        .collect()
}

/// Weights of the mean marginal contribution of `player` over given orderings of all players.
pub fn sampled_weights(orderings: &[Vec<usize>], player: usize) -> Combination {
    let weight = 1.0 / orderings.len() as f64;
    orderings
        .iter()
        .flat_map(|ordering| {
            let before =
                ordering.iter().take_while(|&&other| other != player).map(|&other| 1_u64 << other).sum::<u64>();
            [(before | 1 << player, weight), (before, -weight)]
        })
        .collect()
}

fn choose(n: usize, k: usize) -> f64 {
    (0..k).fold(1.0, |product, i| product * (n - i) as f64 / (i + 1) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::RngExt;
    use spikereel_data::rng::stream;

    fn combine(weights: &Combination, value: &[f64]) -> f64 {
        weights.iter().map(|&(coalition, weight)| weight * value[coalition as usize]).sum()
    }

    fn orderings(n: usize) -> Vec<Vec<usize>> {
        if n == 0 {
            return vec![Vec::new()];
        }
        let mut all = Vec::new();
        for shorter in orderings(n - 1) {
            for at in 0..n {
                let mut longer = shorter.clone();
                longer.insert(at, n - 1);
                all.push(longer);
            }
        }
        all
    }

    #[test]
    fn weights_give_the_mean_over_all_orderings_and_add_up_to_the_whole() {
        for n in 2..=6 {
            let mut rng = stream(n as u64, "game");
            let value: Vec<f64> = (0..1 << n).map(|_| rng.random::<f64>()).collect();
            let all = orderings(n);
            let own: Vec<f64> = (0..n).map(|player| combine(&shapley_weights(n, player), &value)).collect();
            for (player, own) in own.iter().enumerate() {
                let brute = all.iter().map(|ordering| {
                    let before: usize = ordering.iter().take_while(|&&other| other != player).map(|&o| 1 << o).sum();
                    value[before | 1 << player] - value[before]
                });
                let brute = brute.sum::<f64>() / all.len() as f64;
                assert!((own - brute).abs() < 1e-12, "{n} {player}: {own} {brute}");
                assert!((own - combine(&sampled_weights(&all, player), &value)).abs() < 1e-12);
            }
            assert!((own.iter().sum::<f64>() - (value[value.len() - 1] - value[0])).abs() < 1e-12);
        }
    }

    #[test]
    fn interactions_are_those_of_all_orderings_in_which_the_pair_moves_as_one() {
        // The index is the mean over orderings of n - 1 players, the pair being one of them, of the pair's second difference.
        for n in 2..=5 {
            let mut rng = stream(n as u64, "pairs");
            let value: Vec<f64> = (0..1 << n).map(|_| rng.random::<f64>()).collect();
            for (first, second) in [(0, 1), (n - 1, 0)] {
                let merged = orderings(n - 1);
                let others: Vec<usize> = (0..n).filter(|&p| p != first && p != second).collect();
                let brute: f64 = merged
                    .iter()
                    .map(|ordering| {
                        let before = ordering.iter().take_while(|&&p| p != n - 2).map(|&p| 1 << others[p]);
                        let before: usize = before.sum();
                        let at = |extra: usize| value[before | extra];
                        at(1 << first | 1 << second) - at(1 << first) - at(1 << second) + at(0)
                    })
                    .sum::<f64>()
                    / merged.len() as f64;
                let own = combine(&interaction_weights(n, first, second), &value);
                assert!((own - brute).abs() < 1e-12, "{n}: {own} {brute}");
            }
        }
    }

    #[test]
    fn known_games_have_their_known_values_and_signs() {
        // Players 0 and 1 own a left glove each, player 2 the right one; a pair is worth 1.
        let gloves: Vec<f64> = (0..8).map(|mask: usize| f64::from(mask & 4 != 0 && mask & 3 != 0)).collect();
        for (player, expected) in [(0, 1.0 / 6.0), (1, 1.0 / 6.0), (2, 2.0 / 3.0)] {
            assert!((combine(&shapley_weights(3, player), &gloves) - expected).abs() < 1e-12);
        }
        assert!(
            combine(&interaction_weights(3, 0, 1), &gloves) < 0.0
                && combine(&interaction_weights(3, 0, 2), &gloves) > 0.0
        );
        let either = [0.0, 1.0, 1.0, 1.0];
        let both = [0.0, 0.0, 0.0, 1.0];
        assert_eq!(combine(&interaction_weights(2, 0, 1), &either), -1.0);
        assert_eq!(combine(&interaction_weights(2, 0, 1), &both), 1.0);
    }
}
