//! A recording from a sidecar and the arrays it names.

use super::bundle::{Bundle, is_source, join};
use super::sidecar::Sidecar;
use super::{VideoSource, list_arrays, sites, spikes, trials as columns, video};
use crate::files::InputFile;
use crate::{FormatError, Result};
use spikereel_data::{ConditionTable, DataError, Recording, RecordingParts};
use std::path::Path;

/// What a sidecar says beside the recording itself.
#[derive(Debug, Clone)]
pub struct RecordingExtras {
    /// Where target videos come from.
    pub video: VideoSource,
    /// License of the data.
    pub license: Option<String>,
    /// What to cite.
    pub citations: Vec<String>,
    /// Caveats that every report repeats.
    pub remarks: Vec<String>,
    /// Sites that were left out by `drop_regions`.
    pub n_dropped_sites: usize,
    /// The sidecar and the files it names, with checksums.
    pub inputs: Vec<InputFile>,
}

/// Reads a recording: from its sidecar (`.toml`), or from a file with arrays (npz, npy, mat, csv, tsv) that has a sidecar of
/// the same name beside it.
///
/// # Errors
/// Names the file, the key or array, what was expected and what was found.
pub fn read_recording(path: &Path) -> Result<(Recording, RecordingExtras)> {
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("toml") => read(path),
        Some(_) if is_source(path) => {
            let sidecar = path.with_extension("toml");
            if sidecar.exists() { read(&sidecar) } else { Err(no_sidecar(path, &sidecar)?) }
        }
        _ => {
            let got = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
            Err(FormatError::data(
                path,
                DataError::new(
                    "file",
                    "a sidecar (.toml), or a .npz, .npy, .mat, .csv or .tsv with a sidecar beside it",
                    got,
                ),
            ))
        }
    }
}

fn no_sidecar(path: &Path, sidecar: &Path) -> Result<FormatError> {
    let arrays = join(&list_arrays(path)?);
    let name = sidecar.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let error = DataError::new("sidecar", format!("`{name}` beside the file, which says which array is what"), "none");
    let hint = format!("write one as docs/formats.md shows; the arrays are {arrays}");
    Ok(FormatError::data(path, error.hint(hint)))
}

fn read(path: &Path) -> Result<(Recording, RecordingExtras)> {
    let data = |error| FormatError::data(path, error);
    let sidecar = Sidecar::read(path)?;
    let session = match &sidecar.session {
        Some(session) => session.clone(),
        None => path.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned()),
    };
    sites::check_name("session", &session, || "the top of the sidecar".into()).map_err(data)?;
    let mut bundle = Bundle::open(path, sidecar.files.as_deref())?;
    let sites = sites::read(path, &mut bundle, &sidecar.sites, &session)?;
    let (spikes, trials) = spikes::read(path, &mut bundle, &sidecar.spikes, &sites)?;
    let n_trials = trials.n_trials();
    let factors = &sidecar.trials.factors;
    if factors.is_empty() {
        return Err(data(DataError::new("trials.factors", "at least one array", "none")));
    }
    let levels =
        factors.iter().map(|column| columns::factor(path, &mut bundle, column, &trials)).collect::<Result<Vec<_>>>()?;
    let (conditions, condition_of_trial) = ConditionTable::from_columns(&levels, n_trials).map_err(data)?;
    let covariates = &sidecar.trials.covariates;
    let covariates = covariates
        .iter()
        .map(|column| columns::covariate(path, &mut bundle, column, &trials))
        .collect::<Result<Vec<_>>>()?;
    let video = video::read(path, &mut bundle, &sidecar, &trials)?;
    // A movie of one's own for each trial can be decoded within one condition; nothing else can.
    if conditions.len() == 1 && !matches!(video, VideoSource::Clips { .. }) {
        let got = format!("one, `{}`, in all {n_trials} trials", conditions.label(0));
        let error = DataError::new("trials.factors", "at least two conditions", got);
        return Err(data(
            error.hint("name the factors in which trials differ; one condition leaves nothing to decode"),
        ));
    }
    let n_dropped_sites = sites.n_in_file - sites.kept.len();
    let parts = RecordingParts {
        session,
        sites: sites.kept.into_iter().map(|(_, site)| site).collect(),
        conditions,
        condition_of_trial,
        spikes,
        covariates,
        truth: None,
    };
    let recording = Recording::new(parts).map_err(data)?;
    let about = sidecar.about;
    let extras = RecordingExtras {
        video,
        license: about.license,
        citations: about.citations,
        remarks: about.remarks,
        n_dropped_sites,
        inputs: bundle.inputs()?,
    };
    Ok((recording, extras))
}
