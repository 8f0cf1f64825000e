//! CSV files of a figure's numbers, as RFC 4180 has them, safe to open in a spreadsheet.
//!
//! A text that a spreadsheet would run as a formula (it begins with `=`, `+`, `-`, `@`, tab or carriage return) gets an
//! apostrophe before it, as OWASP advises. Numbers are written in full and stay numbers.

/// A table of one figure.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// Heads of the columns.
    pub header: Vec<String>,
    /// The rows, each as long as the header.
    pub rows: Vec<Vec<Cell>>,
}

/// A field.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// A name, which may be hostile.
    Text(String),
    /// A number, empty where there is none.
    Number(Option<f64>),
    /// A count.
    Count(u64),
}

impl Table {
    /// An empty table.
    pub fn new(header: &[&str]) -> Self {
        Self { header: header.iter().map(|head| (*head).into()).collect(), rows: Vec::new() }
    }

    /// The file's text.
    pub fn csv(&self) -> String {
        let header: Vec<String> = self.header.iter().map(|head| quoted(head)).collect();
        let mut text = header.join(",");
        text.push_str("\r\n");
        for row in &self.rows {
            let fields: Vec<String> = row.iter().map(field).collect();
            text.push_str(&fields.join(","));
            text.push_str("\r\n");
        }
        text
    }
}

fn field(cell: &Cell) -> String {
    match cell {
        Cell::Count(n) => n.to_string(),
        Cell::Number(Some(value)) if value.is_finite() => format!("{value}"),
        Cell::Number(_) => String::new(),
        Cell::Text(text) => quoted(text),
    }
}

fn quoted(text: &str) -> String {
    let is_formula = text.trim_start().starts_with(['=', '+', '-', '@']) || text.starts_with(['\t', '\r', '\n']);
    let guarded = if is_formula { format!("'{text}") } else { text.to_string() };
    if guarded.contains(['"', ',', '\n', '\r']) { format!("\"{}\"", guarded.replace('"', "\"\"")) } else { guarded }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_come_out_as_text_and_numbers_as_numbers() {
        let mut table = Table::new(&["region", "harm"]);
        for name in ["=1+1", "+V4", "-V4", "@V4", "\tV4", "  =1+1", "V4,\"x\"", "V4"] {
            table.rows.push(vec![Cell::Text(name.into()), Cell::Number(Some(-0.125))]);
        }
        table.rows.push(vec![Cell::Count(3), Cell::Number(None)]);
        let expected = "region,harm\r\n'=1+1,-0.125\r\n'+V4,-0.125\r\n'-V4,-0.125\r\n'@V4,-0.125\r\n'\tV4,-0.125\r\n\
                        '  =1+1,-0.125\r\n\"V4,\"\"x\"\"\",-0.125\r\nV4,-0.125\r\n3,\r\n";
        assert_eq!(table.csv(), expected);
    }
}
