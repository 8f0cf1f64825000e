//! Arithmetic that several steps share: how a number of things is divided among parts.

/// Divides `n` things by `shares` (which add up to about 1) by largest remainder, ties to the earlier share. While `n` allows,
/// every positive share gets at least one, earlier shares first.
pub(super) fn divide(n: usize, shares: &[f64]) -> Vec<usize> {
    let total: f64 = shares.iter().sum();
    let exact: Vec<f64> = shares.iter().map(|share| n as f64 * share / total).collect();
    // The small term keeps 0.7 * 10 from falling to 6.
    let mut counts: Vec<usize> = exact.iter().map(|exact| (exact + 1e-9).floor() as usize).collect();
    let mut order: Vec<usize> = (0..shares.len()).filter(|&at| shares[at] > 0.0).collect();
    order.sort_by(|&a, &b| (exact[b] - counts[b] as f64).total_cmp(&(exact[a] - counts[a] as f64)).then(a.cmp(&b)));
    let left = n.saturating_sub(counts.iter().sum());
    order.iter().cycle().take(if order.is_empty() { 0 } else { left }).for_each(|&at| counts[at] += 1);
    for at in 0..shares.len() {
        if shares[at] > 0.0 && counts[at] == 0 {
            // The largest part gives one, unless it would be empty itself; then later parts stay empty.
            let largest = (0..shares.len()).rev().max_by_key(|&other| counts[other]).unwrap_or(at);
            let an_earlier_gains = counts[largest] == 1 && largest > at;
            if counts[largest] > 1 || an_earlier_gains {
                counts[largest] -= 1;
                counts[at] += 1;
            }
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::divide;
    use proptest::prelude::*;

    #[test]
    fn few_things_go_to_earlier_shares_first() {
        let shares = [0.7, 0.2, 0.1]; // as in train, test, validation
        assert_eq!(divide(0, &shares), [0, 0, 0]);
        assert_eq!(divide(1, &shares), [1, 0, 0]);
        assert_eq!(divide(2, &shares), [1, 1, 0]);
        assert_eq!(divide(3, &shares), [1, 1, 1]);
        assert_eq!(divide(10, &shares), [7, 2, 1]);
    }

    proptest! {
        #[test]
        fn parts_add_up_and_stay_within_one_of_their_share(n in 0_usize..500, a in 0.05_f64..0.9, b in 0.05_f64..0.9) {
            let shares = [a / (a + b + 0.1), b / (a + b + 0.1), 0.1 / (a + b + 0.1)];
            let counts = divide(n, &shares);
            prop_assert_eq!(counts.iter().sum::<usize>(), n);
            if n >= 60 {
                for (count, share) in counts.iter().zip(shares) {
                    prop_assert!((*count as f64 - n as f64 * share).abs() < 1.0 + 1e-6);
                }
            }
            if n >= 3 {
                prop_assert!(counts.iter().all(|&count| count > 0), "{:?}", counts);
            }
        }
    }
}
