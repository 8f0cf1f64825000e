//! An open file: its tree, soft links, and attributes of groups.

use super::dataset::HdfDataset;
use super::dtype::Dtype;
use super::fault::{fault, fault_hint, words};
use super::headers::Headers;
use super::{heap, numbers};
use crate::files::regular_len;
use crate::{FormatError, Result};
use rust_hdf5::format::messages::attribute::AttributeMessage;
use rust_hdf5::{H5File, LinkClass};
use spikereel_data::DataError;
use std::cell::RefCell;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// Soft links that are followed in one path, as the C library does.
const MAX_LINKS: usize = 16;
/// Longest path inside a file.
pub(super) const MAX_PATH: usize = 4_096;

/// What a path leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Node {
    Group,
    Dataset,
}

/// The first bytes of HDF5 (file format specification, II.A).
const SIGNATURE: [u8; 8] = *b"\x89HDF\r\n\x1a\n";

/// A file opened for reading.
pub(crate) struct HdfFile {
    path: PathBuf,
    file: H5File,
    n_bytes: u64,
    /// Opened when they are first needed; none where that failed.
    headers: RefCell<Option<Option<Box<Headers>>>>,
}

impl std::fmt::Debug for HdfFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HdfFile").field("path", &self.path).field("n_bytes", &self.n_bytes).finish_non_exhaustive()
    }
}

