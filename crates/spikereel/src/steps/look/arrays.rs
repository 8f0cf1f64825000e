//! Files of arrays: npz, npy, MATLAB and tables. What they mean is said by a sidecar.

use super::{EntryFacts, Look, TableFacts};
use crate::Result;
use spikereel_formats::list_arrays;
use spikereel_formats::read::matlab::MatFile;
use std::path::Path;

pub(super) fn look(path: &Path) -> Result<Look> {
    let is_mat = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("mat"));
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    let (format, columns) = if is_mat { ("MATLAB", variables(path)?) } else { (ending, arrays(path)?) };
    let is_siegel =
        ["spikeTimes", "unitInfo", "trialInfo"].iter().all(|name| columns.iter().any(|own| own.name == *name));
    let shape_of_spikes = columns.iter().any(|entry| entry.kind.matches(" x ").count() == 2);
    let mut warnings = Vec::new();
    if !shape_of_spikes && !is_siegel && !["csv", "tsv"].contains(&ending) {
        warnings.push(
            "no array has three axes: spikes are counts [trial, bin, site] or times with the site of each".into(),
        );
    }
    let sidecar = path.with_extension("toml");
    Ok(Look {
        format: format.into(),
        tables: vec![TableFacts { name: "arrays".into(), n_rows: None, columns }],
        warnings,
        next: if is_siegel {
            format!("spikereel import {} --profile siegel2015", super::quoted(&path.display().to_string()))
        } else {
            format!(
                "write {} beside the file, which says which array is what (docs/formats.md), then: spikereel inspect {}",
                sidecar.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned()),
                super::quoted(&sidecar.display().to_string())
            )
        },
        ..Look::default()
    })
}

fn shape(dims: &[usize]) -> String {
    let dims: Vec<String> = dims.iter().map(ToString::to_string).collect();
    if dims.is_empty() { "one value".into() } else { dims.join(" x ") }
}

fn arrays(path: &Path) -> Result<Vec<EntryFacts>> {
    let entry = |info: spikereel_formats::read::ArrayInfo| EntryFacts {
        kind: format!("{} {}", info.dtype, shape(&info.shape)),
        name: info.name,
        values: String::new(),
    };
    Ok(list_arrays(path)?.into_iter().map(entry).collect())
}

fn variables(path: &Path) -> Result<Vec<EntryFacts>> {
    let file = MatFile::open(path)?;
    let entry = |variable: &spikereel_formats::read::matlab::MatVariable| EntryFacts {
        name: variable.name.clone(),
        kind: format!("{} {}", variable.class, shape(&variable.dims)),
        values: String::new(),
    };
    Ok(file.variables().iter().map(entry).collect())
}
