//! Numbers and names as text, the same on every machine.

/// A number with a fixed number of digits after the point, a true minus sign, and never `-0`.
pub(crate) fn number(value: f64, n_decimals: usize) -> String {
    let text = format!("{value:.n_decimals$}");
    match text.strip_prefix('-') {
        Some(digits) if digits.bytes().all(|byte| matches!(byte, b'0' | b'.')) => digits.to_string(),
        Some(digits) => format!("\u{2212}{digits}"),
        None => text,
    }
}

/// The same, or a dash where there is no number.
pub(crate) fn number_or_dash(value: Option<f64>, n_decimals: usize) -> String {
    value.map_or_else(|| "\u{2013}".into(), |value| number(value, n_decimals))
}

/// A number with the digits that its size needs, about `n_digits` of them; very large and very small ones with an exponent.
pub(crate) fn significant(value: f64, n_digits: usize) -> String {
    let size = value.abs();
    if value == 0.0 || !value.is_finite() {
        return number(if value.is_finite() { 0.0 } else { value }, 0);
    }
    if value.fract() == 0.0 && size < 1e6 {
        return number(value, 0);
    }
    if !(1e-4..1e6).contains(&size) {
        let text = format!("{value:.*e}", n_digits.saturating_sub(1));
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let digits = if digits.contains('.') { digits.trim_end_matches('0').trim_end_matches('.') } else { digits };
        return format!("{digits}e{exponent}").replace('-', "\u{2212}");
    }
    let n_before = size.log10().floor() as i64 + 1;
    number(value, (n_digits as i64 - n_before).clamp(0, 8) as usize)
}

/// A p value as papers print it: `< .001`, `.023`.
pub(crate) fn p_value(p: Option<f64>) -> String {
    match p {
        None => "\u{2013}".into(),
        Some(p) if p < 0.001 => "< .001".into(),
        Some(p) if p >= 0.9995 => "1.000".into(),
        Some(p) => format!("{p:.3}").trim_start_matches('0').to_string(),
    }
}

/// Stars of a corrected p: `*` below .05, `**` below .01, `***` below .001; none at or above `alpha`.
pub(crate) fn stars(p: Option<f64>, alpha: f64) -> &'static str {
    match p {
        Some(p) if p >= alpha => "",
        Some(p) if p < 0.001 => "***",
        Some(p) if p < 0.01 => "**",
        Some(_) => "*",
        None => "",
    }
}

/// A count with thin spaces between thousands.
pub(crate) fn count(n: usize) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (idx, digit) in digits.chars().enumerate() {
        if idx > 0 && (digits.len() - idx).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A name that is safe as part of a file name: ASCII letters and digits, `-` for the rest, at most 40 characters.
pub(crate) fn file_name_part(name: &str) -> String {
    let mut part = String::new();
    for character in name.chars() {
        if character.is_ascii_alphanumeric() {
            part.push(character.to_ascii_lowercase());
        } else if !part.is_empty() && !part.ends_with('-') {
            part.push('-');
        }
        if part.len() == 40 {
            break;
        }
    }
    let part = part.trim_end_matches('-');
    if part.is_empty() { "part".into() } else { part.into() }
}

/// The first `n_max` characters, with an ellipsis where some are missing.
pub(crate) fn shortened(name: &str, n_max: usize) -> String {
    if name.chars().count() <= n_max {
        return name.into();
    }
    let mut text: String = name.chars().take(n_max.saturating_sub(1)).collect();
    text.push('\u{2026}');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_fixed_digits_and_no_negative_zero() {
        assert_eq!(number(-0.004, 2), "0.00");
        assert_eq!(number(-0.126, 2), "\u{2212}0.13");
        assert_eq!(number(12.0, 0), "12");
        assert_eq!(number_or_dash(None, 2), "\u{2013}");
        assert_eq!(count(3_554_915), "3,554,915");
        assert_eq!(count(140), "140");
    }

    #[test]
    fn numbers_take_the_digits_that_their_size_needs() {
        let texts = [0.0, 3.0, -12.0, 0.123_456, 12.345, 1234.5, 0.001_234, 1.5e9, -2.5e-7, 1e300, 123_456.0]
            .map(|value| significant(value, 3));
        let expected = [
            "0",
            "3",
            "\u{2212}12",
            "0.123",
            "12.3",
            "1234",
            "0.00123",
            "1.5e9",
            "\u{2212}2.5e\u{2212}7",
            "1e300",
            "123456",
        ];
        assert_eq!(texts, expected);
    }

    #[test]
    fn p_values_are_printed_as_in_papers() {
        assert_eq!(p_value(Some(0.0004)), "< .001");
        assert_eq!(p_value(Some(0.0234)), ".023");
        assert_eq!(p_value(Some(1.0)), "1.000");
        assert_eq!([stars(Some(0.04), 0.05), stars(Some(0.04), 0.01), stars(None, 0.05)], ["*", "", ""]);
    }

    #[test]
    fn hostile_names_make_harmless_file_names() {
        assert_eq!(file_name_part("../../<script>"), "script");
        assert_eq!(file_name_part("=HYPERLINK(\"x\")"), "hyperlink-x");
        assert_eq!(file_name_part("\u{202e}"), "part");
        assert_eq!(file_name_part("Left contrast (%)"), "left-contrast");
    }
}
