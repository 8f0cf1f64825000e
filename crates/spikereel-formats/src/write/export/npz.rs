//! npz as numpy's `savez_compressed` writes it: a zip of npy arrays.

use super::{ExportArray, ExportValues, whole};
use crate::{FormatError, Result};
use std::borrow::Cow;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use zip::write::FileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

/// Writes arrays into a new npz file. The same arrays give the same bytes.
///
/// # Errors
/// A file that exists, an I/O error.
pub fn write_npz(path: &Path, arrays: &[ExportArray<'_>]) -> Result<()> {
    whole(path, |partial| {
        let io = |error| FormatError::io(path, "write it", error);
        let mut zip = ZipWriter::new(BufWriter::new(File::create(partial).map_err(io)?));
        // Zip holds times; a fixed one keeps bytes the same.
        let options = FileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .last_modified_time(DateTime::default())
            .large_file(true);
        for array in arrays {
            zip.start_file(format!("{}.npy", array.name), options).map_err(|error| io(error.into()))?;
            zip.write_all(&npy(array)).map_err(io)?;
        }
        zip.finish().map_err(|error| io(error.into()))?.flush().map_err(io)
    })
}

fn npy(array: &ExportArray<'_>) -> Vec<u8> {
    let (descr, bytes) = match &array.values {
        ExportValues::U8(_) => ("|u1".to_string(), None),
        ExportValues::F32(_) => ("<f4".into(), None),
        ExportValues::F64(_) => ("<f8".into(), None),
        ExportValues::I64(_) => ("<i8".into(), None),
        ExportValues::Texts(texts) => {
            let width = texts.iter().map(|text| text.chars().count()).max().unwrap_or(0).max(1);
            let padded = |text: &String| -> Vec<u8> {
                let codes = text.chars().map(|c| c as u32).chain(std::iter::repeat(0)).take(width);
                codes.flat_map(u32::to_le_bytes).collect()
            };
            (format!("<U{width}"), Some(texts.iter().flat_map(padded).collect::<Vec<u8>>()))
        }
    };
    let bytes = bytes.map_or_else(|| array.values.bytes().unwrap_or_default(), Cow::Owned);
    npy_bytes(&descr, &array.shape, &bytes)
}

/// A npy file in C order; `descr` is numpy's word for the type, such as `<f4`.
pub fn npy_bytes(descr: &str, shape: &[usize], bytes: &[u8]) -> Vec<u8> {
    let lengths: String = shape.iter().map(|len| format!("{len},")).collect();
    let mut header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({lengths}), }}");
    // Magic, version and length take 10 bytes; numpy aligns the values to 64.
    let len = (10 + header.len() + 1).next_multiple_of(64) - 10;
    header.push_str(&" ".repeat(len - header.len() - 1));
    header.push('\n');
    let mut file = b"\x93NUMPY\x01\x00".to_vec();
    file.extend((len as u16).to_le_bytes());
    file.extend(header.as_bytes());
    file.extend(bytes);
    file
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::npz::NpzFile;

    #[test]
    fn what_is_written_is_read_again_and_nothing_is_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.npz");
        let array =
            |name: &str, shape: &[usize], values| ExportArray { name: name.into(), shape: shape.into(), values };
        let arrays = [
            array("bytes", &[2, 3], ExportValues::U8(Cow::Borrowed(&[1, 2, 3, 4, 5, 255]))),
            array("single", &[2], ExportValues::F32(Cow::Borrowed(&[0.5, -2.0]))),
            array("region", &[3], ExportValues::Texts(vec!["V4".into(), "área".into(), String::new()])),
            array("trial", &[1], ExportValues::I64(vec![-7])),
        ];
        write_npz(&path, &arrays).unwrap();
        let mut npz = NpzFile::open(&path).unwrap();
        let infos: Vec<String> = npz.list().unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(infos, ["`bytes` [2, 3] |u1", "`single` [2] <f4", "`region` [3] <U4", "`trial` [1] <i8"]);
        assert!(npz.read("region").unwrap().is_some());
        let again = folder.path().join("b.npz");
        write_npz(&again, &arrays).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), std::fs::read(&again).unwrap());
        assert!(matches!(write_npz(&path, &arrays), Err(FormatError::Exists(_))));
    }
}
