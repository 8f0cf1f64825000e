//! One session made ready to be drawn from: its regions' sites, and how a trial comes about.

use super::code::{Hearing, hearings};
use super::config::{CortexConfig, Feature, PerFeature};
use super::noise::{N_GAINS, draw_count, gains};
use super::task::levels;
use super::tuning::{SiteBin, site_bins};
use rand::{Rng, RngExt};
use spikereel_data::Result;

/// Number of conditions.
pub(super) const N_CONDITIONS: usize = 64;

/// The part of a region that a session records.
#[derive(Debug)]
pub(super) struct RegionPart {
    /// `[bin][site]`, flattened.
    pub site_bins: Vec<SiteBin>,
    pub n_sites: usize,
    /// Numbers of its sites within the region.
    pub site_ids: Vec<usize>,
    /// First site on the session's site axis.
    pub first_site: usize,
    pub gains: [f64; N_GAINS],
    pub fano: f64,
    /// Lapses that apply: none for a feature that a code brings to this region.
    pub lapse: PerFeature,
}

/// A session.
#[derive(Debug)]
pub(super) struct Session {
    /// Its place in the configuration; sessions that are dealt no site are left out.
    pub config_idx: usize,
    /// One entry for each region of the configuration; a region that is not recorded here has no sites.
    pub regions: Vec<RegionPart>,
    pub n_bins: usize,
    pub n_sites: usize,
    /// `[condition]`.
    pub hearings: Vec<Vec<Hearing>>,
    /// Share of trials with the wrong choice.
    pub error_share: f64,
}

/// Makes all sessions of a checked configuration.
pub(super) fn sessions(config: &CortexConfig, seed: u64) -> Result<Vec<Session>> {
    config.check()?;
    let names: Vec<String> = config.regions.iter().map(|region| region.name.clone()).collect();
    let hearings: Vec<Vec<Hearing>> =
        (0..N_CONDITIONS).map(|idx| hearings(&config.codes, &names, levels(idx))).collect();
    let n_bins = config.bin_grid()?.n_bins;
    let all = config.regions.iter().map(|region| site_bins(config, region, seed)).collect::<Result<Vec<_>>>()?;
    Ok((0..config.sessions.len())
        .map(|session_idx| {
            let mut n_sites = 0;
            let regions = config.regions.iter().zip(&all).map(|(region, site_bins)| {
                let recorders: Vec<usize> =
                    (0..config.sessions.len()).filter(|&idx| config.sessions[idx].records(&region.name)).collect();
                let site_ids: Vec<usize> =
                    (0..region.n_sites).filter(|site| recorders[site % recorders.len()] == session_idx).collect();
                let mut lapse = region.lapse;
                for code in config.codes.iter().filter(|code| code.regions().contains(&region.name)) {
                    *lapse.get_mut(code.feature()) = 0.0;
                }
                let first_site = n_sites;
                n_sites += site_ids.len();
                RegionPart {
                    site_bins: (0..n_bins)
                        .flat_map(|bin_idx| site_ids.iter().map(move |&site| site_bins[site][bin_idx].clone()))
                        .collect(),
                    n_sites: site_ids.len(),
                    site_ids,
                    first_site,
                    gains: gains(region.shared_gain_sd),
                    fano: region.fano_factor,
                    lapse,
                }
            });
            let regions = regions.collect();
            Session {
                config_idx: session_idx,
                regions,
                n_bins,
                n_sites,
                hearings: hearings.clone(),
                error_share: config.error_share,
            }
        })
        .filter(|session| session.n_sites > 0)
        .collect())
}

impl Session {
    /// Draws a trial in which `choice` is made: counts into `counts`, `[bin, site]`; returns each region's gain, an index.
    pub(super) fn draw(
        &self,
        condition_idx: usize,
        choice: usize,
        rng: &mut impl Rng,
        counts: &mut [u8],
    ) -> Vec<usize> {
        let mut left = rng.random::<f64>();
        let ways = &self.hearings[condition_idx];
        let way = ways.iter().find(|way| {
            left -= way.probability;
            left < 0.0
        });
        let way = way.unwrap_or(&ways[ways.len() - 1]);
        let draw_region = |(region_idx, region): (usize, &RegionPart)| {
            let mut heard = way.levels[region_idx];
            for feature in Feature::ALL {
                if rng.random::<f64>() < region.lapse.get(feature) {
                    heard[feature as usize] = rng.random_range(0..4);
                }
            }
            let gain_idx = rng.random_range(0..N_GAINS);
            for bin_idx in 0..self.n_bins {
                let site_bins = &region.site_bins[bin_idx * region.n_sites..][..region.n_sites];
                let out = &mut counts[bin_idx * self.n_sites + region.first_site..][..region.n_sites];
                for (out, site_bin) in out.iter_mut().zip(site_bins) {
                    let mean = site_bin.means[site_bin.drive.state(heard, choice)] * region.gains[gain_idx];
                    *out = draw_count(mean, region.fano, rng);
                }
            }
            gain_idx
        };
        self.regions.iter().enumerate().map(draw_region).collect()
    }
}
