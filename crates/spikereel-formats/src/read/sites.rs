//! The site axis of a recording: labels, ids, which regions are dropped or renamed.

use super::bundle::Bundle;
use super::sidecar::{Labels, SitesTable};
use crate::{FormatError, Result};
use spikereel_data::{DataError, Region, Site};
use std::path::Path;

/// The sites that are kept, and for each its position in the file.
pub(crate) struct Sites {
    /// Sites in the file.
    pub(crate) n_in_file: usize,
    /// Identity of each site in the file.
    pub(crate) ids: Vec<String>,
    /// What the labels came from, for errors.
    pub(crate) source: String,
    pub(crate) kept: Vec<(usize, Site)>,
}

pub(crate) fn read(sidecar: &Path, bundle: &mut Bundle, table: &SitesTable, session: &str) -> Result<Sites> {
    let data = |error| FormatError::data(sidecar, error);
    let regions = labels(sidecar, bundle, "sites.region", &table.region)?;
    let ids: Vec<String> = match &table.ids {
        None => (0..regions.len()).map(|at| at.to_string()).collect(),
        Some(ids) => labels(sidecar, bundle, "sites.ids", ids)?,
    };
    if ids.len() != regions.len() {
        let expected = format!("{} ids, one a site", regions.len());
        return Err(data(DataError::new("sites.ids", expected, ids.len().to_string())));
    }
    let mut known: Vec<&str> = regions.iter().map(String::as_str).collect();
    known.sort_unstable();
    known.dedup();
    for (key, name) in table
        .drop_regions
        .iter()
        .map(|name| ("sites.drop_regions", name))
        .chain(table.rename_regions.keys().map(|name| ("sites.rename_regions", name)))
    {
        if !known.contains(&name.as_str()) {
            let expected = format!("a region of this recording: {}", known.join(", "));
            return Err(data(DataError::new(key, expected, format!("`{name}`"))));
        }
    }
    let mut kept = Vec::new();
    for (site_idx, (region, id)) in regions.iter().zip(&ids).enumerate() {
        if region.trim().is_empty() {
            let error =
                DataError::new("sites.region", "a name for every site", format!("an empty name at site {site_idx}"));
            return Err(data(
                error.hint("label the site; sites without a region can be labeled and then dropped by `drop_regions`"),
            ));
        }
        let renamed = table.rename_regions.get(region).unwrap_or(region);
        check_name("sites.region", renamed, || format!("site {site_idx}")).map_err(data)?;
        check_name("sites.ids", id, || format!("site {site_idx}")).map_err(data)?;
        if !table.drop_regions.contains(region) {
            let site = Site { id: id.clone(), region: Region(renamed.clone()), session: session.to_string() };
            kept.push((site_idx, site));
        }
    }
    let source = match &table.region {
        Labels::Array(name) => format!("labels in `{name}`"),
        Labels::List(_) => "labels in `sites.region`".into(),
    };
    Ok(Sites { n_in_file: regions.len(), ids, source, kept })
}

fn labels(sidecar: &Path, bundle: &mut Bundle, key: &str, labels: &Labels) -> Result<Vec<String>> {
    let name = match labels {
        Labels::List(list) => return Ok(list.clone()),
        Labels::Array(name) => name,
    };
    let array = bundle.read(key, name)?.with_axes(1);
    let place = |error: DataError| {
        FormatError::data(sidecar, DataError { field: format!("{key} `{name}`, {}", error.field), ..error })
    };
    if array.shape().len() != 1 {
        return Err(place(DataError::new("axes", "one, the site axis", format!("shape {:?}", array.shape()))));
    }
    array.to_text().map_err(place)
}

/// A name may hold any text but no control characters (a newline would break tables and figures).
pub(crate) fn check_name(key: &str, name: &str, place: impl Fn() -> String) -> spikereel_data::Result<()> {
    if name.trim().is_empty() {
        return Err(DataError::new(key, "a name", format!("an empty one at {}", place())));
    }
    if name.chars().any(char::is_control) {
        let got = format!("{name:?} at {}", place());
        return Err(DataError::new(key, "a name on one line, without control characters", got)
            .hint("rename it in the arrays, or by `rename_regions` where it is a region"));
    }
    Ok(())
}
