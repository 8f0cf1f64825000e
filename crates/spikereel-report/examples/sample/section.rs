//! Two invented sections: one with every form of panel as a study would have it, one with what is hard to draw.

use super::noise;
use spikereel_report::schema::*;
use spikereel_report::sheet::encode_sheet;

const REGIONS: [&str; 6] = ["IT", "V4", "MT", "LIP", "FEF", "PFC"];
/// A name that breaks out of its place where it is let, and that is far too long.
const HOSTILE: &str =
    "</script><script>alert(1)</script> \"the left posterior inferotemporal cortex, superficial layers\" & 'more'";

/// The sections.
pub fn sections() -> Vec<Section> {
    vec![usual(), ugly()]
}

fn axis(label: &str, reference: Option<f64>) -> AxisSpec {
    AxisSpec { label: label.into(), reference, range: None }
}

fn panel(title: &str, body: PanelBody) -> ChartPanel {
    ChartPanel { title: title.into(), body }
}

fn chart(slug: &str, title: &str, reading: &str, panels: Vec<ChartPanel>) -> Chart {
    Chart { slug: slug.into(), title: title.into(), reading: reading.into(), panels }
}

fn texts(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).into()).collect()
}

/// About normal: the mean of a few draws.
fn draws(seed: usize, n: usize, mean: f64, sd: f64) -> Vec<f64> {
    let one = |idx: usize| (0..6).map(|k| noise(seed * 7919 + idx * 6 + k) - 0.5).sum::<f64>() * 1.41;
    (0..n).map(|idx| mean + sd * one(idx)).collect()
}

fn intervals(features: &[&str], with_truth: bool) -> PanelBody {
    let row = |region_idx: usize, feature_idx: usize| {
        let estimate = 0.3 * noise(region_idx * 5 + feature_idx * 31) - 0.03;
        IntervalRow {
            label: REGIONS[region_idx].into(),
            group: features[feature_idx].into(),
            estimate: Some(estimate),
            low: Some(estimate - 0.06),
            high: Some(estimate + 0.05),
            filled: estimate > 0.06,
            expected: with_truth.then_some(estimate * 0.9 + 0.02),
            note: if estimate > 0.15 { "***".into() } else { String::new() },
        }
    };
    let rows = (0..6).flat_map(|region| (0..features.len()).map(move |feature| (region, feature)));
    PanelBody::Intervals {
        axis: axis("Shapley value (accuracy)", Some(0.0)),
        rows: rows.map(|(region, feature)| row(region, feature)).collect(),
    }
}

fn groups(labels: &[&str], names: &[&str], n: usize) -> Vec<Distribution> {
    let group = |(idx, label): (usize, &&str), (name_idx, name): (usize, &&str)| Distribution {
        label: (*label).into(),
        group: (*name).into(),
        values: draws(idx * 3 + name_idx, n, 0.4 + 0.1 * idx as f64 + 0.15 * name_idx as f64, 0.12),
    };
    labels.iter().enumerate().flat_map(|label| names.iter().enumerate().map(move |name| group(label, name))).collect()
}

fn matrix(n_rows: usize, n_columns: usize, scale: f64, diverging: bool, show_values: bool) -> PanelBody {
    let value = |row: usize, column: usize| {
        let value = scale * (noise(row * 97 + column) - if diverging { 0.5 } else { 0.0 });
        ((row + 2 * column) % 11 != 7).then_some(value)
    };
    PanelBody::Matrix {
        rows: (0..n_rows).map(|n| REGIONS.get(n).map_or_else(|| format!("site {n}"), |name| (*name).into())).collect(),
        columns: (0..n_columns).map(|n| format!("{} ms", n * 100)).collect(),
        values: (0..n_rows).map(|row| (0..n_columns).map(|column| value(row, column)).collect()).collect(),
        diverging,
        label: "Harm to cue Pearson r".into(),
        show_values,
    }
}

fn series(label: &str, seed: usize, dashed: bool, with_band: bool) -> Series {
    let x: Vec<f64> = (0..45).map(|n| n as f64 * 0.1 - 0.5).collect();
    let y = |idx: usize| {
        0.25 + 0.55 / (1.0 + (-(idx as f64 - 8.0 - seed as f64 * 4.0)).exp()) + 0.03 * noise(seed * 50 + idx)
    };
    let edge = |sign: f64| {
        let edge = |idx: usize| (idx % 17 != 16).then(|| y(idx) + sign * (0.04 + 0.02 * noise(idx)));
        if with_band { (0..45).map(edge).collect() } else { Vec::new() }
    };
    Series {
        label: label.into(),
        y: (0..45).map(|idx| (idx % 17 != 16).then(|| y(idx))).collect(),
        low: edge(-1.0),
        high: edge(1.0),
        x,
        dashed,
    }
}

