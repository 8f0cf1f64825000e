//! How wide a text is, near enough to keep labels inside their places: there is no font to ask while a figure is drawn.

/// Width in points of a text set in Arial or a font like it, right to some percent and rather too wide than too narrow.
pub(crate) fn text_width(text: &str, size_pt: f64) -> f64 {
    text.chars().map(advance).sum::<f64>() * size_pt
}

/// Width of a character as a share of the font's size, by kind of character.
fn advance(character: char) -> f64 {
    match character {
        'i' | 'j' | 'l' | '\'' | '|' => 0.23,
        ' ' | '.' | ',' | ':' | ';' | '!' | '/' | '\\' | 'I' | 'f' | 't' | '\u{b7}' => 0.28,
        '(' | ')' | '[' | ']' | '{' | '}' | 'r' | '-' | '`' | '"' | '*' => 0.36,
        'm' | 'M' | 'W' | '@' | '%' | '\u{2026}' | '\u{2192}' => 0.95,
        'w' | 'G' | 'O' | 'Q' => 0.78,
        '\u{b2}' | '\u{b3}' | '\u{b9}' | '\u{2070}'..='\u{209f}' => 0.36,
        'A'..='Z' => 0.68,
        '\u{0}'..='\u{24f}' | '\u{2010}'..='\u{2044}' | '\u{2200}'..='\u{22ff}' => 0.56,
        '\u{370}'..='\u{58f}' => 0.66,
        _ => 1.0,
    }
}

/// The text, or as much of its beginning as fits with an ellipsis; at least one character.
pub(crate) fn fitted(text: &str, size_pt: f64, max_pt: f64) -> String {
    // Rounding must not cut a text whose own width made the room.
    if text_width(text, size_pt) <= max_pt + 0.01 {
        return text.into();
    }
    let room = max_pt - text_width("\u{2026}", size_pt);
    let mut width = 0.0;
    let mut shown = String::new();
    for character in text.chars() {
        width += advance(character) * size_pt;
        if width > room && !shown.is_empty() {
            break;
        }
        shown.push(character);
    }
    shown.truncate(shown.trim_end().len());
    shown.push('\u{2026}');
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_to_its_place_and_a_short_one_is_left() {
        assert_eq!(fitted("V4", 6.5, 40.0), "V4");
        let long = "posterior inferotemporal cortex, left";
        let shown = fitted(long, 6.5, 40.0);
        assert!(shown.ends_with('\u{2026}') && long.starts_with(shown.trim_end_matches('\u{2026}')));
        assert!(text_width(&shown, 6.5) <= 40.0, "{shown}");
        assert_eq!(fitted("WWW", 6.5, 0.0), "W\u{2026}");
    }
}
