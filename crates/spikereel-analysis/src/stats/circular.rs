//! Angles in degrees: circular mean and deviation, wrapped differences, Rayleigh's test of uniformity.
//!
//! # References
//! `scipy.stats.circmean`, `circstd`; Zar (2010), Biostatistical Analysis, ch. 27 (the approximation of Rayleigh's p, good to three
//! digits from 10 angles on).

use serde::{Deserialize, Serialize};

/// Mean cosine and sine.
fn mean_direction(angles_deg: &[f64]) -> Option<(f64, f64)> {
    if angles_deg.is_empty() || angles_deg.iter().any(|angle| !angle.is_finite()) {
        return None;
    }
    let n = angles_deg.len() as f64;
    let (sin, cos) = angles_deg
        .iter()
        .map(|angle| angle.to_radians().sin_cos())
        .fold((0.0, 0.0), |sum, (sin, cos)| (sum.0 + sin, sum.1 + cos));
    Some((cos / n, sin / n))
}

/// Circular mean, above -180 and at most 180 degrees; none without angles, or where they balance out so that no direction is left.
pub fn circular_mean_deg(angles_deg: &[f64]) -> Option<f64> {
    let (cos, sin) = mean_direction(angles_deg)?;
    (cos.hypot(sin) > 1e-12).then(|| wrapped_deg(sin.atan2(cos).to_degrees()))
}

/// Mean resultant length, 0 (spread evenly) to 1 (all equal); none without angles.
pub fn resultant_length(angles_deg: &[f64]) -> Option<f64> {
    mean_direction(angles_deg).map(|(cos, sin)| cos.hypot(sin).min(1.0))
}

/// Circular standard deviation `sqrt(-2 ln R)` in degrees; none without angles or where the resultant is 0.
pub fn circular_sd_deg(angles_deg: &[f64]) -> Option<f64> {
    let length = resultant_length(angles_deg).filter(|&length| length > 1e-12)?;
    Some((-2.0 * length.ln()).max(0.0).sqrt().to_degrees())
}

/// An angle put above -180 and at most 180 degrees; NaN where it is not finite.
pub fn wrapped_deg(angle_deg: f64) -> f64 {
    let turned = angle_deg.rem_euclid(360.0);
    if turned > 180.0 { turned - 360.0 } else { turned }
}

/// `a - b` the short way round, above -180 and at most 180 degrees.
pub fn angle_difference_deg(a_deg: f64, b_deg: f64) -> f64 {
    wrapped_deg(a_deg - b_deg)
}

/// Rayleigh's test.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Rayleigh {
    /// Mean resultant length.
    pub resultant_length: f64,
    /// `n R^2`.
    pub z: f64,
    /// Chance of a resultant as long or longer from evenly spread angles.
    pub p: f64,
}

/// Tests whether angles are spread evenly over the circle against one preferred direction. None without angles.
pub fn rayleigh_test(angles_deg: &[f64]) -> Option<Rayleigh> {
    let length = resultant_length(angles_deg)?;
    let n = angles_deg.len() as f64;
    let sum = n * length;
    let p = ((1.0 + 4.0 * n + 4.0 * (n * n - sum * sum)).max(0.0).sqrt() - (1.0 + 2.0 * n)).exp();
    Some(Rayleigh { resultant_length: length, z: n * length * length, p: p.min(1.0) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_go_the_short_way_round() {
        for (a, b, expected) in [
            (170.0, -170.0, -20.0),
            (-170.0, 170.0, 20.0),
            (90.0, -90.0, 180.0),
            (-90.0, 90.0, 180.0),
            (725.0, 0.0, 5.0),
        ] {
            assert!((angle_difference_deg(a, b) - expected).abs() < 1e-12, "{a} - {b}");
        }
    }

    #[test]
    fn a_balanced_set_has_no_mean_and_equal_angles_have_no_spread() {
        assert_eq!(circular_mean_deg(&[0.0, 90.0, 180.0, -90.0]), None);
        assert_eq!(circular_mean_deg(&[]), None);
        assert!((circular_mean_deg(&[170.0, -170.0]).unwrap() - 180.0).abs() < 1e-9);
        assert!(circular_sd_deg(&[30.0; 5]).unwrap() < 1e-6);
    }

    #[test]
    fn rayleigh_keeps_its_level_on_even_angles_and_finds_a_direction() {
        use rand::RngExt;
        let mut rng = spikereel_data::rng::stream(3, "rayleigh");
        let n_found = (0..2000)
            .filter(|_| {
                rayleigh_test(&(0..20).map(|_| rng.random_range(0.0..360.0)).collect::<Vec<_>>()).unwrap().p < 0.05
            })
            .count();
        assert!((60..=140).contains(&n_found), "{n_found} of 2000");
        assert!(rayleigh_test(&(0..20).map(|_| rng.random_range(0.0..120.0)).collect::<Vec<_>>()).unwrap().p < 1e-3);
    }
}
