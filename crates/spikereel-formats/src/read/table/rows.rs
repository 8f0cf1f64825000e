//! The rows of a table, one at a time, each of bounded size.

use crate::files::regular_len;
use crate::{FormatError, Result};
use csv::{ByteRecord, ErrorKind, Reader, ReaderBuilder};
use spikereel_data::DataError;
use std::cell::Cell as Shared;
use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// A longer row is most likely a quote that is never closed.
const MAX_ROW_BYTES: u64 = 16 << 20;
/// A longer cell is no value of a table.
const MAX_CELL_BYTES: usize = 1 << 20;
/// More columns are a sign of rows and columns swapped.
const MAX_COLUMNS: usize = 20_000;

/// Passes bytes on until a row has had its share.
struct Metered {
    file: File,
    n_left: Rc<Shared<u64>>,
}

impl Read for Metered {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.n_left.get() == 0 {
            return Err(io::Error::other("a row too long"));
        }
        let n_asked = buffer.len().min(self.n_left.get().try_into().unwrap_or(usize::MAX));
        let n_read = self.file.read(&mut buffer[..n_asked])?;
        self.n_left.set(self.n_left.get() - n_read as u64);
        Ok(n_read)
    }
}

/// An open table.
pub(super) struct Rows {
    path: PathBuf,
    reader: Reader<Metered>,
    n_left: Rc<Shared<u64>>,
    record: ByteRecord,
    n_columns: usize,
    /// Line and byte at which the row, or empty lines before it, start.
    start: (u64, u64),
}

/// One row.
pub(super) struct Row<'a> {
    rows: &'a Rows,
}