impl HdfFile {
    /// Opens a file and reads its tree, but no data.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let n_bytes = regular_len(path)?;
        if n_bytes == 0 {
            let error = DataError::new("file", "an HDF5 file", "an empty file").hint("copy it again");
            return Err(FormatError::data(path, error));
        }
        let is_hdf = has_signature(path, n_bytes).map_err(|error| FormatError::io(path, "read it", error))?;
        if !is_hdf {
            let error = DataError::new("file", "an HDF5 file", "something else: the signature of HDF5 is not there");
            return Err(FormatError::data(
                path,
                error.hint("its ending and its content disagree; `file` tells what it is"),
            ));
        }
        let file = H5File::options().no_locking().open(path).map_err(|error| {
            let hint = "a file that was cut short or is still being written cannot be read; copy it again";
            FormatError::data(path, DataError::new("file", "an HDF5 file", words(&error)).hint(hint))
        })?;
        Ok(Self { path: path.to_path_buf(), file, n_bytes, headers: RefCell::new(None) })
    }

    /// The file's own path.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn inner(&self) -> &H5File {
        &self.file
    }

    /// Length of the file.
    pub(crate) fn n_bytes(&self) -> u64 {
        self.n_bytes
    }

    /// What a path leads to and its name without soft links; none where a part of it is missing.
    fn resolve(&self, object: &str) -> Result<Option<(Node, String)>> {
        let mut rest: Vec<String> = parts(object).rev().collect();
        let (mut at, mut n_links) = (String::new(), 0);
        let root = self.file.root_group();
        while let Some(part) = rest.pop() {
            if part == ".." {
                at.truncate(at.rfind('/').unwrap_or(0));
                continue;
            }
            let next = if at.is_empty() { part.clone() } else { format!("{at}/{part}") };
            if next.len() > MAX_PATH {
                return Err(fault(&self.path, object, format!("a path of at most {MAX_PATH} bytes"), "a longer one"));
            }
            match root.link_class(&next) {
                Ok(LinkClass::Hard) => at = next,
                Ok(LinkClass::Soft { path }) => {
                    n_links += 1;
                    if n_links > MAX_LINKS {
                        let expected = format!("at most {MAX_LINKS} soft links");
                        return Err(fault(&self.path, object, expected, "more, or links in a circle"));
                    }
                    if path.starts_with('/') {
                        at.clear();
                    }
                    rest.extend(parts(&path).rev());
                }
                Ok(LinkClass::External { file, .. }) => {
                    let got = format!("a link to another file, {file:.200?}");
                    let hint = "copy what it leads to into this file (pynwb: export with links resolved)";
                    return Err(fault_hint(&self.path, object, "data in this file", got, hint));
                }
                Ok(LinkClass::UserDefined { .. }) => {
                    return Err(fault(&self.path, object, "a hard or soft link", "a user-defined one"));
                }
                Err(_) => return Ok(None),
            }
        }
        if at.is_empty() {
            return Ok(Some((Node::Group, at)));
        }
        let node = if root.group(&at).is_ok() { Node::Group } else { Node::Dataset };
        Ok(Some((node, at)))
    }

    /// What a path leads to; none where nothing is there, or where it leads out of the file.
    pub(crate) fn node(&self, object: &str) -> Option<Node> {
        self.resolve(object).ok().flatten().map(|(node, _)| node)
    }

    /// Names in a group, sorted; empty where there is no such group.
    pub(crate) fn children(&self, object: &str) -> Vec<String> {
        let Ok(Some((Node::Group, at))) = self.resolve(object) else { return Vec::new() };
        let root = self.file.root_group();
        let names =
            if at.is_empty() { root.link_names() } else { root.group(&at).and_then(|group| group.link_names()) };
        names.unwrap_or_default()
    }

    /// Opens a dataset that must be there.
    pub(crate) fn dataset(&self, object: &str) -> Result<HdfDataset<'_>> {
        self.find(object)?.ok_or_else(|| {
            let parent = object.trim_matches('/').rsplit_once('/').map_or("", |(parent, _)| parent);
            let names = self.children(parent);
            let got = if names.is_empty() {
                "nothing".to_string()
            } else {
                format!("nothing; `/{parent}` holds {}", list(&names))
            };
            fault(&self.path, object, "a dataset", got)
        })
    }

    /// Opens a dataset if it is there.
    pub(crate) fn find(&self, object: &str) -> Result<Option<HdfDataset<'_>>> {
        match self.resolve(object)? {
            None => Ok(None),
            Some((Node::Group, _)) => Err(fault(&self.path, object, "a dataset", "a group")),
            Some((Node::Dataset, at)) => HdfDataset::open(self, object, &at).map(Some),
        }
    }

    /// A text attribute of a group or dataset; none where it is missing or no text.
    pub(crate) fn text_attr(&self, object: &str, name: &str) -> Option<String> {
        let (node, at) = self.resolve(object).ok().flatten()?;
        let text = match node {
            Node::Group if at.is_empty() => self.file.attr_string(name).ok(),
            Node::Group => self.file.root_group().group(&at).ok()?.attr_string(name).ok(),
            Node::Dataset => HdfDataset::open(self, object, &at).ok()?.text_attr(name),
        };
        text.filter(|text| !text.is_empty())
    }

    /// A numeric attribute of a group; none where there is none.
    pub(crate) fn group_number_attr(&self, object: &str, name: &str) -> Result<Option<f64>> {
        let Some(at) = self.group_with_attr(object, name)? else { return Ok(None) };
        let value = self.group_attr(&at, name).and_then(|attr| {
            let numbers = numbers::to_f64(&attr.data, &Dtype::of(&attr.datatype))?;
            numbers.first().copied()
        });
        match value {
            Some(value) => Ok(Some(value)),
            None => {
                Err(fault(&self.path, object, format!("a number in the attribute `{name}`"), "one that is not read"))
            }
        }
    }

    /// The texts, each a list of letters, in an attribute of a group; none where there is none or it cannot be read.
    pub(crate) fn group_texts_attr(&self, object: &str, name: &str) -> Option<Vec<String>> {
        let at = self.group_with_attr(object, name).ok().flatten()?;
        let attr = self.group_attr(&at, name)?;
        heap::letters(self, object, &attr.datatype, &attr.data)
    }

    /// The group's path without links, if it has that attribute.
    fn group_with_attr(&self, object: &str, name: &str) -> Result<Option<String>> {
        let Some((Node::Group, at)) = self.resolve(object)? else { return Ok(None) };
        if at.is_empty() {
            return Ok(None);
        }
        let names = self.file.root_group().group(&at).and_then(|group| group.attr_names());
        Ok(names.is_ok_and(|names| names.iter().any(|other| other == name)).then_some(at))
    }

    fn group_attr(&self, at: &str, name: &str) -> Option<AttributeMessage> {
        self.with_headers(|headers| headers.attr(at, name))
    }

    /// What `read` finds in the object headers; none where they are not of a form that is read.
    pub(super) fn with_headers<T>(&self, read: impl FnOnce(&mut Headers) -> Option<T>) -> Option<T> {
        let mut slot = self.headers.borrow_mut();
        let open = || Headers::open(&self.path, self.file.userblock_size(), self.n_bytes).map(Box::new);
        read(slot.get_or_insert_with(open).as_mut()?)
    }
}

