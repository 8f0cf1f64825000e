//! How every study writes numbers, intervals, p values and lists, so that one page speaks with one voice.

use spikereel_analysis::stats::TTest;
use spikereel_report::schema::TableCell;

/// Level below which a corrected p counts.
pub(super) const ALPHA: f64 = 0.05;

/// A number with the digits that a sentence can bear.
pub(super) fn short(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        size if size >= 0.095 || size == 0.0 => format!("{value:.2}"),
        _ => format!("{value:.4}"),
    }
}

/// An estimate with its interval.
pub(super) fn with_interval(value: f64, interval: Option<[f64; 2]>) -> String {
    match interval {
        Some([low, high]) => format!("{} [{}, {}]", short(value), short(low), short(high)),
        None => short(value),
    }
}

/// An estimate with its interval to `decimals` places, or to as many more as an end that is not 0 needs so as not to be printed as 0.
pub(super) fn fixed(value: f64, [low, high]: [f64; 2], decimals: usize) -> String {
    let excludes_zero = low > 0.0 || high < 0.0;
    let is_lost = |places: usize| {
        let half = 0.5 * 10_f64.powi(-(places as i32));
        low.abs() < half || high.abs() < half
    };
    let places = (decimals..=6).find(|&places| !excludes_zero || !is_lost(places)).unwrap_or(6);
    let write = |value: f64| {
        let text = format!("{value:.places$}");
        if text.trim_start_matches('-').chars().all(|c| c == '0' || c == '.') {
            text.trim_start_matches('-').to_string()
        } else {
            text
        }
    };
    format!("{} [{}, {}]", write(value), write(low), write(high))
}

/// A p value in a sentence.
pub(super) fn p_words(p: f64) -> String {
    if p < 0.001 { "p < .001".into() } else { format!("p = {}", format!("{p:.3}").trim_start_matches('0')) }
}

/// A t test in a sentence: `t126 = -16.34, p < .001`.
pub(super) fn t_words(test: &TTest) -> String {
    format!("t{:.0} = {:.2}, {}", test.df, test.t, p_words(test.p))
}

/// Names in a row: `V4, IT and MT`.
pub(super) fn listed(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [only] => only.clone(),
        [firsts @ .., last] => format!("{} and {last}", firsts.join(", ")),
    }
}

/// Both ends of an interval as cells.
pub(super) fn ends(interval: Option<[f64; 2]>) -> [TableCell; 2] {
    [interval.map(|ends| ends[0]).into(), interval.map(|ends| ends[1]).into()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_numbers_keep_their_digits_and_large_ones_lose_theirs() {
        let written = [0.0, 0.00312, 0.996, 12.34, 345.6, -0.5].map(short);
        assert_eq!(written, ["0.00", "0.0031", "1.00", "12.3", "346", "-0.50"]);
        assert_eq!(with_interval(0.5, Some([0.25, 0.75])), "0.50 [0.25, 0.75]");
        assert_eq!(fixed(0.02, [0.0031, 0.04], 2), "0.020 [0.003, 0.040]");
        assert_eq!(fixed(0.02, [-0.001, 0.04], 2), "0.02 [0.00, 0.04]");
        assert_eq!(listed(&["a".into(), "b".into(), "c".into()]), "a, b and c");
        assert_eq!((p_words(0.0123), p_words(1e-9)), ("p = .012".into(), "p < .001".into()));
    }
}
