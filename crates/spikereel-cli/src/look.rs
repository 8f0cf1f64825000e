//! A first look at a file, for the terminal.

use crate::text::{Text, table};
use spikereel::steps::look::{EntryFacts, Look, PreviewFacts, size};
use std::fmt::Write;

/// Rows of a picture in the terminal.
const PICTURE_ROWS: usize = 16;
/// Dark to light.
const SHADES: [char; 10] = [' ', '.', ':', '-', '=', '+', '*', '#', '%', '@'];
/// Low to high.
const BARS: [char; 8] =
    ['\u{2581}', '\u{2582}', '\u{2583}', '\u{2584}', '\u{2585}', '\u{2586}', '\u{2587}', '\u{2588}'];
/// Values of a column beyond this are cut.
const WIDEST: usize = 60;

impl Text for Look {
    fn text(&self) -> String {
        let mut out = format!("{}: {}, {}\n", self.file.display(), self.format, size(self.n_bytes));
        for (key, value) in &self.about {
            let _ = writeln!(out, "{key}: {}", cut(value));
        }
        if self.n_sites > 0 {
            let spikes = self.n_spikes.map_or_else(String::new, |n| format!(", {n} spikes"));
            let range = self.range_secs.map_or_else(String::new, |[from, to]| format!(" from {from:.3} to {to:.3} s"));
            let _ = writeln!(out, "{} sites{spikes}{range}\n", self.n_sites);
        }
        if !self.regions.is_empty() {
            let rows = self.regions.iter().map(|place| {
                let region = if place.region.is_empty() { "(none)".into() } else { place.region.clone() };
                let rate = format!("{:.1}", place.mean_rate_hz);
                vec![region, place.n_sites.to_string(), rate, place.n_silent_sites.to_string()]
            });
            out += &table(&["region", "sites", "mean rate (Hz)", "silent sites"], rows);
        }
        if !self.unit_columns.is_empty() {
            out += "\nunits\n";
            out += &entries(&self.unit_columns);
        }
        for facts in &self.tables {
            let rows = facts.n_rows.map_or_else(String::new, |n| format!(", {n} rows"));
            let _ = writeln!(out, "\n{}{rows}", facts.name);
            out += &entries(&facts.columns);
        }
        if !self.series.is_empty() {
            out.push('\n');
            let rows = self.series.iter().map(|series| {
                let kind = if series.is_stimulus { "stimulus" } else { "covariate" };
                vec![series.path.clone(), kind.into(), cut(&series.about)]
            });
            out += &table(&["series", "use", "what"], rows);
        }
        if !self.responses.is_empty() {
            out += "\nmean rate around events, 0.5 s before to 1 s after (| is the event)\n";
            let rows = self.responses.iter().map(|response| {
                let lowest = response.rate_hz.iter().copied().fold(f64::INFINITY, f64::min);
                let highest = response.rate_hz.iter().copied().fold(0.0, f64::max);
                let curve = curve(&response.left_secs, &response.rate_hz);
                vec![response.column.clone(), curve, format!("{lowest:.1} to {highest:.1} Hz")]
            });
            out += &table(&["column", "rate", "range"], rows);
        }
        if let Some(preview) = &self.preview {
            let _ = writeln!(out, "\nfirst frame of {} ({} x {})", preview.path, preview.height, preview.width);
            out += &picture(preview);
        }
        out.push('\n');
        self.warnings.iter().for_each(|warning| {
            let _ = writeln!(out, "warning: {warning}");
        });
        if let Some(page) = &self.page {
            let _ = writeln!(out, "page: {}", page.display());
        }
        let _ = writeln!(out, "next: {}", self.next);
        out
    }
}

fn cut(text: &str) -> String {
    if text.chars().count() <= WIDEST {
        text.into()
    } else {
        text.chars().take(WIDEST - 3).chain("...".chars()).collect()
    }
}

fn entries(entries: &[EntryFacts]) -> String {
    let rows = entries.iter().map(|entry| vec![entry.name.clone(), entry.kind.clone(), cut(&entry.values)]);
    table(&["name", "holds", "values"], rows)
}

/// Bars from the lowest to the highest rate, and a line where the event is.
fn curve(left_secs: &[f64], rates: &[f64]) -> String {
    let lowest = rates.iter().copied().fold(f64::INFINITY, f64::min);
    let span = rates.iter().copied().fold(f64::NEG_INFINITY, f64::max) - lowest;
    let mut out = String::new();
    for (at, (left, rate)) in left_secs.iter().zip(rates).enumerate() {
        if *left > -1e-9 && at > 0 && left_secs[at - 1] < -1e-9 {
            out.push('|');
        }
        let level = if span > 0.0 { ((rate - lowest) / span * 7.0).round() as usize } else { 0 };
        out.push(BARS[level.min(7)]);
    }
    out
}

/// Gray levels as characters, two columns to a row as terminals have them.
fn picture(preview: &PreviewFacts) -> String {
    let rows = PICTURE_ROWS.min(preview.height);
    let columns = (rows * 2 * preview.width / preview.height.max(1)).clamp(1, 100).min(preview.width.max(1) * 2);
    let mut out = String::new();
    for row in 0..rows {
        let y = row * preview.height / rows;
        for column in 0..columns {
            let x = column * preview.width / columns;
            let pixel = (y * preview.width + x) * 3;
            let gray =
                preview.rgb.get(pixel..pixel + 3).map_or(0, |rgb| rgb.iter().map(|&value| usize::from(value)).sum());
            out.push(SHADES[gray * (SHADES.len() - 1) / 765]);
        }
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_event_is_marked_and_the_highest_rate_stands_highest() {
        assert_eq!(curve(&[-0.1, -0.05, 0.0, 0.05], &[1.0, 1.0, 8.0, 4.0]), "\u{2581}\u{2581}|\u{2588}\u{2584}");
    }

    #[test]
    fn light_pixels_are_dense_characters() {
        let rgb = [0, 0, 0, 255, 255, 255].repeat(2);
        let preview = PreviewFacts { path: "m".into(), height: 2, width: 2, rgb };
        assert_eq!(picture(&preview), "  @@\n  @@\n");
    }
}
