//! docs/reliability.md: one line a promise, replaced when it is tried again; all other lines are a person's.

use std::path::Path;

/// What came of a promise.
pub struct Row {
    pub holds: bool,
    /// What was counted and measured.
    pub figure: String,
    /// Lines of a table of its own, for the trial that has one.
    pub table: Vec<[String; 4]>,
}

impl Row {
    pub fn new(holds: bool, figure: impl Into<String>) -> Self {
        Self { holds, figure: figure.into(), table: Vec::new() }
    }

    pub fn broken(figure: impl Into<String>) -> Self {
        Self::new(false, figure)
    }
}

pub struct Document(Vec<String>);

impl Document {
    pub fn read(path: &Path) -> Result<Self, String> {
        let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(Self(text.lines().map(Into::into).collect()))
    }

    pub fn write(&self, path: &Path) -> Result<(), String> {
        std::fs::write(path, self.0.join("\n") + "\n").map_err(|error| format!("{}: {error}", path.display()))
    }

    /// Replaces the last two columns of the line `| key | promise | figure | kept |`, and the table between `<!-- key -->` and
    /// `<!-- end -->` where there is one.
    pub fn put(&mut self, key: &str, row: &Row) {
        let begin = format!("| {key} |");
        if let Some(line) = self.0.iter_mut().find(|line| line.starts_with(&begin)) {
            let promise = line.split(" | ").nth(1).unwrap_or_default().to_string();
            let kept = if row.holds { "yes" } else { "**no**" };
            *line = format!("| {key} | {promise} | {} | {kept} |", row.figure.replace('|', "/").replace('\n', " "));
        }
        let place = |mark: &str, lines: &[String]| lines.iter().position(|line| line == mark);
        if let Some(first) = place(&format!("<!-- {key} -->"), &self.0)
            && let Some(n) = place("<!-- end -->", &self.0[first..])
        {
            let lines = row.table.iter().map(|cells| {
                let cells: Vec<String> = cells.iter().map(|cell| cell.replace('|', "/").replace('\n', " ")).collect();
                format!("| {} |", cells.join(" | "))
            });
            self.0.splice(first + 1..first + n, lines.collect::<Vec<_>>());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_replaced_and_a_persons_lines_are_kept() {
        let lines =
            ["# Words", "| 1 | crash-safe | - | - |", "| 12 | other | x | yes |", "<!-- 1 -->", "old", "<!-- end -->"];
        let mut document = Document(lines.map(Into::into).to_vec());
        let cells = ["a", "b", "c", "d|e"].map(Into::into);
        document.put("1", &Row { holds: true, figure: "100 of 100".into(), table: vec![cells] });
        let expected = [
            "# Words",
            "| 1 | crash-safe | 100 of 100 | yes |",
            "| 12 | other | x | yes |",
            "<!-- 1 -->",
            "| a | b | c | d/e |",
            "<!-- end -->",
        ];
        assert_eq!(document.0, expected);
    }
}
