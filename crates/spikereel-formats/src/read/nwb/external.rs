//! Movies in files beside the NWB file, read as stored: the NWB file's clock says when each frame is shown.

use super::NwbFile;
use super::picture::Picture;
use super::series::SeriesInfo;
use crate::files::InputFile;
use crate::read::clips::{Sink, of_file};
use crate::read::hdf::Node;
use crate::{FormatError, Result};
use std::path::{Component, Path, PathBuf};

/// A decoded movie: frames of one size, one after another.
pub(super) struct Decoded {
    height: usize,
    width: usize,
    rgb: Vec<u8>,
}

impl Decoded {
    fn frame_len(&self) -> usize {
        self.height * self.width * 3
    }

    pub(super) fn n_frames(&self) -> usize {
        self.rgb.len() / self.frame_len().max(1)
    }

    /// One frame; the caller counts them.
    pub(super) fn picture(&self, frame_idx: usize) -> Picture {
        let len = self.frame_len();
        let rgb = self.rgb.get(frame_idx * len..(frame_idx + 1) * len).unwrap_or_default().to_vec();
        Picture { height: self.height, width: self.width, rgb }
    }
}

impl NwbFile {
    /// Where the files of an external movie stand: as named below the NWB file's folder, else a file of that name in the folder itself.
    ///
    /// # Errors
    /// A file that is not there, or a link that leads out of the folder.
    pub(super) fn external_paths(&self, info: &SeriesInfo) -> Result<Vec<PathBuf>> {
        info.external.iter().map(|name| self.external_path(info, self.folder(), name)).collect()
    }

    fn folder(&self) -> &Path {
        self.hdf.path().parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
    }

    fn external_path(&self, info: &SeriesInfo, folder: &Path, name: &str) -> Result<PathBuf> {
        let object = format!("{}/external_file", info.path);
        // Files written on Windows name paths its way.
        let spelled = name.replace('\\', "/");
        let named = Path::new(&spelled);
        let is_below = named.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
        let below = Some(folder.join(named)).filter(|path| is_below && path.is_file());
        let beside = || named.file_name().map(|name| folder.join(name)).filter(|path| path.is_file());
        let Some(path) = below.or_else(beside) else {
            let hint =
                format!("put `{}` into the folder of the NWB file", named.file_name().unwrap_or_default().display());
            return Err(self.fault_hint(
                &object,
                "movie files beside the NWB file",
                format!("none for `{name}`"),
                hint,
            ));
        };
        let real = |path: &Path| std::fs::canonicalize(path).map_err(|error| FormatError::io(path, "open it", error));
        if !real(&path)?.starts_with(real(folder)?) {
            let hint = "copy the movie itself into the folder of the NWB file";
            return Err(self.fault_hint(&object, "files", format!("`{name}`, a link that leads elsewhere"), hint));
        }
        Ok(path)
    }

    /// The files beside that a movie was read from, named from the NWB file's folder on.
    ///
    /// # Errors
    /// Files that are missing or cannot be read.
    pub(super) fn external_inputs(&self, series: &str) -> Result<Vec<InputFile>> {
        let shown = self.series_info(series)?;
        let indexed = format!("{}/indexed_timeseries", shown.path);
        let is_index = shown.kind == "IndexSeries" && self.hdf.node(&indexed) == Some(Node::Group);
        let info = if is_index { self.series_info(&indexed)? } else { shown };
        let input = |path: &PathBuf| {
            let name = path.strip_prefix(self.folder()).unwrap_or(path).display().to_string();
            Ok(InputFile { name, ..InputFile::of(path)? })
        };
        self.external_paths(&info)?.iter().map(input).collect()
    }

    /// Decodes an external movie; the first frame alone where only that is wanted.
    ///
    /// # Errors
    /// Files that are missing or cannot be decoded, and files that do not begin at the frames the series says.
    pub(super) fn decode(&self, info: &SeriesInfo, frame_px: Option<usize>, wanted: Option<usize>) -> Result<Decoded> {
        let mut sink = Sink::new(frame_px, wanted);
        let starts = match self.hdf.find(&format!("{}/starting_frame", info.path))? {
            Some(starts) => starts.usize()?,
            None => Vec::new(),
        };
        for (at, path) in self.external_paths(info)?.into_iter().enumerate() {
            if let Some(&start) = starts.get(at).filter(|&&start| start != sink.n_in_clip()) {
                let got = format!("{} in the files before `{}`", sink.n_in_clip(), info.external[at]);
                let object = format!("{}/starting_frame", info.path);
                let hint = "a file was replaced or cut, or the list names other files";
                return Err(self.fault_hint(&object, format!("{start} frames, as the series says"), got, hint));
            }
            of_file(&path, None, &mut sink).map_err(|error| FormatError::data(&path, error))?;
            if wanted.is_some_and(|wanted| sink.n_in_clip() >= wanted) {
                break;
            }
        }
        let (height, width, rgb) = sink.into_frames();
        Ok(Decoded { height, width, rgb })
    }
}