impl Rows {
    /// Opens a table; a name that ends in `.tsv` has tabs between cells.
    pub(super) fn open(path: &Path) -> Result<Self> {
        regular_len(path)?;
        let io = |error| FormatError::io(path, "open it", error);
        let mut file = File::open(path).map_err(io)?;
        let mut start = Vec::new();
        (&mut file).take(2).read_to_end(&mut start).map_err(io)?;
        if matches!(start[..], [0xff, 0xfe] | [0xfe, 0xff]) {
            let error = DataError::new("file", "text in UTF-8", "UTF-16")
                .hint("save it as \"CSV UTF-8\", or in Python by df.to_csv(..., encoding=\"utf-8\")");
            return Err(FormatError::data(path, error));
        }
        let file = File::open(path).map_err(io)?;
        let n_left = Rc::new(Shared::new(MAX_ROW_BYTES));
        let is_tabs = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("tsv"));
        let reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(if is_tabs { b'\t' } else { b',' })
            .from_reader(Metered { file, n_left: Rc::clone(&n_left) });
        let record = ByteRecord::new();
        Ok(Self { path: path.to_path_buf(), reader, n_left, record, n_columns: 0, start: (1, 0) })
    }

    /// Takes the first row: names of the columns, spaces around them removed.
    pub(super) fn header(&mut self, path: &Path) -> Result<Vec<String>> {
        let fail = |error: DataError| FormatError::data(path, error);
        let no_header = |got: &str| {
            DataError::new("header", "a name for each column in the first row", got)
                .hint("put names into the first row, such as `trial,onset,shape`")
        };
        if !self.advance()? {
            return Err(fail(no_header("an empty file")));
        }
        self.n_columns = self.record.len();
        let row = Row { rows: self };
        let names: Vec<String> =
            (0..self.n_columns).map(|column| Ok(row.cell(column)?.trim().to_string())).collect::<Result<_>>()?;
        if let [only] = names.as_slice()
            && let Some(mark) = [';', '\t', ','].into_iter().find(|mark| only.contains(*mark))
        {
            let (marks, ending) = if mark == ',' { ("commas", "csv") } else { ("tabs", "tsv") };
            let hint = match mark {
                ';' => {
                    "save it with commas between the cells and points in numbers, or tabs and the ending .tsv".into()
                }
                _ => format!("there are {marks} between the cells; give the file the ending .{ending}"),
            };
            return Err(fail(
                DataError::new("header", "several columns", format!("one, `{}`", shown(only))).hint(hint),
            ));
        }
        if names.len() > MAX_COLUMNS {
            let error = DataError::new("header", format!("at most {MAX_COLUMNS} columns"), names.len().to_string());
            return Err(fail(error.hint("put one value a row: trials or spikes down, their properties across")));
        }
        if names.iter().all(|name| name.is_empty() || name.parse::<f64>().is_ok()) {
            return Err(fail(no_header(&format!("`{}`", shown(&names.join(","))))));
        }
        let mut seen = HashSet::new();
        if let Some(twice) = names.iter().find(|name| !name.is_empty() && !seen.insert(name.as_str())) {
            let error = DataError::new("header", "each name once", format!("`{}` twice", shown(twice)));
            return Err(fail(error.hint("rename one of the columns")));
        }
        Ok(names)
    }

    /// The next row.
    pub(super) fn next(&mut self) -> Result<Option<Row<'_>>> {
        if !self.advance()? {
            return Ok(None);
        }
        if self.record.len() != self.n_columns {
            let expected = format!("{} cells, as the header has", self.n_columns);
            let error = DataError::new(format!("line {}", self.line()), expected, self.record.len().to_string())
                .hint("write every row in full; a cell with a comma stands in double quotes");
            return Err(FormatError::data(&self.path, error));
        }
        Ok(Some(Row { rows: self }))
    }

    /// The line that the row starts on, for a message: empty lines before it are counted by reading them again.
    fn line(&self) -> u64 {
        let (line, byte) = self.start;
        let n_empty = File::open(&self.path).ok().and_then(|mut file| {
            file.seek(SeekFrom::Start(byte)).ok()?;
            let ends = BufReader::new(file).bytes().map_while(|byte| byte.ok().filter(|byte| b"\r\n".contains(byte)));
            Some(ends.filter(|byte| *byte == b'\n').count())
        });
        line + n_empty.unwrap_or_default() as u64
    }

    fn advance(&mut self) -> Result<bool> {
        self.start = (self.reader.position().line(), self.reader.position().byte());
        self.n_left.set(MAX_ROW_BYTES);
        let is_row = self.reader.read_byte_record(&mut self.record);
        is_row.map_err(|error| match error.into_kind() {
            ErrorKind::Io(_) if self.n_left.get() == 0 => {
                let error = DataError::new(
                    format!("line {}", self.line()),
                    format!("a row of at most {MAX_ROW_BYTES} bytes"),
                    "more",
                )
                .hint("a double quote may not be closed; within a cell it is written twice");
                FormatError::data(&self.path, error)
            }
            ErrorKind::Io(error) => FormatError::io(&self.path, "read it", error),
            other => FormatError::data(
                &self.path,
                DataError::new(format!("line {}", self.line()), "a row", format!("{other:?}")),
            ),
        })
    }
}

impl<'a> Row<'a> {
    /// The text of a cell.
    pub(super) fn cell(&self, column: usize) -> Result<&'a str> {
        let bytes = self.rows.record.get(column).unwrap_or_default();
        let fail = |expected: &str, got: String, hint: &str| {
            let field = format!("line {}, column {}", self.rows.line(), column + 1);
            Err(FormatError::data(&self.rows.path, DataError::new(field, expected, got).hint(hint)))
        };
        if bytes.len() > MAX_CELL_BYTES {
            let hint = "a double quote may not be closed; within a cell it is written twice";
            return fail(&format!("a cell of at most {MAX_CELL_BYTES} bytes"), bytes.len().to_string(), hint);
        }
        match std::str::from_utf8(bytes) {
            Ok(text) if !text.contains('\0') => Ok(text),
            Ok(_) => fail("text", "a zero byte".into(), "save it as \"CSV UTF-8\"; this may be another kind of file"),
            Err(error) => {
                let byte = bytes.get(error.valid_up_to()).copied().unwrap_or_default();
                let hint = "save it as \"CSV UTF-8\", or in Python by df.to_csv(..., encoding=\"utf-8\")";
                fail("text in UTF-8", format!("the byte {byte:#04x}"), hint)
            }
        }
    }
}

/// The start of a text, for a message.
fn shown(text: &str) -> String {
    let start: String = text.chars().take(60).collect();
    let dots = if start.len() < text.len() { "..." } else { "" };
    format!("{}{dots}", start.escape_debug())
}
