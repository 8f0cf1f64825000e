//! What a cell is by itself, and what a column of cells is.

/// Whole numbers above this are not all representable in f64.
const F64_EXACT: u64 = 1 << 53;

/// A cell by itself.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Cell {
    /// Nothing, or `NA`.
    Empty,
    /// A number, `nan` and `inf` among them.
    Number(f64),
    /// `true` or `false`, in any case.
    Flag(bool),
    /// Anything else; also a number that f64 would change, such as a long identifier.
    Text,
}

impl Cell {
    pub(super) fn of(text: &str) -> Self {
        let text = text.trim_matches([' ', '\t']);
        if text.is_empty() || text == "NA" {
            return Self::Empty;
        }
        if text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false") {
            return Self::Flag(text.len() == 4);
        }
        let Ok(number) = text.parse::<f64>() else {
            return Self::Text;
        };
        let digits = text.trim_start_matches(['+', '-']);
        let is_whole = digits.bytes().all(|byte| byte.is_ascii_digit());
        let is_lost = is_whole && !digits.parse::<u64>().is_ok_and(|whole| whole <= F64_EXACT);
        let overflows = number.is_infinite() && text.bytes().any(|byte| byte.is_ascii_digit());
        if overflows || is_lost { Self::Text } else { Self::Number(number) }
    }
}

/// Kinds of cells that a column holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Holds {
    numbers: bool,
    flags: bool,
    texts: bool,
    empty: bool,
}

impl Holds {
    pub(super) fn add(&mut self, text: &str) {
        if self.texts {
            return;
        }
        match Cell::of(text) {
            Cell::Empty => self.empty = true,
            Cell::Number(_) => self.numbers = true,
            Cell::Flag(_) => self.flags = true,
            Cell::Text => self.texts = true,
        }
    }

    /// Neither all numbers nor all truth values.
    pub(super) fn is_text(self) -> bool {
        self.texts || (self.numbers && self.flags)
    }

    /// Truth values without gaps; with gaps they are the numbers 1, 0 and NaN.
    pub(super) fn is_flag(self) -> bool {
        self.flags && !self.empty && !self.is_text()
    }

    /// As numpy would write it.
    pub(super) fn dtype(self) -> &'static str {
        match (self.is_text(), self.is_flag()) {
            (true, _) => "text",
            (_, true) => "|b1",
            _ => "<f8",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_numbers_only_where_nothing_is_lost() {
        for (text, cell) in [
            ("", Cell::Empty),
            (" NA ", Cell::Empty),
            (" 1.5 ", Cell::Number(1.5)),
            ("-.5e2", Cell::Number(-50.0)),
            ("inf", Cell::Number(f64::INFINITY)),
            ("1e999", Cell::Text),
            ("9007199254740993", Cell::Text),
            ("9007199254740992", Cell::Number(F64_EXACT as f64)),
            ("9007199254740993.0", Cell::Number(F64_EXACT as f64)),
            ("TRUE", Cell::Flag(true)),
            ("False", Cell::Flag(false)),
            ("1,5", Cell::Text),
            ("0x1F", Cell::Text),
        ] {
            assert_eq!(Cell::of(text), cell, "{text}");
        }
        assert!(matches!(Cell::of("NaN"), Cell::Number(number) if number.is_nan()));
    }

    #[test]
    fn a_column_is_what_all_of_its_cells_are() {
        let holds = |cells: &[&str]| {
            let mut holds = Holds::default();
            cells.iter().for_each(|cell| holds.add(cell));
            holds.dtype()
        };
        assert_eq!(holds(&["1", "", "2"]), "<f8");
        assert_eq!(holds(&["true", "False"]), "|b1");
        assert_eq!(holds(&["true", ""]), "<f8");
        assert_eq!(holds(&["true", "1"]), "text");
        assert_eq!(holds(&["V4", "NA"]), "text");
        assert_eq!(holds(&["", ""]), "<f8");
    }
}