fn picture(seed: usize) -> String {
    let pixels: Vec<u8> = (0..16 * 16)
        .flat_map(|n| {
            let (y, x) = ((n / 16) as f64 - 7.5, (n % 16) as f64 - 7.5);
            let inside = y.hypot(x) < 3.0 + (seed % 5) as f64;
            let level = if inside { 190.0 + 60.0 * noise(n + seed) } else { 30.0 * noise(n * seed) };
            [level as u8, (level * 0.6) as u8, (level * 0.3) as u8]
        })
        .collect();
    // A picture of a size that fits its pixels is never refused.
    format!("data:image/png;base64,{}", encode_sheet(&pixels, 1, 16, 16).unwrap_or_default())
}

fn pictures(labels: &[&str], n: usize) -> PanelBody {
    let row = |(idx, label): (usize, &&str)| PictureRow {
        label: (*label).into(),
        pictures: (0..n).map(|column| picture(idx * 3 + column)).collect(),
    };
    PanelBody::Pictures {
        rows: labels.iter().enumerate().map(row).collect(),
        columns: (0..n).map(|column| format!("{:.1} s", column as f64 * 0.5)).collect(),
    }
}

fn points(categories: &[&str], n: usize, scale: f64) -> PanelBody {
    let point = |idx: usize| {
        let category = idx % categories.len();
        CategoryPoint {
            x: scale * (noise(idx) + 0.4 * category as f64),
            y: scale * (noise(idx + 7) - 0.3 * category as f64),
            category,
        }
    };
    PanelBody::Points {
        x: axis("First axis", None),
        y: axis("Second axis", Some(0.0)),
        categories: texts(categories),
        points: (0..n).map(point).collect(),
    }
}

fn usual() -> Section {
    let spans = [("fixation", -0.5, 0.0), ("cue", 0.0, 1.0), ("motion", 1.0, 3.9)]
        .map(|(name, from, to)| (name.into(), from, to));
    let lines = |x: &str, series: Vec<Series>| PanelBody::Lines {
        x: axis(x, None),
        y: axis("Accuracy", Some(0.25)),
        series,
        spans: spans.clone().into(),
    };
    let violins = PanelBody::Distributions {
        axis: axis("Pearson r", None),
        form: DistributionForm::Violin,
        groups: groups(&["cue", "motion", "color"], &[], 0),
    };
    let distribution = |form, labels: &[&str], names: &[&str], n| PanelBody::Distributions {
        axis: axis("Pearson r", Some(0.0)),
        form,
        groups: groups(labels, names, n),
    };
    Section {
        slug: "shapley".into(),
        title: "What each region adds, over all coalitions".into(),
        question: "How much of each feature's accuracy is each region's own, shared or synergistic?".into(),
        sizes: "64 coalitions of 6 regions, 140 sites, 512 test trials, 3 seeds of the network at width 32.".into(),
        findings: vec![
            "Shape is carried most by V4: 0.21 (95 % interval 0.15 to 0.26), then IT: 0.12 (0.06 to 0.17).".into(),
            "MT and LIP for shape are not resolvable at this size: both intervals include 0.".into(),
        ],
        caveats: vec!["Shapley values share out redundancy equally; they do not say that a region is needed.".into()],
        charts: vec![
            chart(
                "values",
                "Shapley values",
                "Filled: significant after correction; diamonds: what was planted; bars: 95 % intervals.",
                vec![
                    panel("Shape", intervals(&[""], true)),
                    panel("Shape and motion", intervals(&["shape", "motion"], false)),
                ],
            ),
            chart(
                "by-time",
                "Accuracy by time",
                "Bands: 95 % intervals; dashed: ridge regression; line: chance.",
                vec![
                    panel(
                        "Cue",
                        lines(
                            "Time (s)",
                            vec![series("decoder", 0, false, true), series("ridge regression", 1, true, true)],
                        ),
                    ),
                    panel(
                        "Motion",
                        lines("Time (s)", vec![series("decoder", 3, false, true), series("ridge", 4, true, false)]),
                    ),
                    panel("Color", lines("Time (s)", vec![series("decoder", 2, false, false)])),
                ],
            ),
            chart(
                "spread",
                "Spread over conditions",
                "Boxes: median and quartiles, whiskers at 1.5 interquartile ranges.",
                vec![
                    panel(
                        "Boxes",
                        distribution(DistributionForm::Box, &["cue", "motion", "color"], &["decoder", "ridge"], 64),
                    ),
                    panel("Violins", distribution(DistributionForm::Violin, &REGIONS, &[""], 80)),
                    panel("Points", distribution(DistributionForm::Points, &["cue", "motion", "color"], &[""], 40)),
                    panel("Nothing to show", violins),
                ],
            ),
            chart(
                "windows",
                "Region by window",
                "Color: harm where the region is masked in that window; a dash: not defined.",
                vec![panel("Harm", matrix(6, 8, 0.3, true, true)), panel("Share", matrix(6, 8, 1.0, false, true))],
            ),
            chart(
                "space",
                "Latent space",
                "Each point is a trial.",
                vec![panel("Trials by shape", points(&["circle", "square", "triangle", "cross"], 400, 2.0))],
            ),
            chart(
                "frames",
                "Frames",
                "True above decoded.",
                vec![panel("Averages of a condition", pictures(&["True", "Decoded", "Without V4"], 8))],
            ),
        ],
        tables: vec![DataTable {
            slug: "values".into(),
            title: "Shapley values with their intervals".into(),
            columns: texts(&["Region", "Value", "Low", "High", "Verdict"]),
            rows: (0..6)
                .map(|n| {
                    vec![
                        REGIONS[n].into(),
                        (0.3 * noise(n)).into(),
                        (0.3 * noise(n) - 0.05).into(),
                        TableCell::Missing(()),
                        "carries it".into(),
                    ]
                })
                .collect(),
        }],
    }
}

