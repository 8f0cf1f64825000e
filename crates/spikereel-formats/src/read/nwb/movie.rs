//! Movies and pictures: frames in an ImageSeries or OpticalSeries or in files beside, and an IndexSeries over pictures or another movie.

use super::NwbFile;
use super::external::Decoded;
use super::picture::{self, Picture, PictureOptions};
use super::series::SeriesInfo;
use crate::Result;
use crate::read::hdf::Node;

/// Where the pictures of a movie stand.
enum Source {
    /// Frames along the first axis of one dataset.
    Frames { object: String, n: usize },
    /// A dataset each.
    Pictures(Vec<String>),
    /// Frames of files beside, decoded.
    Decoded(Decoded),
}

/// A movie of a file, ready to be read picture by picture.
pub struct Movie<'a> {
    nwb: &'a NwbFile,
    info: SeriesInfo,
    source: Source,
    /// Per frame shown, its picture; none where frames are shown in order.
    index: Option<Vec<usize>>,
}

impl NwbFile {
    /// Opens a movie. No picture is read yet, but a movie in files beside is decoded.
    ///
    /// # Errors
    /// No such series, one that holds no pictures, or files beside that are missing or cannot be decoded.
    pub fn movie(&self, path: &str) -> Result<Movie<'_>> {
        self.reduced_movie(path, None)
    }

    /// As [`NwbFile::movie`]; frames of files beside are averaged down to squares of `frame_px` as they are decoded.
    ///
    /// # Errors
    /// As [`NwbFile::movie`], and frames smaller than `frame_px`.
    pub fn reduced_movie(&self, path: &str, frame_px: Option<usize>) -> Result<Movie<'_>> {
        let info = self.series_info(path)?;
        if !info.external.is_empty() {
            let source = Source::Decoded(self.decode(&info, frame_px, None)?);
            return Ok(Movie { nwb: self, info, source, index: None });
        }
        if info.kind == "IndexSeries" {
            return self.index_series(info, frame_px);
        }
        let source = self.frames(&info)?;
        Ok(Movie { nwb: self, info, source, index: None })
    }

    /// The first picture that a movie shows.
    ///
    /// # Errors
    /// As [`NwbFile::movie`], and values that are no picture.
    pub fn preview(&self, path: &str, options: &PictureOptions) -> Result<Picture> {
        let info = self.series_info(path)?;
        if !info.external.is_empty() {
            let decoded = self.decode(&info, None, Some(1))?;
            return match decoded.n_frames() {
                0 => Err(self.fault(&info.path, "at least one frame", "none")),
                _ => Ok(decoded.picture(0)),
            };
        }
        let movie = self.movie(path)?;
        match movie.shown(0) {
            Some(at) => movie.picture(at, options),
            None => Err(self.fault(&movie.info.path, "at least one frame", "none")),
        }
    }

    fn frames(&self, info: &SeriesInfo) -> Result<Source> {
        let object = format!("{}/data", info.path);
        match info.shape.as_slice() {
            [n, _, _] | [n, _, _, _] => Ok(Source::Frames { object, n: *n }),
            _ => {
                let got = format!("a {} of shape {:?}", info.kind, info.shape);
                Err(self.fault(&object, "a movie, [frame, row, column] or [frame, row, column, rgb]", got))
            }
        }
    }

    fn index_series(&self, info: SeriesInfo, frame_px: Option<usize>) -> Result<Movie<'_>> {
        let data = self.hdf.dataset(&format!("{}/data", info.path))?;
        if data.shape().len() != 1 {
            return Err(data.fault("one index a frame", format!("shape {:?}", data.shape())));
        }
        let (images, movie) = (format!("{}/indexed_images", info.path), format!("{}/indexed_timeseries", info.path));
        let source = if self.hdf.node(&images) == Some(Node::Group) {
            Source::Pictures(self.pictures(&images)?)
        } else if self.hdf.node(&movie) == Some(Node::Group) {
            self.reduced_movie(&movie, frame_px).map(|movie| movie.source)?
        } else {
            return Err(self.fault(&info.path, "`indexed_images` or `indexed_timeseries`", "neither"));
        };
        let index = data.usize()?;
        let n = source.n_pictures();
        if let Some(at) = index.iter().position(|&picture| picture >= n) {
            let got = format!("{} at frame {at}", index[at]);
            return Err(data.fault_hint(
                format!("indices below {n}, the number of pictures"),
                got,
                "indices count from 0",
            ));
        }
        Ok(Movie { nwb: self, info, source, index: Some(index) })
    }

    /// Paths of the pictures in a container, in its own order where it has one.
    fn pictures(&self, container: &str) -> Result<Vec<String>> {
        let object = format!("{container}/order_of_images");
        if let Some(order) = self.hdf.find(&object)? {
            let named =
                |path: Option<String>| path.ok_or_else(|| order.fault("references to pictures", "one to nothing"));
            return order.targets()?.into_iter().map(named).collect();
        }
        let is_picture = |path: &String| self.hdf.node(path) == Some(Node::Dataset);
        Ok(self.hdf.children(container).iter().map(|name| format!("{container}/{name}")).filter(is_picture).collect())
    }
}

impl Source {
    fn n_pictures(&self) -> usize {
        match self {
            Self::Frames { n, .. } => *n,
            Self::Pictures(paths) => paths.len(),
            Self::Decoded(decoded) => decoded.n_frames(),
        }
    }
}

impl Movie<'_> {
    /// The series it was opened from.
    pub fn info(&self) -> &SeriesInfo {
        &self.info
    }

    /// Pictures that are stored.
    pub fn n_pictures(&self) -> usize {
        self.source.n_pictures()
    }

    /// Frames that are shown.
    pub fn n_frames(&self) -> usize {
        self.index.as_ref().map_or(self.n_pictures(), Vec::len)
    }

    /// The picture that a frame shows; none past the end.
    pub fn shown(&self, frame_idx: usize) -> Option<usize> {
        match &self.index {
            Some(index) => index.get(frame_idx).copied(),
            None => (frame_idx < self.n_pictures()).then_some(frame_idx),
        }
    }

    /// When each frame is first shown, ascending, seconds on the session's clock.
    ///
    /// # Errors
    /// A series without a clock, or times that are not finite, not ascending or not one a frame.
    pub fn times_secs(&self) -> Result<Vec<f64>> {
        self.nwb.sample_times(&self.info, self.n_frames())
    }

    /// Reads one stored picture. Options say how pictures stand in the file itself; files beside say so themselves.
    ///
    /// # Errors
    /// A picture that is not there, or values that are no picture.
    pub fn picture(&self, picture_idx: usize, options: &PictureOptions) -> Result<Picture> {
        if picture_idx >= self.n_pictures() {
            let expected = format!("a picture below {}", self.n_pictures());
            return Err(self.nwb.fault(&self.info.path, expected, picture_idx.to_string()));
        }
        match &self.source {
            Source::Frames { object, .. } => {
                let data = self.nwb.hdf.dataset(object)?;
                picture::read(&data, picture_idx..picture_idx + 1, data.shape().get(1..).unwrap_or(&[]), options)
            }
            Source::Decoded(decoded) => Ok(decoded.picture(picture_idx)),
            Source::Pictures(paths) => {
                let data = self.nwb.hdf.dataset(&paths[picture_idx])?;
                picture::read(&data, 0..data.n_rows(), data.shape(), options)
            }
        }
    }
}
