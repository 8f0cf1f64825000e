//! Sites (a unit or an electrode) and the brain regions they stand in.

use serde::{Deserialize, Serialize};

/// The name of a brain region, as the recording spells it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Region(pub String);

impl std::fmt::Display for Region {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// One recorded site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Site {
    /// Identity within its session, unique there.
    pub id: String,
    /// Where it stands.
    pub region: Region,
    /// The session it was recorded in. Sites of different sessions never share a trial.
    pub session: String,
}

/// The regions of `sites` in order of first appearance.
pub(crate) fn regions_of(sites: &[Site]) -> Vec<Region> {
    let mut regions: Vec<Region> = Vec::new();
    for site in sites {
        if !regions.contains(&site.region) {
            regions.push(site.region.clone());
        }
    }
    regions
}