fn ugly() -> Section {
    let long = |n: usize| format!("{n}: {HOSTILE}");
    let rows = (0..40).map(|n| IntervalRow {
        label: if n % 5 == 0 { long(n) } else { format!("site {n}") },
        estimate: (n % 9 != 4).then(|| noise(n) * 4e-7 - 1e-7),
        low: (n % 3 != 1).then(|| noise(n) * 4e-7 - 1.8e-7),
        high: (n % 3 != 1).then(|| noise(n) * 4e-7 - 0.1e-7),
        filled: n % 2 == 0,
        note: if n % 7 == 0 { "p < .001, corrected by Holm".into() } else { String::new() },
        ..IntervalRow::default()
    });
    let huge = Series {
        label: HOSTILE.into(),
        x: vec![-1e12, 0.0, 2e12],
        y: vec![Some(-3e200), None, Some(5e300)],
        ..Series::default()
    };
    let tiny = Series {
        label: "tiny".into(),
        x: vec![-1e12, 1e12],
        y: vec![Some(1e-300), Some(2e-300)],
        dashed: true,
        ..Series::default()
    };
    let one = |form, values: Vec<f64>| PanelBody::Distributions {
        axis: AxisSpec { label: HOSTILE.into(), reference: Some(-2.0), range: Some([-4.0, 1.0]) },
        form,
        groups: vec![Distribution { label: HOSTILE.into(), group: String::new(), values }],
    };
    let many: Vec<String> = (0..40).map(|n| if n % 6 == 0 { long(n) } else { format!("condition {n}") }).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    Section {
        slug: "ugly".into(),
        title: format!("What is hard to draw: {HOSTILE}"),
        question: "Do long names, many rows, one group, missing values and numbers of any size stay readable?".into(),
        sizes: "Nothing was measured.".into(),
        findings: vec![],
        caveats: vec![HOSTILE.into()],
        charts: vec![
            chart(
                "rows",
                "Forty rows",
                HOSTILE,
                vec![
                    panel(HOSTILE, PanelBody::Intervals { axis: axis("Harm", Some(0.0)), rows: rows.collect() }),
                    panel("No row", PanelBody::Intervals { axis: axis("", None), rows: vec![] }),
                ],
            ),
            chart(
                "numbers",
                "Huge and tiny numbers, one group",
                "",
                vec![
                    panel(
                        "Lines",
                        PanelBody::Lines {
                            x: axis("x", None),
                            y: axis(HOSTILE, Some(0.0)),
                            series: vec![huge, tiny],
                            spans: vec![(HOSTILE.into(), -1e12, 0.0), ("b".into(), 1e12, 1.01e12)],
                        },
                    ),
                    panel("One value", one(DistributionForm::Violin, vec![-3.0])),
                    panel("Equal values", one(DistributionForm::Box, vec![0.5; 9])),
                    panel("Far outside", points(&[HOSTILE, "b"], 12, -4e9)),
                    panel("One field", matrix(1, 1, 1e-8, true, true)),
                ],
            ),
            chart(
                "many",
                "Forty categories and forty groups",
                "",
                vec![panel("Categories", points(&many, 3500, 1e-3))],
            ),
            chart(
                "groups",
                "Forty groups",
                "",
                vec![panel(
                    "Groups",
                    PanelBody::Distributions {
                        axis: axis("Value", None),
                        form: DistributionForm::Box,
                        groups: groups(&many, &[""], 25),
                    },
                )],
            ),
            chart("large", "A large matrix", "", vec![panel("Sites by time", matrix(40, 45, 2.0, false, false))]),
            chart("wide-numbers", "Printed numbers", "", vec![panel("Windows", matrix(12, 20, 3000.0, true, true))]),
            chart("wide-pictures", "Many frames", "", vec![panel("Frames", pictures(&[HOSTILE, "Decoded"], 15))]),
            chart("none", "No panel", "", vec![]),
        ],
        tables: vec![
            DataTable {
                slug: "long".into(),
                title: "Forty rows of words and numbers".into(),
                columns: texts(&["Name", HOSTILE, "Tiny", "Huge", "Words"]),
                rows: (0..40)
                    .map(|n| {
                        vec![
                            format!("row {n}").into(),
                            (noise(n) * 1e3).into(),
                            (noise(n) * 1e-9).into(),
                            (-1e20 * noise(n)).into(),
                            if n % 8 == 0 { HOSTILE.into() } else { TableCell::Missing(()) },
                        ]
                    })
                    .collect(),
            },
            DataTable { slug: "empty".into(), title: "No row".into(), columns: texts(&["a", "b"]), rows: vec![] },
        ],
    }
}
