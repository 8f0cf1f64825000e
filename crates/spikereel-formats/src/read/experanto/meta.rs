//! The small part of YAML that experanto's descriptions use: keys at the start of a line, each with a value or a list of values.
//! Anything nested is passed over.

use crate::files::read_text;
use crate::{FormatError, Result};
use spikereel_data::DataError;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A description; those of spikes list an index a site.
const MAX_BYTES: u64 = 64 << 20;

/// A description: keys and their values.
#[derive(Debug, Clone)]
pub(super) struct Meta {
    path: PathBuf,
    values: BTreeMap<String, Vec<String>>,
}

impl Meta {
    pub(super) fn read(path: &Path) -> Result<Self> {
        Ok(Self { path: path.to_path_buf(), values: parse(&read_text(path, MAX_BYTES)?) })
    }

    /// Keys that have a single value.
    pub(super) fn single(&self) -> impl Iterator<Item = &str> {
        self.values.iter().filter(|(_, values)| values.len() == 1).map(|(key, _)| key.as_str())
    }

    pub(super) fn text(&self, key: &str) -> Option<&str> {
        match self.values.get(key)?.as_slice() {
            [only] => Some(only),
            _ => None,
        }
    }

    /// A list of numbers.
    pub(super) fn numbers(&self, key: &str) -> Result<Vec<f64>> {
        let values = self.values.get(key).map_or(&[][..], Vec::as_slice);
        values.iter().map(|value| value.parse().map_err(|_| self.fault(key, "numbers", value))).collect()
    }

    pub(super) fn number(&self, key: &str) -> Result<f64> {
        let text = self.text(key).ok_or_else(|| self.fault(key, "a number", "nothing"))?;
        let number: f64 = text.parse().map_err(|_| self.fault(key, "a number", text))?;
        if number.is_finite() { Ok(number) } else { Err(self.fault(key, "a finite number", text)) }
    }

    pub(super) fn count(&self, key: &str) -> Result<usize> {
        let number = self.number(key)?;
        let is_count = number >= 0.0 && number.fract() == 0.0 && number < 2_f64.powi(53);
        if is_count { Ok(number as usize) } else { Err(self.fault(key, "a whole number from 0", &number.to_string())) }
    }

    pub(super) fn fault(&self, key: &str, expected: &str, got: &str) -> FormatError {
        FormatError::data(&self.path, DataError::new(key, expected, got.escape_debug().to_string()))
    }
}

fn parse(text: &str) -> BTreeMap<String, Vec<String>> {
    let mut values: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut open: Option<String> = None;
    for line in text.lines() {
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with('#') || trimmed == "---" {
            continue;
        }
        if let Some(item) = trimmed.strip_prefix("- ") {
            if let Some(list) = open.as_ref().and_then(|key| values.get_mut(key)) {
                list.push(bare(item));
            }
            continue;
        }
        open = None;
        let Some((key, rest)) = line.split_once(':').filter(|(key, _)| !key.starts_with([' ', '\t'])) else {
            continue;
        };
        let (key, rest) = (bare(key), rest.trim());
        let list = match rest.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            Some(inside) => inside.split(',').map(bare).filter(|item| !item.is_empty()).collect(),
            None if rest.is_empty() => Vec::new(),
            None => vec![bare(rest)],
        };
        if rest.is_empty() {
            open = Some(key.clone());
        }
        values.insert(key, list);
    }
    values
}

/// A scalar without quotes.
fn bare(text: &str) -> String {
    let text = text.trim();
    let quoted = |mark: char| text.strip_prefix(mark).and_then(|rest| rest.strip_suffix(mark));
    quoted('\'').or(quoted('"')).unwrap_or(text).to_string()
}

#[cfg(test)]
mod tests {
    #[test]
    fn keys_values_and_lists_are_read_and_nested_ones_passed_over() {
        let text = "# x\na: 1.5\n'b': \"two words\"\nc:\n- 1\n- 2\nd: [3, 4]\ne:\n  f: 1\ng: train\n";
        let values = super::parse(text);
        assert_eq!(values["a"], ["1.5"]);
        assert_eq!(values["b"], ["two words"]);
        assert_eq!((values["c"].len(), values["d"][1].as_str(), values["g"][0].as_str()), (2, "4", "train"));
        assert!(values["e"].is_empty() && !values.contains_key("f"));
    }
}
