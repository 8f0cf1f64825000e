//! Folders as the Python library experanto has them (sinzlab/experanto), one subfolder a device: its core as arrays.
//!
//! Read are a `screen` of videos or images stored as npy, `sequence` devices sampled at a fixed rate, and `spikes`. Each video (each
//! image, where there are no videos) is a trial. Not read: encoded frames (jpg, mp4), intervals, phase shifts of single signals, normalisation.

mod meta;
mod screen;
mod sequence;

use super::array::NpyArray;
use super::header::ArrayInfo;
use crate::{FormatError, Result};
use meta::Meta;
use screen::Screen;
use spikereel_data::DataError;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Kind of a device, as its meta.yml says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Modality {
    Screen,
    Sequence,
    Spikes,
}

/// An experiment's folder.
pub(crate) struct Experanto {
    place: Files,
    devices: Vec<(String, Modality)>,
    screen: Screen,
}

/// Files of a folder, and which were used.
struct Files {
    folder: PathBuf,
    used: BTreeSet<String>,
}

impl Experanto {
    /// Whether a folder looks like one: a subfolder with a meta.yml.
    pub(crate) fn is_one(folder: &Path) -> bool {
        subfolders(folder).iter().any(|device| folder.join(device).join("meta.yml").is_file())
    }

    /// Reads what describes the devices.
    ///
    /// # Errors
    /// No screen, several, or descriptions that cannot be understood.
    pub(crate) fn open(folder: &Path) -> Result<Self> {
        let mut place = Files { folder: folder.to_path_buf(), used: BTreeSet::new() };
        let mut devices = Vec::new();
        for device in subfolders(folder) {
            let name = format!("{device}/meta.yml");
            if !folder.join(&name).is_file() {
                continue;
            }
            let modality = match place.meta(&name)?.text("modality") {
                Some("screen") => Modality::Screen,
                Some("sequence") => Modality::Sequence,
                Some("spikes") => Modality::Spikes,
                _ => continue,
            };
            devices.push((device, modality));
        }
        let screens: Vec<&String> =
            devices.iter().filter(|(_, modality)| *modality == Modality::Screen).map(|(name, _)| name).collect();
        let [screen] = screens[..] else {
            let error = DataError::new("devices", "one with modality `screen`", format!("{} of them", screens.len()));
            return Err(FormatError::data(folder, error.hint("each subfolder says its modality in meta.yml")));
        };
        let screen = Screen::open(&mut place, &screen.clone())?;
        Ok(Self { place, devices, screen })
    }

    /// Names of the arrays, without shapes.
    pub(crate) fn names(&self) -> Vec<String> {
        let mut names = self.screen.names();
        for (device, modality) in &self.devices {
            match modality {
                Modality::Screen => continue,
                Modality::Sequence => names.push(device.clone()),
                Modality::Spikes => names.extend([format!("{device}.times"), format!("{device}.site")]),
            }
            let stems = self.place.stems(&format!("{device}/meta"));
            names.extend(stems.into_iter().map(|stem| format!("{device}.meta.{stem}")));
        }
        names
    }

    /// The same, to be listed.
    pub(crate) fn list(&self) -> Vec<ArrayInfo> {
        let shape = |name: &String| {
            if name.starts_with(self.screen.device()) { vec![self.screen.n_trials()] } else { Vec::new() }
        };
        let info = |name: String| ArrayInfo { shape: shape(&name), name, dtype: "experanto".into() };
        self.names().into_iter().map(info).collect()
    }

    /// Reads an array.
    ///
    /// # Errors
    /// Files that are missing, damaged, or end before the last trial.
    pub(crate) fn read(&mut self, name: &str) -> Result<Option<NpyArray>> {
        if !self.names().iter().any(|other| other == name) {
            return Ok(None);
        }
        let of = |device: &str| self.devices.iter().find(|(other, _)| other == device).map(|(_, modality)| *modality);
        let (device, rest) = name.split_once('.').unwrap_or((name, ""));
        let array = match (of(device), rest) {
            (Some(Modality::Screen), rest) => self.screen.read(&mut self.place, rest)?,
            (Some(Modality::Sequence), "") => sequence::samples(&mut self.place, device, &self.screen)?,
            (Some(Modality::Spikes), "times" | "site") => sequence::spikes(&mut self.place, device, rest == "times")?,
            _ => {
                let stem = rest.trim_start_matches("meta.");
                super::npy::read(&self.place.path(&format!("{device}/meta/{stem}.npy"))?)?
            }
        };
        Ok(Some(array))
    }

    /// Files that were used, by their names from the folder.
    pub(crate) fn used(&self) -> impl Iterator<Item = (&str, PathBuf)> {
        self.place.used.iter().map(|name| (name.as_str(), self.place.folder.join(name)))
    }
}

impl Files {
    /// A file of the folder; it counts as used. Links that lead out are refused.
    fn path(&mut self, name: &str) -> Result<PathBuf> {
        let path = self.folder.join(name);
        let real = |path: &Path| fs::canonicalize(path).map_err(|error| FormatError::io(path, "open it", error));
        if !real(&path)?.starts_with(real(&self.folder)?) {
            let error = DataError::new("file", "a file in the experiment's folder", "a link that leads elsewhere");
            return Err(FormatError::data(&path, error));
        }
        self.used.insert(name.to_string());
        Ok(path)
    }

    fn meta(&mut self, name: &str) -> Result<Meta> {
        Meta::read(&self.path(name)?)
    }

    /// Names of npy files in a subfolder, without ending.
    fn stems(&self, folder: &str) -> Vec<String> {
        let entries = fs::read_dir(self.folder.join(folder)).into_iter().flatten().flatten();
        let mut stems: Vec<String> =
            entries.filter_map(|entry| Some(entry.file_name().to_str()?.strip_suffix(".npy")?.to_string())).collect();
        stems.sort();
        stems
    }
}

fn subfolders(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries
        .filter(|entry| entry.path().is_dir())
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    names.sort();
    names
}
