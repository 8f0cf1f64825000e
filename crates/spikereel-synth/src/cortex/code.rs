//! Codes that involve several regions: what each region hears of a condition, and the latents behind it.

use super::config::Feature;
use serde::{Deserialize, Serialize};
use spikereel_data::{DataError, Result};

/// How several regions carry one feature together. Their own lapses for this feature do not apply.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Code {
    /// All these regions hear one and the same level, which on a share `corruption` of trials is drawn uniformly from
    /// the four: their errors coincide, and a second region adds little.
    Redundant {
        /// The feature.
        feature: Feature,
        /// Two regions or more.
        regions: Vec<String>,
        /// Share of trials with a drawn level, 0 to 1.
        corruption: f64,
    },
    /// The first region hears a random bit, the second that bit xor whether the feature's level is one of the last two
    /// (of four): each alone knows nothing of the feature, both together one bit.
    ExclusiveOr {
        /// The feature.
        feature: Feature,
        /// The two regions.
        regions: [String; 2],
    },
}

/// Levels that stand for the two values of a bit: the first and the last of the four.
const LEVEL_OF_BIT: [usize; 2] = [0, 3];

impl Code {
    /// The feature that is coded.
    pub fn feature(&self) -> Feature {
        match self {
            Code::Redundant { feature, .. } | Code::ExclusiveOr { feature, .. } => *feature,
        }
    }

    /// Names of the regions involved.
    pub fn regions(&self) -> &[String] {
        match self {
            Code::Redundant { regions, .. } => regions,
            Code::ExclusiveOr { regions, .. } => regions,
        }
    }

    pub(super) fn check(&self, is_region: &dyn Fn(&str) -> bool) -> Result<()> {
        let regions = self.regions();
        let distinct = regions.iter().enumerate().all(|(idx, name)| !regions[..idx].contains(name));
        if regions.len() < 2 || !distinct {
            return Err(DataError::new("codes, regions", "two or more different regions", format!("{regions:?}")));
        }
        if let Some(name) = regions.iter().find(|name| !is_region(name)) {
            return Err(DataError::new("codes, regions", "names of regions", format!("`{name}`")));
        }
        match self {
            Code::Redundant { corruption, .. } if !(0.0..=1.0).contains(corruption) => {
                Err(DataError::new("codes, corruption", "0 to 1", corruption.to_string()))
            }
            _ => Ok(()),
        }
    }

    /// The latent's values and their probabilities, given the feature's level.
    fn latent_given(&self, level: usize) -> Vec<f64> {
        match self {
            Code::Redundant { corruption, .. } => {
                (0..4).map(|heard| corruption / 4.0 + if heard == level { 1.0 - corruption } else { 0.0 }).collect()
            }
            Code::ExclusiveOr { .. } => vec![0.5; 2],
        }
    }

    /// What the region that stands at `position` among the code's regions hears.
    fn heard(&self, position: usize, latent: usize, level: usize) -> usize {
        match self {
            Code::Redundant { .. } => latent,
            Code::ExclusiveOr { .. } if position == 0 => LEVEL_OF_BIT[latent],
            Code::ExclusiveOr { .. } => LEVEL_OF_BIT[latent ^ usize::from(level >= 2)],
        }
    }
}

/// One way a condition can be heard: its probability and each region's levels.
#[derive(Debug, Clone)]
pub(super) struct Hearing {
    pub probability: f64,
    /// `[region][shape, color, motion]`.
    pub levels: Vec<[usize; 3]>,
}

/// All ways in which the levels `[shape, color, motion]` can be heard, before the regions' own lapses; probabilities
/// add up to 1.
pub(super) fn hearings(codes: &[Code], regions: &[String], levels: [usize; 3]) -> Vec<Hearing> {
    let mut all = vec![Hearing { probability: 1.0, levels: vec![levels; regions.len()] }];
    for code in codes {
        let feature = code.feature() as usize;
        let mut next = Vec::new();
        for hearing in &all {
            for (latent, probability) in code.latent_given(levels[feature]).into_iter().enumerate() {
                if probability == 0.0 {
                    continue;
                }
                let mut levels_heard = hearing.levels.clone();
                for (position, name) in code.regions().iter().enumerate() {
                    if let Some(region_idx) = regions.iter().position(|region| region == name) {
                        levels_heard[region_idx][feature] = code.heard(position, latent, levels[feature]);
                    }
                }
                next.push(Hearing { probability: hearing.probability * probability, levels: levels_heard });
            }
        }
        all = next;
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Vec<String> {
        ["A", "B", "C"].map(String::from).to_vec()
    }

    #[test]
    fn exclusive_or_gives_the_bit_only_to_both_regions_together() {
        let code = Code::ExclusiveOr { feature: Feature::Color, regions: ["A".into(), "B".into()] };
        for level in 0..4 {
            let ways = hearings(std::slice::from_ref(&code), &names(), [1, level, 2]);
            assert_eq!(ways.len(), 2);
            assert_eq!(ways.iter().map(|way| way.levels[1][1]).sum::<usize>(), 3, "B alone hears both bits");
            for way in &ways {
                assert_eq!(way.levels[0][1] != way.levels[1][1], level >= 2);
                assert_eq!((way.levels[2], way.levels[0][0]), ([1, level, 2], 1), "others hear what is shown");
            }
        }
    }

    #[test]
    fn probabilities_of_all_hearings_add_up_to_one() {
        let codes = [
            Code::Redundant { feature: Feature::Shape, regions: vec!["A".into(), "C".into()], corruption: 0.4 },
            Code::ExclusiveOr { feature: Feature::Motion, regions: ["B".into(), "C".into()] },
        ];
        let ways = hearings(&codes, &names(), [3, 0, 1]);
        assert_eq!(ways.len(), 8);
        assert!((ways.iter().map(|way| way.probability).sum::<f64>() - 1.0).abs() < 1e-12);
        assert!(ways.iter().all(|way| way.levels[0][0] == way.levels[2][0] && way.levels[1][0] == 3));
    }
}
