//! A MATLAB file: its variables from their first bytes, and one of them read whole.

use super::class::MatClass;
use super::level5::Level5;
use super::level73::Level73;
use super::preamble::{Level, N_PREAMBLE_BYTES, level};
use super::value::MatValue;
use super::variable::{MatLimits, MatVariable};
use crate::files::regular_len;
use crate::{FormatError, Result};
use spikereel_data::DataError;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Names that an error about a missing variable lists.
const N_NAMES_LISTED: usize = 20;

/// An open MATLAB file of level 5 or version 7.3.
#[derive(Debug)]
pub struct MatFile {
    path: PathBuf,
    content: Content,
    limits: MatLimits,
    variables: Vec<MatVariable>,
}

#[derive(Debug)]
enum Content {
    Level5(Level5),
    Level73(Level73),
}

impl MatFile {
    /// Opens a file and lists its variables; of a compressed variable no more than its first 4 KiB are unpacked.
    ///
    /// # Errors
    /// Not a MATLAB file of level 5 or version 7.3 (level 4 is named), or a variable whose start cannot be understood.
    pub fn open(path: &Path) -> Result<Self> {
        Self::open_with(path, MatLimits::default())
    }

    /// Opens a file under other limits.
    ///
    /// # Errors
    /// As of [`MatFile::open`].
    pub fn open_with(path: &Path, limits: MatLimits) -> Result<Self> {
        let n_file_bytes = regular_len(path)?;
        let data = |error| FormatError::data(path, error);
        let mut file = File::open(path).map_err(|error| FormatError::io(path, "open it", error))?;
        let mut start = Vec::new();
        let preamble = (&mut file).take(N_PREAMBLE_BYTES as u64).read_to_end(&mut start);
        preamble.map_err(|error| FormatError::io(path, "read it", error))?;
        let (content, variables) = match level(&start).map_err(data)? {
            Level::Five(endian) => {
                let (content, variables) = Level5::open(file, endian, n_file_bytes).map_err(data)?;
                (Content::Level5(content), variables)
            }
            Level::SevenThree => {
                let (content, variables) = Level73::open(path)?;
                (Content::Level73(content), variables)
            }
        };
        Ok(Self { path: path.to_path_buf(), content, limits, variables })
    }

    /// The variables, in the order of the file; by name in a file of version 7.3. What MATLAB keeps for objects and function handles,
    /// without a name or under one that begins with `#`, is left out.
    pub fn variables(&self) -> &[MatVariable] {
        &self.variables
    }

    /// Reads a variable, everything nested in it included; arrays are column-major.
    ///
    /// # Errors
    /// No variable of that name or several; damaged content, with the path to it (`trialInfo(2).cue`); beyond the limits.
    pub fn read(&mut self, name: &str) -> Result<MatValue> {
        let variable_idx = self.named(name).map_err(|error| self.fail(error))?;
        let MatVariable { class, n_bytes, .. } = &self.variables[variable_idx];
        let read = match &mut self.content {
            Content::Level5(_) if let MatClass::Unsupported(class) = class => {
                return Ok(MatValue::Unsupported { class: class.clone() });
            }
            Content::Level5(content) => content.value(variable_idx, *n_bytes, self.limits),
            Content::Level73(content) => content.value(name, self.limits),
        };
        read.map_err(|fault| {
            let field = format!("variable `{}{}`, {}", name.escape_debug(), fault.path, fault.error.field);
            self.fail(DataError { field, ..fault.error })
        })
    }

    fn fail(&self, error: DataError) -> FormatError {
        FormatError::data(&self.path, error)
    }

    fn named(&self, name: &str) -> spikereel_data::Result<usize> {
        let mut found = self.variables.iter().enumerate().filter(|(_, variable)| variable.name == name);
        let shown = name.escape_debug();
        match (found.next(), found.next()) {
            (Some((variable_idx, _)), None) => Ok(variable_idx),
            (Some(_), Some(_)) => Err(DataError::new("variables", format!("`{shown}` once"), "several of that name")
                .hint("load the file in MATLAB and save it again")),
            (None, _) => {
                let names = self.variables.iter().map(|variable| variable.name.escape_debug().to_string());
                let listed: Vec<String> = names.take(N_NAMES_LISTED).collect();
                let more = self.variables.len().saturating_sub(N_NAMES_LISTED);
                let more = if more == 0 { String::new() } else { format!(" and {more} more") };
                Err(DataError::new("variables", format!("one named `{shown}`"), format!("{}{more}", listed.join(", ")))
                    .hint("choose one of these"))
            }
        }
    }
}
