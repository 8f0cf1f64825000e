//! Three main findings in words, made from numbers alone. A difference that is not significant is never called one.

/// One score of the decoder beside what it has to beat.
#[derive(Debug, Clone, PartialEq)]
pub struct ScoreFact {
    /// What is scored, such as `left contrast`.
    pub what: String,
    /// Name of the score, such as `Pearson`.
    pub score: String,
    /// The decoder's value.
    pub value: f64,
    /// The same score of ridge regression, if it was fitted.
    pub ridge: Option<f64>,
    /// The value that 95 % of noise inputs stay below (for errors: above).
    pub null_95: f64,
    /// True where a larger value is better.
    pub larger_is_better: bool,
}

impl ScoreFact {
    /// True where the decoder is beyond the null's 95th percentile. NaN is never beyond.
    pub fn beats_null(&self) -> bool {
        if self.larger_is_better { self.value > self.null_95 } else { self.value < self.null_95 }
    }
}

/// What masking one region did to one score.
#[derive(Debug, Clone, PartialEq)]
pub struct MaskFact {
    /// The masked region.
    pub region: String,
    /// What is scored.
    pub what: String,
    /// How much worse the score became; negative where it became better.
    pub harm: f64,
    /// The corrected p of harm.
    pub p_corrected: f64,
}

/// What was planted for a feature, and what masking found.
#[derive(Debug, Clone, PartialEq)]
pub struct PlantedFact {
    /// The feature.
    pub feature: String,
    /// The region that carries most of it.
    pub planted: String,
    /// The region whose masking harmed it most, if any harm was significant.
    pub found: Option<String>,
}

/// The numbers behind the findings.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Facts {
    /// Name of the data, to open sentences with.
    pub data: String,
    /// Test trials behind the scores.
    pub n_test_trials: usize,
    /// Scores.
    pub scores: Vec<ScoreFact>,
    /// Masking.
    pub masking: Vec<MaskFact>,
    /// Planted truth; empty for real data.
    pub planted: Vec<PlantedFact>,
    /// What a reader must not forget about these data; empty for none.
    pub caveat: String,
    /// Level below which a corrected p counts as found.
    pub alpha: f64,
}

/// Three sentences: what is decoded, which regions it needs, and how far to believe it.
pub fn findings(facts: &Facts) -> [String; 3] {
    [decoded(facts), regions(facts), belief(facts)]
}

fn decoded(facts: &Facts) -> String {
    let (above, below): (Vec<_>, Vec<_>) = facts.scores.iter().partition(|score| score.beats_null());
    let with_values = |scores: &[&ScoreFact]| {
        let each = |score: &&ScoreFact| {
            let ridge = score.ridge.map_or_else(String::new, |ridge| format!(", ridge regression {}", short(ridge)));
            let word = if score.larger_is_better { "noise below" } else { "noise above" };
            format!("{} ({} {}{ridge}, {word} {})", score.what, score.score, short(score.value), short(score.null_95))
        };
        listed(&scores.iter().map(each).collect::<Vec<_>>())
    };
    let names = |scores: &[&ScoreFact]| listed(&scores.iter().map(|score| score.what.clone()).collect::<Vec<_>>());
    let on = format!("{}: on {} test trials", facts.data, facts.n_test_trials);
    match (above.as_slice(), below.as_slice()) {
        ([], []) => format!("{on} nothing was scored."),
        (above, []) => format!("{on} the decoded videos carry {}.", with_values(above)),
        ([], below) => {
            format!("{on} the decoded videos carry nothing beyond noise inputs ({} were scored).", names(below))
        }
        (above, below) => {
            format!("{on} the decoded videos carry {}, but not {}.", with_values(above), names(below))
        }
    }
}

fn regions(facts: &Facts) -> String {
    if facts.masking.is_empty() {
        return format!("{}: no region was masked.", facts.data);
    }
    let mut whats: Vec<&str> = Vec::new();
    for fact in &facts.masking {
        if !whats.contains(&fact.what.as_str()) {
            whats.push(&fact.what);
        }
    }
    let significant = |what: &str| {
        let mut harmed: Vec<&MaskFact> = facts
            .masking
            .iter()
            .filter(|fact| fact.what == what && fact.harm > 0.0 && fact.p_corrected < facts.alpha)
            .collect();
        harmed.sort_by(|a, b| b.harm.total_cmp(&a.harm));
        harmed
    };
    let (mut with, mut without) = (Vec::new(), Vec::new());
    for what in whats {
        match significant(what).as_slice() {
            [] => without.push(what.to_string()),
            [only] => with.push(format!("{what} through {} alone ({})", only.region, p_text(only.p_corrected))),
            [first, others @ ..] => {
                let others = listed(&others.iter().map(|fact| fact.region.clone()).collect::<Vec<_>>());
                with.push(format!(
                    "{what} most through {} ({}), also {others}",
                    first.region,
                    p_text(first.p_corrected)
                ));
            }
        }
    }
    let none = |without: &[String]| format!("no single region's masking harmed {} significantly", either(without));
    match (with.as_slice(), without.as_slice()) {
        ([], without) => format!("{}: {}.", facts.data, none(without)),
        (with, []) => format!("{}: the decoder reads {}.", facts.data, with.join("; ")),
        (with, without) => format!("{}: the decoder reads {}; {}.", facts.data, with.join("; "), none(without)),
    }
}

