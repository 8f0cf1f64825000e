//! Movies in files beside the NWB file, read as stored: the NWB file's clock says when each frame is shown.

use super::NwbFile;
use super::picture::Picture;
use super::series::SeriesInfo;
use crate::files::InputFile;
use crate::read::clips::{Frame, Frames, Shrink, of_file};
use crate::read::hdf::Node;
use crate::{FormatError, Result};
use spikereel_data::DataError;
use std::path::{Component, Path, PathBuf};

/// All frames of a movie together, at most.
const MAX_BYTES: usize = 4 << 30;

/// A decoded movie: frames of one size, one after another.
#[derive(Default)]
pub(super) struct Decoded {
    height: usize,
    width: usize,
    rgb: Vec<u8>,
    n: usize,
    frame_px: Option<usize>,
    shrink: Option<Shrink>,
    wanted: Option<usize>,
}

impl Decoded {
    pub(super) fn n_frames(&self) -> usize {
        self.n
    }

    /// One frame; the caller counts them.
    pub(super) fn picture(&self, frame_idx: usize) -> Picture {
        let len = self.height * self.width * 3;
        let rgb = self.rgb.get(frame_idx * len..(frame_idx + 1) * len).unwrap_or_default().to_vec();
        Picture { height: self.height, width: self.width, rgb }
    }
}

impl Frames for Decoded {
    fn push(&mut self, frame: &Frame, _: usize) -> spikereel_data::Result<bool> {
        let mut reduced = Vec::new();
        let (height, width, rgb) = match self.frame_px {
            Some(px) if (frame.height, frame.width) != (px, px) => {
                if self.shrink.as_ref().is_none_or(|shrink| !shrink.is_from(frame.height, frame.width)) {
                    self.shrink = Some(Shrink::new(frame.height, frame.width, px)?);
                }
                self.shrink.iter_mut().for_each(|shrink| shrink.apply(&frame.rgb, &mut reduced));
                (px, px, &reduced)
            }
            _ => (frame.height, frame.width, &frame.rgb),
        };
        if self.n == 0 {
            (self.height, self.width) = (height, width);
        }
        if (height, width) != (self.height, self.width) {
            let expected = format!("frames of one size, {} x {} as the first", self.height, self.width);
            return Err(DataError::new("size", expected, format!("{height} x {width} in frame {}", self.n))
                .hint("average frames down to one size by `frame_px` (--frame-px)"));
        }
        if rgb.len() > MAX_BYTES - self.rgb.len() {
            return Err(DataError::new("size", "a movie of at most 4 GiB", format!("more, by frame {}", self.n))
                .hint("average frames down by `frame_px` (--frame-px)"));
        }
        self.rgb.extend_from_slice(rgb);
        self.n += 1;
        Ok(self.wanted.is_none_or(|wanted| self.n < wanted))
    }

    fn n_frames(&self) -> Option<usize> {
        self.wanted
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
        let mut decoded = Decoded { frame_px, wanted, ..Decoded::default() };
        let starts = match self.hdf.find(&format!("{}/starting_frame", info.path))? {
            Some(starts) => starts.usize()?,
            None => Vec::new(),
        };
        for (at, path) in self.external_paths(info)?.into_iter().enumerate() {
            if let Some(&start) = starts.get(at).filter(|&&start| start != decoded.n) {
                let got = format!("{} in the files before `{}`", decoded.n, info.external[at]);
                let object = format!("{}/starting_frame", info.path);
                let hint = "a file was replaced or cut, or the list names other files";
                return Err(self.fault_hint(&object, format!("{start} frames, as the series says"), got, hint));
            }
            of_file(&path, None, &mut decoded).map_err(|error| FormatError::data(&path, error))?;
            if wanted.is_some_and(|wanted| decoded.n >= wanted) {
                break;
            }
        }
        Ok(decoded)
    }
}