/// Whether the signature stands at the start, or after a block of the user's of 512, 1024, 2048, ... bytes.
fn has_signature(path: &Path, n_bytes: u64) -> std::io::Result<bool> {
    let mut file = File::open(path)?;
    let mut at = 0;
    while at + SIGNATURE.len() as u64 <= n_bytes {
        let mut found = [0; SIGNATURE.len()];
        file.seek(SeekFrom::Start(at))?;
        file.read_exact(&mut found)?;
        if found == SIGNATURE {
            return Ok(true);
        }
        at = (at * 2).max(512);
    }
    Ok(false)
}

fn parts(path: &str) -> impl DoubleEndedIterator<Item = String> {
    path.split('/').filter(|part| !part.is_empty() && *part != ".").map(str::to_string)
}

/// Names for a message, the first few.
pub(crate) fn list(names: &[String]) -> String {
    const SHOWN: usize = 20;
    let shown: Vec<String> = names.iter().take(SHOWN).map(|name| format!("`{name}`")).collect();
    let more = if names.len() > SHOWN { format!(" and {} more", names.len() - SHOWN) } else { String::new() };
    shown.join(", ") + &more
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(name: &str) -> HdfFile {
        HdfFile::open(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/nwb").join(name)).unwrap()
    }

    #[test]
    fn values_outside_of_the_file_and_sizes_beyond_it_are_refused() {
        let file = open("hostile.nwb");
        for (name, words) in [
            ("units_virtual", "a virtual dataset"),
            ("outside", "values in another file"),
            ("link", "a link to another file"),
            ("huge", "no more than a file of"),
            ("huge_chunk", "no more than a file of"),
        ] {
            let error = file.dataset(name).err().map(|error| error.to_string()).unwrap_or_default();
            assert!(error.contains(words), "{name}: {error}");
        }
    }

    #[test]
    fn soft_links_are_followed_and_circles_end() {
        let file = open("old.nwb");
        assert_eq!(file.dataset("intervals/trials/kind").unwrap().texts().unwrap()[..2], ["a", "b"]);
        assert_eq!(file.dataset("intervals/../intervals/trials/id").unwrap().i64().unwrap(), [0, 1, 2, 3, 4, 5]);
        let error = file.dataset("intervals/circle").err().unwrap().to_string();
        assert!(error.contains("soft links"), "{error}");
        assert_eq!(file.node("intervals/circle"), None);
    }

    #[test]
    fn rows_are_read_as_the_whole_is_in_either_byte_order() {
        let file = open("old.nwb");
        for name in
            ["units/spike_times", "stimulus/presentation/pixels/data", "units/id", "intervals/trials/start_time"]
        {
            let data = file.dataset(name).unwrap();
            let whole = data.f64().unwrap();
            let width = whole.len() / data.n_rows();
            assert_eq!(data.f64_rows(1..2).unwrap(), whole[width..2 * width], "{name}");
            assert!(data.f64_rows(0..data.n_rows() + 1).is_err());
        }
    }

    #[test]
    fn rows_of_old_layouts_are_read_as_the_whole_is() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/matlab73_old.mat");
        let file = HdfFile::open(&path).unwrap();
        for name in ["packed", "one_axis", "three_axes", "partly", "in_header", "cube", "nothing"] {
            let data = file.dataset(name).unwrap();
            assert!(matches!(data.n_rows(), 2..=1_000), "{name}");
            let whole = data.f64().unwrap();
            let (n_rows, width) = (data.n_rows(), whole.len() / data.n_rows());
            for rows in [0..1, 1..2, n_rows / 2..n_rows, n_rows - 1..n_rows, 0..0] {
                let expected = &whole[rows.start * width..rows.end * width];
                assert_eq!(data.f64_rows(rows.clone()).unwrap(), expected, "{name} {rows:?}");
            }
            assert!(data.f64_rows(0..n_rows + 1).is_err());
        }
    }
}
