//! Units to sites and regions.

use super::options::SiegelSites;
use super::table::Table;
use crate::read::sites::check_name;
use spikereel_data::{DataError, Level, Region, Result, Site};

/// The sites that are kept.
pub(super) struct Sites {
    pub sites: Vec<Site>,
    /// Columns of the spike times that belong to each.
    pub columns: Vec<Vec<usize>>,
    /// Sites that were left out.
    pub n_dropped: usize,
}

/// Reads sites; `n_columns` is the length of the spike times' second axis.
pub(super) fn read(table: &Table<'_>, options: &SiegelSites, session: &str, n_columns: usize) -> Result<Sites> {
    let regions = table.levels(&options.region)?;
    if regions.len() != n_columns {
        let expected = format!("{n_columns} regions, one for each column of the spike times");
        let error = DataError::new("sites", expected, regions.len().to_string());
        return Err(error.hint("spike times are a cell array of trials by units"));
    }
    for (key, name) in (options.drop_regions.iter().map(|name| ("sites.drop_regions", name)))
        .chain(options.rename_regions.keys().map(|name| ("sites.rename_regions", name)))
    {
        if !regions.iter().any(|region| region.to_string() == *name) {
            return Err(DataError::new(key, "a region of this file", format!("`{name}`")));
        }
    }
    let ids = options.id.as_ref().map(|column| table.rows(column, n_columns)).transpose()?;
    let pools = options.pool_by.as_ref().map(|column| table.rows(column, n_columns)).transpose()?;
    let mut is_kept = vec![true; n_columns];
    for (column, wanted) in &options.only {
        let levels = table.rows(column, n_columns)?;
        is_kept.iter_mut().zip(&levels).for_each(|(kept, level)| *kept &= wanted.contains(level));
    }
    let (mut sites, mut columns, mut n_dropped) = (Vec::<Site>::new(), Vec::<Vec<usize>>::new(), 0);
    for (column, region) in regions.iter().enumerate() {
        let Level::Text(region) = region else {
            return Err(table.wrong(&options.region, column, "the name of a region", region));
        };
        if !is_kept[column] || options.drop_regions.contains(region) {
            n_dropped += 1;
            continue;
        }
        let id = match (&pools, &ids) {
            (Some(pools), _) => pools[column].to_string(),
            (None, Some(ids)) => ids[column].to_string(),
            (None, None) => column.to_string(),
        };
        let region = options.rename_regions.get(region).unwrap_or(region);
        check_name("sites.region", region, || format!("unit {column}"))?;
        check_name("sites.id", &id, || format!("unit {column}"))?;
        let known = pools.as_ref().and_then(|_| sites.iter().position(|site| site.id == id));
        match known {
            Some(site_idx) if sites[site_idx].region.0 == *region => columns[site_idx].push(column),
            Some(site_idx) => {
                let got = format!("`{}` and `{region}` for `{id}`", sites[site_idx].region);
                return Err(DataError::new("sites.pool_by", "units of one region in one site", got));
            }
            None => {
                sites.push(Site { id, region: Region(region.clone()), session: session.to_string() });
                columns.push(vec![column]);
            }
        }
    }
    Ok(Sites { sites, columns, n_dropped })
}
