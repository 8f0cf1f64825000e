//! What a pseudo-population is drawn from: the sites of each region over all recordings, and the conditions they share.

use super::population::PopulationConfig;
use crate::rng::{permutation, stream};
use crate::{ConditionTable, DataError, Factor, Level, Recording, Region, Result, Site};

/// A site of one of the recordings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Slot {
    pub(super) recording_idx: usize,
    pub(super) site_idx: usize,
}

/// The candidates of each region and how many are taken.
pub(super) struct Slots {
    regions: Vec<(String, Vec<Slot>, usize)>,
    /// The sites of every trial, where they are fixed.
    fixed: Option<Vec<Slot>>,
    used: Vec<bool>,
}

impl Slots {
    /// Gathers candidates and, where sites are fixed, draws them.
    pub(super) fn draw(recordings: &[Recording], config: &PopulationConfig, seed: u64) -> Result<Self> {
        let mut found: Vec<(String, Vec<Slot>)> = Vec::new();
        for (recording_idx, recording) in recordings.iter().enumerate() {
            for (site_idx, site) in recording.sites.iter().enumerate() {
                let slot = Slot { recording_idx, site_idx };
                match found.iter_mut().find(|(region, _)| *region == site.region.0) {
                    Some((_, slots)) => slots.push(slot),
                    None => found.push((site.region.0.clone(), vec![slot])),
                }
            }
        }
        let known: Vec<String> = found.iter().map(|(region, _)| region.clone()).collect();
        for region in config.regions.iter().chain(config.n_sites.keys()) {
            if !known.contains(region) {
                return Err(DataError::new(
                    "population, region",
                    format!("one of {}", known.join(", ")),
                    format!("`{region}`"),
                ));
            }
        }
        let order = if config.regions.is_empty() { known } else { config.regions.clone() };
        let mut regions = Vec::new();
        for (at, region) in order.iter().enumerate() {
            if order[..at].contains(region) {
                return Err(DataError::new("population, regions", "each region once", format!("`{region}` twice")));
            }
            let slots = found.iter().find(|(name, _)| name == region).map_or(Vec::new(), |(_, slots)| slots.clone());
            let n = config.n_sites.get(region).copied().unwrap_or(slots.len());
            if n == 0 || n > slots.len() {
                let expected = format!("1 to {} (the sites there are)", slots.len());
                return Err(DataError::new(format!("population, sites of `{region}`"), expected, n.to_string())
                    .hint("ask for fewer sites or leave the region out"));
            }
            regions.push((region.clone(), slots, n));
        }
        let mut slots = Self { regions, fixed: None, used: vec![config.redraw_sites; recordings.len()] };
        if !config.redraw_sites {
            let chosen = slots.of_trial(&mut stream(seed, "population/sites"));
            chosen.iter().for_each(|slot| slots.used[slot.recording_idx] = true);
            slots.fixed = Some(chosen);
        } else {
            for recording_idx in 0..recordings.len() {
                slots.used[recording_idx] = slots
                    .regions
                    .iter()
                    .any(|(_, candidates, _)| candidates.iter().any(|slot| slot.recording_idx == recording_idx));
            }
        }
        Ok(slots)
    }

    /// Number of slots.
    pub(super) fn n(&self) -> usize {
        self.regions.iter().map(|(_, _, n)| n).sum()
    }

    /// Whether any pseudo-trial can take a site of this recording.
    pub(super) fn uses(&self, recording_idx: usize) -> bool {
        self.used[recording_idx]
    }

    /// The site in each slot of one pseudo-trial: the fixed ones, or drawn within each region without replacement.
    pub(super) fn of_trial(&self, rng: &mut impl rand::Rng) -> Vec<Slot> {
        if let Some(fixed) = &self.fixed {
            return fixed.clone();
        }
        let mut drawn = Vec::with_capacity(self.n());
        for (_, candidates, n) in &self.regions {
            let mut order = permutation(candidates.len(), rng);
            order.truncate(*n);
            order.sort_unstable();
            drawn.extend(order.into_iter().map(|at| candidates[at]));
        }
        drawn
    }

    /// The site axis of the dataset: the sites themselves where they are fixed, else slots named by region and number.
    pub(super) fn sites(&self, recordings: &[Recording]) -> Vec<Site> {
        if let Some(fixed) = &self.fixed {
            return fixed.iter().map(|slot| recordings[slot.recording_idx].sites[slot.site_idx].clone()).collect();
        }
        let slot = |region: &str, at: usize| Site {
            id: format!("{region} slot {at}"),
            region: Region(region.to_string()),
            session: "redrawn".into(),
        };
        self.regions.iter().flat_map(|(region, _, n)| (0..*n).map(move |at| slot(region, at))).collect()
    }
}

/// The conditions that every recording has, and for each recording which of them each of its own conditions is.
pub(super) fn common_conditions(recordings: &[Recording]) -> Result<(ConditionTable, Vec<Vec<Option<usize>>>)> {
    let names = |recording: &Recording| -> Vec<String> {
        recording.conditions.factors().iter().map(|factor| factor.name.clone()).collect()
    };
    let first = names(&recordings[0]);
    let mut rows_of: Vec<Vec<Vec<Level>>> = Vec::new();
    for recording in recordings {
        let own = names(recording);
        let order: Option<Vec<usize>> = first.iter().map(|name| recording.conditions.factor_idx(name)).collect();
        let Some(order) = order.filter(|order| order.len() == own.len()) else {
            let (expected, got) = (format!("{first:?} as in the first recording"), format!("{own:?}"));
            return Err(DataError::new("condition factors", expected, got).at(recording.session.clone()));
        };
        let row =
            |condition: usize| order.iter().map(|&at| recording.conditions.level(condition, at).clone()).collect();
        rows_of.push((0..recording.conditions.len()).map(row).collect());
    }
    let shared: Vec<&Vec<Level>> =
        rows_of[0].iter().filter(|row| rows_of.iter().all(|rows| rows.contains(row))).collect();
    if shared.is_empty() {
        return Err(DataError::new("conditions", "at least one that every recording has", "none"));
    }
    let used = |at: usize, level: &&Level| shared.iter().any(|row| row[at] == **level);
    let factor = |(at, factor): (usize, &Factor)| Factor {
        name: factor.name.clone(),
        levels: factor.levels.iter().filter(|level| used(at, level)).cloned().collect(),
    };
    let factors: Vec<Factor> = recordings[0].conditions.factors().iter().enumerate().map(factor).collect();
    let level_idx = |row: &&Vec<Level>| -> Vec<usize> {
        row.iter()
            .zip(&factors)
            .map(|(level, factor)| factor.levels.iter().position(|l| l == level).unwrap_or(0))
            .collect()
    };
    let table = ConditionTable::new(factors.clone(), shared.iter().map(level_idx).collect())?;
    let common_of = rows_of.iter().map(|rows| rows.iter().map(|row| shared.iter().position(|s| *s == row)).collect());
    Ok((table, common_of.collect()))
}
