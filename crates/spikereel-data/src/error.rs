//! One error shape for everything that can be wrong with data: where, which field, expected, got, what to do.

/// What is wrong with some data, in the five parts that a reader needs to mend it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{field}: expected {expected}, got {got}{}", self.prefix(), self.suffix())]
pub struct DataError {
    /// The file or recording at fault; empty where the caller has yet to name it (see [`DataError::at`]).
    pub place: String,
    /// The array, key or axis at fault.
    pub field: String,
    /// What was needed.
    pub expected: String,
    /// What was found.
    pub got: String,
    /// What to do next; may be empty.
    pub hint: String,
}

impl DataError {
    /// An error about `field`; add the place with [`DataError::at`] and a remedy with [`DataError::hint`].
    pub fn new(field: impl Into<String>, expected: impl Into<String>, got: impl Into<String>) -> Self {
        Self {
            place: String::new(),
            field: field.into(),
            expected: expected.into(),
            got: got.into(),
            hint: String::new(),
        }
    }

    /// Adds what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }

    /// Names the file or recording, unless an inner caller already has.
    #[must_use]
    pub fn at(mut self, place: impl Into<String>) -> Self {
        if self.place.is_empty() {
            self.place = place.into();
        }
        self
    }

    fn prefix(&self) -> String {
        if self.place.is_empty() { String::new() } else { format!("{}: ", self.place) }
    }

    fn suffix(&self) -> String {
        if self.hint.is_empty() { String::new() } else { format!(" (hint: {})", self.hint) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_reads_as_one_sentence_with_place_field_expected_got_and_hint() {
        let error = DataError::new("site axis", "140 sites", "132").hint("use the run's own site list").at("a.npz");
        assert_eq!(
            error.to_string(),
            "a.npz: site axis: expected 140 sites, got 132 (hint: use the run's own site list)"
        );
    }
}