fn belief(facts: &Facts) -> String {
    if facts.planted.is_empty() {
        let caveat = if facts.caveat.is_empty() {
            "what a decoder reads from a region shows that information is there, not that the region computes it"
        } else {
            facts.caveat.trim_end_matches('.')
        };
        return format!("{}: {caveat}.", facts.data);
    }
    let right = facts.planted.iter().filter(|fact| fact.found.as_ref() == Some(&fact.planted)).count();
    let each = |fact: &PlantedFact| {
        let found = fact.found.as_deref().unwrap_or("none");
        format!("{}: planted {}, found {found}", fact.feature, fact.planted)
    };
    let all: Vec<String> = facts.planted.iter().map(each).collect();
    format!(
        "{}: masking named the planted top region for {right} of {} features ({}).",
        facts.data,
        facts.planted.len(),
        all.join("; ")
    )
}

fn p_text(p: f64) -> String {
    match p {
        p if p < 0.001 => "corrected p < .001".into(),
        p if p < 0.1 => format!("corrected p = {p:.3}"),
        p => format!("corrected p = {}", short(p)),
    }
}

fn short(value: f64) -> String {
    if value.abs() >= 10.0 { format!("{value:.1}") } else { format!("{value:.2}") }
}

fn join(items: &[String], word: &str) -> String {
    match items {
        [] => String::new(),
        [only] => only.clone(),
        [firsts @ .., last] => format!("{} {word} {last}", firsts.join(", ")),
    }
}

fn listed(items: &[String]) -> String {
    join(items, "and")
}

fn either(items: &[String]) -> String {
    join(items, "or")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn score(what: &str, value: f64) -> ScoreFact {
        let ridge = Some(0.6);
        ScoreFact { what: what.into(), score: "Pearson".into(), value, ridge, null_95: 0.1, larger_is_better: true }
    }

    fn mask(region: &str, harm: f64, p_corrected: f64) -> MaskFact {
        MaskFact { region: region.into(), what: "shape".into(), harm, p_corrected }
    }

    fn facts() -> Facts {
        Facts { data: "Mouse".into(), n_test_trials: 90, alpha: 0.05, ..Facts::default() }
    }

    #[test]
    fn a_score_within_the_null_is_not_claimed_and_nan_never_is() {
        let scores = vec![score("left contrast", 0.5), score("right contrast", 0.05), score("hue", f64::NAN)];
        let text = &findings(&Facts { scores, ..facts() })[0];
        assert!(text.contains("carry left contrast (Pearson 0.50"), "{text}");
        assert!(text.ends_with("but not right contrast and hue."), "{text}");
    }

    #[test]
    fn a_large_harm_that_is_not_significant_names_no_region() {
        let masking = vec![mask("V4", 9.0, 0.2), mask("IT", 0.1, 0.6)];
        let text = &findings(&Facts { masking, ..facts() })[1];
        assert_eq!(text, "Mouse: no single region's masking harmed shape significantly.");
    }

    #[test]
    fn a_small_p_is_not_written_as_0() {
        let written = [0.0004, 0.003, 0.03, 0.25].map(p_text);
        assert_eq!(written, ["corrected p < .001", "corrected p = 0.003", "corrected p = 0.030", "corrected p = 0.25"]);
    }

    #[test]
    fn a_significant_improvement_is_not_called_harm_and_the_largest_harm_leads() {
        let masking = vec![mask("PFC", -3.0, 0.001), mask("IT", 0.2, 0.01), mask("V4", 0.9, 0.0001)];
        let text = &findings(&Facts { masking, ..facts() })[1];
        assert_eq!(text, "Mouse: the decoder reads shape most through V4 (corrected p < .001), also IT.");
    }

    #[test]
    fn planted_and_found_are_counted() {
        let fact = |feature: &str, found: Option<&str>| PlantedFact {
            feature: feature.into(),
            planted: "MT".into(),
            found: found.map(Into::into),
        };
        let planted = vec![fact("motion", Some("MT")), fact("shape", None)];
        let text = &findings(&Facts { planted, ..facts() })[2];
        assert!(text.contains("for 1 of 2 features") && text.contains("shape: planted MT, found none"), "{text}");
    }
}
