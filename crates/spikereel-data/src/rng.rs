//! Named random streams: every draw in the project comes from a run's seed and the name of its purpose.
//!
//! ChaCha8 gives the same numbers on every machine and in every release of its crate; a stream's name keeps one
//! purpose's draws from moving when another purpose draws more.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

/// The generator of the stream `name` under `seed`. Equal arguments give equal numbers, always.
///
/// Names are paths such as `split/fold0` or `train/epoch12/order`; put every index that matters into the name.
pub fn stream(seed: u64, name: &str) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(fnv1a(name));
    rng
}

/// A seed for a part of the work that takes a seed of its own (a network, a fold).
pub fn derive_seed(seed: u64, name: &str) -> u64 {
    use rand::Rng;
    stream(seed, name).next_u64()
}

/// The numbers below `n` in random order (Fisher and Yates).
pub fn permutation(n: usize, rng: &mut impl rand::Rng) -> Vec<usize> {
    use rand::RngExt;
    let mut order: Vec<usize> = (0..n).collect();
    for last in (1..n).rev() {
        order.swap(last, rng.random_range(0..=last));
    }
    order
}

/// FNV-1a, 64 bits: a fixed, published hash, so that stream numbers never depend on a library's version.
fn fnv1a(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::Rng;

    #[test]
    fn streams_differ_by_name_and_by_seed_and_repeat() {
        let draw = |seed, name| stream(seed, name).next_u64();
        assert_eq!(draw(7, "a"), draw(7, "a"));
        assert_ne!(draw(7, "a"), draw(7, "b"));
        assert_ne!(draw(7, "a"), draw(8, "a"));
    }

    #[test]
    fn the_hash_is_the_published_one() {
        assert_eq!(fnv1a("foobar"), 0x8594_4171_f739_67e8);
    }
}
