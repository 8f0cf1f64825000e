//! Exact Shapley values over all coalitions (Shapley, L. S. 1953, A value for n-person games).

/// Shapley value of each player in a game given by `value[mask]`, bit `i` of `mask` meaning that player `i` takes part.
/// They add up to `value[all] - value[0]`.
///
/// # Panics
/// Where `value` has not `2^n_players` entries: the caller's own size.
pub fn shapley(n_players: usize, value: &[f64]) -> Vec<f64> {
    assert_eq!(value.len(), 1 << n_players, "one value for each coalition");
    // Weight of a coalition of `size` others: size! (n - size - 1)! / n! = 1 / (n * choose(n - 1, size)).
    let mut weights = vec![1.0 / n_players as f64];
    for size in 1..n_players {
        let last = weights[size - 1];
        weights.push(last * size as f64 / (n_players - size) as f64);
    }
    (0..n_players)
        .map(|player| {
            (0..value.len())
                .filter(|mask| mask & (1 << player) == 0)
                .map(|mask| weights[mask.count_ones() as usize] * (value[mask | (1 << player)] - value[mask]))
                .sum()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_glove_game_has_its_known_values() {
        // Players 0 and 1 own a left glove each, player 2 the right one; a pair is worth 1.
        let value: Vec<f64> = (0..8).map(|mask: usize| f64::from(mask & 4 != 0 && mask & 3 != 0)).collect();
        let got = shapley(3, &value);
        for (got, expected) in got.iter().zip([1.0 / 6.0, 1.0 / 6.0, 2.0 / 3.0]) {
            assert!((got - expected).abs() < 1e-12, "{got} {expected}");
        }
    }
}
