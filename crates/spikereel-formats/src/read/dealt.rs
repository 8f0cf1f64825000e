//! Spikes of one long list, dealt to their sites.

use super::NpyArray;
use super::sidecar::SiteKey;
use super::sites::Sites;
use spikereel_data::{DataError, Result};
use std::collections::HashMap;

const KEY: &str = "spikes.site_of_spike";

/// The times of each site in the file.
pub(crate) fn deal(times: &[f64], site_of_spike: &NpyArray, by: SiteKey, sites: &Sites) -> Result<Vec<Vec<f64>>> {
    let mut lists = vec![Vec::new(); sites.n_in_file];
    match by {
        SiteKey::Position => {
            let numbers = site_of_spike.to_f64().map_err(|error| {
                let error = DataError { field: format!("{KEY}, {}", error.field), ..error };
                error
                    .hint("positions count from 0; where these are ids of `sites.ids`, write site_of_spike_by = \"id\"")
            })?;
            for (at, (&site, &time)) in numbers.iter().zip(times).enumerate() {
                let list = (site >= 0.0 && site.fract() == 0.0).then(|| lists.get_mut(site as usize)).flatten();
                let Some(list) = list else {
                    let expected = format!("whole numbers from 0 below {} ({})", sites.n_in_file, sites.source);
                    return Err(DataError::new(KEY, expected, format!("{site} at spike {at}")));
                };
                list.push(time);
            }
        }
        SiteKey::Id => {
            let known = positions(sites)?;
            let place = |id: &str, at: usize| {
                known.get(id).copied().ok_or_else(|| {
                    DataError::new(KEY, "ids of `sites.ids`", format!("`{}` at spike {at}", id.escape_debug()))
                        .hint("add the site to `sites.ids` (`drop_regions` leaves sites out), or remove its spikes")
                })
            };
            if site_of_spike.is_text() {
                for (at, (id, &time)) in site_of_spike.to_text()?.iter().zip(times).enumerate() {
                    lists[place(id, at)?].push(time);
                }
            } else {
                let mut seen: HashMap<u64, usize> = HashMap::new();
                for (at, (id, &time)) in site_of_spike.to_f64()?.iter().zip(times).enumerate() {
                    let site_idx = match seen.get(&id.to_bits()) {
                        Some(site_idx) => *site_idx,
                        None => {
                            let site_idx = place(&id.to_string(), at)?;
                            seen.insert(id.to_bits(), site_idx);
                            site_idx
                        }
                    };
                    lists[site_idx].push(time);
                }
            }
        }
    }
    Ok(lists)
}

fn positions(sites: &Sites) -> Result<HashMap<&str, usize>> {
    let mut known = HashMap::new();
    for (site_idx, id) in sites.ids.iter().enumerate() {
        if known.insert(id.as_str(), site_idx).is_some() {
            return Err(DataError::new("sites.ids", "each id once", format!("`{}` twice", id.escape_debug()))
                .hint("spikes are dealt to sites by their ids; number the sites anew"));
        }
    }
    Ok(known)
}
