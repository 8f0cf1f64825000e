//! The region of each unit: from its electrodes, their group, or a column of its own.

use super::NwbFile;
use super::options::RegionSource;
use super::table::{ColumnKind, Table, Values};
use crate::Result;
use crate::read::hdf::list;
use std::collections::BTreeMap;

const ELECTRODES: &str = "general/extracellular_ephys/electrodes";
const GROUPS: &str = "general/extracellular_ephys";
/// What stands in a location where nothing is known.
const UNKNOWN: [&str; 6] = ["", "unknown", "none", "nan", "n/a", "null"];

/// Whether a location says nothing.
pub(super) fn is_unknown(text: &str) -> bool {
    UNKNOWN.contains(&text.trim().to_lowercase().as_str())
}

/// Regions of all units, in the order of the table; empty where a unit has none.
pub(super) struct Regions {
    pub(super) names: Vec<String>,
    /// Units whose electrodes stand in more than one region.
    pub(super) n_split: usize,
}

/// Reads the region of every row of `units`.
pub(super) fn read(units: &Table<'_>, source: &RegionSource) -> Result<Regions> {
    let one_each = |names| Regions { names, n_split: 0 };
    match source {
        RegionSource::Column(column) => match units.values(column)? {
            Values::Texts(texts) => Ok(one_each(texts)),
            _ => {
                let hint = format!("text columns are {}", list(&units.named(&ColumnKind::Text)));
                Err(units.nwb.fault_hint(&units.object(column), "names of regions", "numbers", hint))
            }
        },
        RegionSource::ElectrodeId(column) => {
            let places = places(units.nwb, false)?;
            let ids = units.nwb.hdf.dataset(&format!("{ELECTRODES}/id"))?.f64()?;
            let wanted = units.numbers(column)?;
            let place = |id: &f64| {
                let row = ids.iter().position(|other| other == id);
                row.and_then(|row| places.get(row).cloned()).unwrap_or_default()
            };
            Ok(one_each(wanted.iter().map(place).collect()))
        }
        RegionSource::Electrodes | RegionSource::Group => of_electrodes(units, *source == RegionSource::Group),
    }
}

fn of_electrodes(units: &Table<'_>, by_group: bool) -> Result<Regions> {
    let nwb = units.nwb;
    let column = units.object("electrodes");
    let Some(flat) = nwb.hdf.find(&column)? else {
        // Without electrodes, a unit may still name its group.
        if let Some(groups) = nwb.hdf.find(&units.object("electrode_group"))? {
            let names = groups.targets()?.into_iter().map(|path| group_place(nwb, path.as_deref(), None)).collect();
            return Ok(Regions { names, n_split: 0 });
        }
        let texts = list(&units.named(&ColumnKind::Text));
        let hint = if texts.is_empty() {
            "units have no column of texts either; add their electrodes, or a column with their regions (pynwb: add_unit_column)".into()
        } else {
            format!(
                "say where the region of a unit stands: region = {{ column = \"...\" }} (--region column:NAME) with a text column of units ({texts}), or \
             region = {{ electrode_id = \"...\" }} (--region electrode_id:NAME) with a column of electrode ids (such as `peak_channel_id`)"
            )
        };
        return Err(nwb.fault_hint(&column, "the electrodes of each unit", "no such column", hint));
    };
    let places = places(nwb, by_group)?;
    let rows = flat.usize()?;
    let ends: Vec<usize> = match units.columns.get("electrodes") {
        Some(ColumnKind::Ragged) => units.ends("electrodes", rows.len())?,
        _ if rows.len() == units.n_rows => (1..=rows.len()).collect(),
        _ => {
            let expected = format!("{} electrodes, one a unit, or `electrodes_index`", units.n_rows);
            return Err(flat.fault(expected, format!("shape {:?}", flat.shape())));
        }
    };
    let (mut names, mut n_split, mut start) = (Vec::with_capacity(ends.len()), 0, 0);
    for end in ends {
        let mut counts: Vec<(&str, usize)> = Vec::new();
        for &row in &rows[start..end] {
            let Some(place) = places.get(row) else {
                let expected = format!("rows of `{ELECTRODES}` below {}", places.len());
                return Err(flat.fault_hint(
                    expected,
                    row.to_string(),
                    "rows count from 0; ids of electrodes are no rows",
                ));
            };
            match counts.iter_mut().find(|(name, _)| name == place) {
                Some((_, count)) => *count += 1,
                None if place.is_empty() => {}
                None => counts.push((place, 1)),
            }
        }
        n_split += usize::from(counts.len() > 1);
        // The most frequent; of equals the one that is named first.
        let most = counts.iter().map(|(_, count)| *count).max();
        let name = counts.iter().find(|(_, count)| Some(*count) == most).map_or("", |(name, _)| name);
        names.push(name.to_string());
        start = end;
    }
    Ok(Regions { names, n_split })
}

/// The place of every electrode; empty where nothing is known.
fn places(nwb: &NwbFile, by_group: bool) -> Result<Vec<String>> {
    let Some(electrodes) = Table::find(nwb, ELECTRODES)? else {
        let hint = "name a column of units instead: region = { column = \"...\" } (--region column:NAME)";
        return Err(nwb.fault_hint(ELECTRODES, "a table of electrodes", "nothing", hint));
    };
    let locations = match electrodes.columns.get("location") {
        Some(ColumnKind::Text) if !by_group => match electrodes.values("location")? {
            Values::Texts(texts) => texts,
            _ => Vec::new(),
        },
        _ => Vec::new(),
    };
    let group_names = match electrodes.columns.get("group_name") {
        Some(ColumnKind::Text) => match electrodes.values("group_name")? {
            Values::Texts(texts) => texts,
            _ => Vec::new(),
        },
        _ => Vec::new(),
    };
    let all_known = locations.len() == electrodes.n_rows && !locations.iter().any(|text| is_unknown(text));
    let groups = match nwb.hdf.find(&electrodes.object("group"))? {
        Some(groups) if !all_known => groups.targets()?,
        _ => Vec::new(),
    };
    let mut known = BTreeMap::new();
    let place = |row: usize| match locations.get(row) {
        Some(text) if !is_unknown(text) => text.trim().to_string(),
        _ => {
            let key = (groups.get(row).cloned().flatten(), group_names.get(row).cloned());
            known.entry(key.clone()).or_insert_with(|| group_place(nwb, key.0.as_deref(), key.1.as_deref())).clone()
        }
    };
    Ok((0..electrodes.n_rows).map(place).collect())
}

/// Location of a group of electrodes, or its name; empty where neither says anything.
fn group_place(nwb: &NwbFile, path: Option<&str>, name: Option<&str>) -> String {
    let by_name = name.filter(|name| !name.contains('/') && !name.is_empty()).map(|name| format!("{GROUPS}/{name}"));
    let Some(path) = path.map(str::to_string).or(by_name) else { return String::new() };
    let last = name.or_else(|| path.rsplit('/').next()).unwrap_or_default().trim();
    let location = nwb.hdf.text_attr(&path, "location").filter(|text| !is_unknown(text));
    location
        .map(|text| text.trim().to_string())
        .unwrap_or_else(|| if is_unknown(last) { String::new() } else { last.into() })
}
