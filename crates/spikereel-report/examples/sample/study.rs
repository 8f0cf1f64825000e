//! Two invented reports, as the demo has them: a real recording with contrast, a simulated one with planted regions.

mod section;

use spikereel_report::schema::*;
use spikereel_report::sheet::encode_sheet;

type Result<T> = std::result::Result<T, spikereel_report::Error>;

/// The study.
pub fn study() -> Result<Study> {
    Ok(Study {
        schema_version: SCHEMA_VERSION,
        title: "What the regions tell a decoder".into(),
        summary: "A sample of invented numbers, to look at the page: one recording from a mouse's visual task and one \
                  simulated recording with planted regions, decoded into video, scored and masked."
            .into(),
        reports: vec![real()?, simulated()?],
        studies: Some(StudyCounts { n_planned: 3, n_done: 2, n_failed: 1, n_missing: 0 }),
        sections: section::sections(),
    })
}

/// A number in 0..1 that looks random and never changes.
fn noise(seed: usize) -> f64 {
    (((seed as f64 + 1.0) * 12.9898).sin() * 43_758.545_3).fract().abs()
}

fn cell(value: f64, sd: f64) -> ScoreCell {
    ScoreCell { value: Some(value), sd: Some(sd), null_95: None, n: 90 }
}

fn metric(key: &str, label: &str, unit: Option<&str>, better: Better, n_decimals: usize) -> Metric {
    Metric { key: key.into(), label: label.into(), unit: unit.map(Into::into), better, n_decimals }
}

fn row(label: &str, role: Role, cells: Vec<ScoreCell>) -> ScoreRow {
    ScoreRow { label: label.into(), role, cells }
}

fn curves(n: usize, n_epochs: usize) -> Vec<Curve> {
    let curve = |fit: usize| Curve {
        fold: fit,
        seed: 7,
        epochs: (1..=n_epochs)
            .map(|epoch| {
                let fall = (-(epoch as f64) / 9.0).exp();
                let wobble = 0.01 * noise(fit * 100 + epoch);
                EpochLoss {
                    epoch,
                    train_loss: Some(0.04 + 0.5 * fall + wobble),
                    validation_loss: Some(0.075 + 0.48 * fall + 2.0 * wobble + 0.0006 * epoch as f64),
                }
            })
            .collect(),
        kept_epoch: Some(n_epochs * 3 / 4 + fit),
    };
    (0..n).map(curve).collect()
}

fn settings(pairs: &[(&str, &str)]) -> Vec<Setting> {
    pairs.iter().map(|(name, value)| Setting { name: (*name).into(), value: (*value).into() }).collect()
}

/// A clip: `paint(frame, y, x)` gives a color in 0..=1.
fn sheet(n_frames: usize, size: usize, paint: impl Fn(usize, usize, usize) -> [f64; 3]) -> Result<String> {
    let mut pixels = Vec::with_capacity(n_frames * size * size * 3);
    for frame in 0..n_frames {
        for y in 0..size {
            for x in 0..size {
                pixels.extend(paint(frame, y, x).map(|value| (value.clamp(0.0, 1.0) * 255.0).round() as u8));
            }
        }
    }
    encode_sheet(&pixels, n_frames, size, size)
}

fn gabor(y: usize, x: usize, center: f64, contrast: f64) -> f64 {
    let (dx, dy) = (x as f64 - center, y as f64 - 15.5);
    contrast * 0.5 * (-(dx * dx + dy * dy) / 40.0).exp() * ((dx + dy) * 1.1).cos()
}

fn gray_clip(left: f64, right: f64, grain: f64) -> Result<String> {
    sheet(20, 32, |frame, y, x| {
        let grain = grain * (noise((frame * 32 + y) * 32 + x) - 0.5);
        let value = 0.5 + gabor(y, x, 8.0, left) + gabor(y, x, 24.0, right) + grain;
        [value; 3]
    })
}

fn real() -> Result<Report> {
    let regions = ["VISp", "VISl", "VISrl", "SCsg", "CA1", "DG", "SUB", "POST", "TH", "LP", "ACA", "MOs", "PL"];
    let levels = [0.0, 0.25, 0.5, 1.0];
    let scatter = |factor: &str, slope: f64, pearson: f64, ridge: f64| Scatter {
        factor: factor.into(),
        unit: None,
        readout: format!(
            "The {factor} is read by projecting the decoded video on the known patch, fitted on nothing but the stimulus."
        ),
        decoder_pearson: Some(pearson),
        ridge_pearson: Some(ridge),
        null_95: Some(0.09),
        points: (0..447)
            .map(|n| {
                let truth = levels[(noise(n * 3) * 3.99) as usize];
                [truth, 0.14 + slope * truth + (1.0 - slope) * 0.9 * (noise(n * 7 + 1) + noise(n * 11 + 5) - 1.0)]
            })
            .collect(),
    };
    let masked = |label: &str, feature: &str, strong: &[(usize, f64)], unmasked: f64| {
        let cells: Vec<MaskingCell> = (0..regions.len())
            .map(|idx| {
                let strong = strong.iter().find(|(other, _)| *other == idx).map(|(_, harm)| *harm);
                let harm = strong.unwrap_or(0.02 * (noise(idx * 31 + feature.len()) - 0.4));
                let half = 0.012 + 0.01 * noise(idx * 17);
                MaskingCell {
                    harm: Some(harm),
                    ci_low: Some(harm - half),
                    ci_high: Some(harm + half),
                    p: Some(if strong.is_some() { 0.0004 } else { 0.2 + 0.5 * noise(idx) }),
                    p_holm: Some(if strong.is_some() { 0.004 } else { 1.0 }),
                    published: None,
                }
            })
            .collect();
        let label = label.to_string();
        (
            MaskedFeature {
                feature: feature.into(),
                label,
                unit: Some("r".into()),
                unmasked_score: Some(unmasked),
                n_decimals: 3,
            },
            cells,
        )
    };
    let (left, left_cells) = masked("Left contrast (Pearson r)", "left contrast", &[(3, 0.031)], 0.56);
    let (right, right_cells) =
        masked("Right contrast (Pearson r)", "right contrast", &[(0, 0.121), (1, 0.055), (3, 0.07)], 0.83);
    let clips = [(1.0, 0.0), (0.0, 1.0), (0.5, 0.5), (0.0, 0.0), (1.0, 1.0), (0.25, 1.0)];
    Ok(Report {
        title: "A mouse discriminates contrast".into(),
        kind: Kind::Real,
        findings: vec![
            "On 447 test trials the decoded videos carry left contrast (Pearson 0.56, ridge regression 0.57, noise below 0.09) and right contrast (0.83, 0.84, 0.09).".into(),
            "The decoder reads right contrast most through VISp (corrected p = .004), also SCsg and VISl; left contrast through SCsg alone.".into(),
            "Choice and movement co-vary with contrast, so what a region tells here need not be vision.".into(),
        ],
        caveats: vec![
            "Left against right contrast is decodable in many non-visual regions too, because choice and movement co-vary with it.".into(),
            "Licking and wheel turns begin about 200 ms after stimulus onset.".into(),
            "There is no colored moving stimulus in this recording: shape, color and motion by region are exercised on simulated recordings.".into(),
        ],
        fits: FitCounts { n_planned: 5, n_done: 5, n_failed: 0, n_missing: 0, notes: vec![] },
        data: DataSummary {
            name: "Steinmetz et al. 2019, session 10".into(),
            origin: "Mouse, Neuropixels; DANDI:000017, CC-BY-4.0".into(),
            n_sessions: 1,
            n_trials: 447,
            n_sites: 1172,
            n_conditions: 16,
            regions: regions.iter().enumerate().map(|(idx, name)| RegionSummary { name: (*name).into(), n_sites: 30 + (noise(idx) * 120.0) as usize }).collect(),
            factors: ["left contrast", "right contrast"].map(|name| Factor { name: name.into(), levels: levels.iter().map(ToString::to_string).collect() }).into(),
            bins: Bins { n_bins: 4, start_secs: 0.0, width_secs: 0.1, step_secs: 0.1 },
            standardisation: "per site, fitted on training trials".into(),
            target: "two Gabor patches of the trial's own contrasts, static; fully set by the condition".into(),
            remarks: vec!["Sites labelled root are unassigned and were left out.".into()],
        },
        split: SplitSummary {
            unit: "real trial".into(),
            rule: "Five folds by real trial, stratified by condition; values are pooled out of fold, so each trial is tested once by a network that never saw it.".into(),
            folds: (0..5).map(|idx| FoldSizes { n_train: 313, n_validation: 44, n_test: if idx < 3 { 89 } else { 90 } }).collect(),
            leaks: vec![
                Leak { what: "real trials".into(), n_on_both_sides: 0, n_in_test: 90, explanation: None },
                Leak { what: "stimulus clips".into(), n_on_both_sides: 16, n_in_test: 16, explanation: Some("the two contrasts fix the picture.".into()) },
            ],
            leak_effect: None,
        },
        network: NetworkSummary {
            name: "decoder".into(),
            n_parameters: 312_003,
            base_channels: 8,
            precision: "f32".into(),
            settings: settings(&[("Optimiser", "Adamax, learning rate 0.003"), ("Batch", "16"), ("Epochs", "40, best by validation kept")]),
        },
        curves: curves(5, 40),
        scores: vec![ScoreTable {
            title: "Out of fold, single trials".into(),
            note: "Pooled over all test trials of five folds; standard deviations are over folds. The mean video is constant, so its correlation is not defined and stands as a dash.".into(),
            metrics: vec![
                metric("left_pearson", "Left contrast, Pearson r", None, Better::Higher, 2),
                metric("right_pearson", "Right contrast, Pearson r", None, Better::Higher, 2),
                metric("mse", "Mean squared error", None, Better::Lower, 4),
            ],
            rows: vec![
                row("Decoder", Role::Decoder, vec![cell(0.56, 0.04), cell(0.83, 0.02), cell(0.0041, 0.0003)]),
                row("Ridge regression", Role::Baseline, vec![cell(0.57, 0.03), cell(0.84, 0.02), cell(0.0043, 0.0002)]),
                row("Nearest class mean", Role::Baseline, vec![cell(0.41, 0.05), cell(0.74, 0.03), cell(0.0069, 0.0005)]),
                row("Mean video", Role::Baseline, vec![ScoreCell::default(), ScoreCell::default(), cell(0.0088, 0.0001)]),
                row("Noise inputs", Role::Null, [0.0, 0.01, 0.012].iter().zip([0.09, 0.09, 0.0102]).map(|(value, limit)| ScoreCell { value: Some(*value), sd: None, null_95: Some(limit), n: 1000 }).collect()),
            ],
            conditions: vec![],
        }],
        scatters: vec![scatter("left contrast", 0.42, 0.56, 0.57), scatter("right contrast", 0.68, 0.83, 0.84)],
        masking: Some(MaskingTable {
            features: vec![left, right],
            regions: regions.map(Into::into).into(),
            cells: vec![left_cells, right_cells],
            statistics: "Inputs of one region at a time are set to 0 (their mean) after standardisation, at test time. Harm is tested one-sided by a bootstrap over trials and networks, corrected by Holm over the table.".into(),
            alpha: 0.05,
        }),
        planted: None,
        videos: Some(Videos {
            note: "Mean decoded video of the test trials of a condition beside its true video.".into(),
            n_frames: 20,
            height: 32,
            width: 32,
            frame_rate_hz: 50.0,
            phases: vec![Phase { name: "stimulus".into(), n_frames: 20 }],
            tracks: vec!["True".into(), "Decoded".into()],
            clips: clips
                .iter()
                .map(|&(left, right)| {
                    Ok(Clip {
                        label: format!("left {left}, right {right}"),
                        sheets: vec![gray_clip(left, right, 0.0)?, gray_clip(0.1 + left * 0.5, 0.05 + right * 0.75, 0.05)?],
                    })
                })
                .collect::<Result<_>>()?,
        }),
        citations: vec![Citation {
            text: "Steinmetz, Zatka-Haas, Carandini & Harris (2019). Distributed coding of choice, action and engagement across the mouse brain. Nature 576, 266-273.".into(),
            url: Some("https://doi.org/10.1038/s41586-019-1787-x".into()),
        }],
    })
}

/// A colored cue, then dots that move.
fn dots_clip(shape: usize, color: [f64; 3], angle: f64, blur: f64) -> Result<String> {
    sheet(45, 32, |frame, y, x| {
        let (dx, dy) = (x as f64 - 15.5, y as f64 - 15.5);
        let fixation = if dx.abs() < 1.2 && dy.abs() < 1.2 { 0.9 } else { 0.0 };
        if frame < 5 {
            return [fixation; 3];
        }
        if frame < 15 {
            let inside = match shape {
                0 => dx.hypot(dy) < 8.0,
                1 => dx.abs() < 7.0 && dy.abs() < 7.0,
                2 => dy < 7.0 && dx.abs() < (dy + 9.0) / 2.0,
                _ => dx.abs() < 2.5 && dy.abs() < 9.0 || dy.abs() < 2.5 && dx.abs() < 9.0,
            };
            return [if inside { 0.85 - blur * 0.3 * noise(x + 40 * y) } else { blur * 0.12 * noise(y * 32 + x) }; 3];
        }
        if dx.hypot(dy) > 15.0 {
            return [0.0; 3];
        }
        let step = (frame - 15) as f64 * 0.5;
        let (u, v) =
            ((x as f64 - step * angle.cos()).rem_euclid(32.0), (y as f64 - step * angle.sin()).rem_euclid(32.0));
        let dot = if noise(u as usize * 37 + v as usize * 101) > 0.8 { 1.0 } else { 0.0 };
        let level = (1.0 - blur) * dot + blur * 0.28;
        color.map(|channel| channel * level)
    })
}

fn simulated() -> Result<Report> {
    let regions = ["IT", "V4", "MT", "LIP", "FEF", "PFC"];
    let planted = |feature: &str, drops: [f64; 6], accuracy: f64, top: usize, margin: f64| PlantedFeature {
        feature: feature.into(),
        chance: 0.25,
        accuracy,
        drop_when_left_out: drops.to_vec(),
        shapley: drops.iter().map(|drop| drop * 1.6 + 0.03).collect(),
        top_region_idx: top,
        top_margin: margin,
    };
    let feature = |feature: &str, label: &str, unit: &str, unmasked: f64, n_decimals| MaskedFeature {
        feature: feature.into(),
        label: label.into(),
        unit: Some(unit.into()),
        unmasked_score: Some(unmasked),
        n_decimals,
    };
    let cells = |harms: [f64; 6], half: f64| -> Vec<MaskingCell> {
        harms
            .iter()
            .map(|&harm| {
                let is_strong = harm > 1.5 * half;
                MaskingCell {
                    harm: Some(harm),
                    ci_low: Some(harm - half),
                    ci_high: Some(harm + half),
                    p: Some(if is_strong { 0.0002 } else { 0.31 }),
                    p_holm: Some(if harm > 4.0 * half {
                        0.0009
                    } else if is_strong {
                        0.03
                    } else {
                        1.0
                    }),
                    published: Some(PublishedTest {
                        metric: "paired frames".into(),
                        t: Some(harm / half * 1.9),
                        p: Some(if is_strong { 0.0004 } else { 0.4 }),
                    }),
                }
            })
            .collect()
    };
    let colors = [
        ("red", [0.95, 0.2, 0.15]),
        ("green", [0.2, 0.85, 0.3]),
        ("blue", [0.25, 0.4, 1.0]),
        ("yellow", [0.95, 0.85, 0.2]),
    ];
    let shapes = ["circle", "square", "triangle", "cross"];
    let directions = [("right", 0.0), ("up", -1.571), ("left", std::f64::consts::PI), ("down", 1.571)];
    let clip = |n: usize| {
        let (color, direction) = (&colors[(n + 1) % 4], &directions[(n * 3) % 4]);
        Ok(Clip {
            label: format!("{} · {} · {} · fast", shapes[n % 4], color.0, direction.0),
            sheets: vec![
                dots_clip(n % 4, color.1, direction.1, 0.0)?,
                dots_clip(n % 4, color.1.map(|c| 0.1 + 0.75 * c), direction.1, 0.7)?,
            ],
        })
    };
    let conditions = (0..64).map(|n| ConditionScores {
        condition: format!("{}, {}, {}, {}", shapes[n % 4], colors[n / 4 % 4].0, directions[n / 16].0, "fast"),
        n: 8,
        values: vec![Some(0.9 + 0.09 * noise(n)), Some(0.88 + 0.1 * noise(n + 99)), Some(12.0 * noise(n + 7)), None],
    });
    Ok(Report {
        title: "A simulated cortex with planted regions".into(),
        kind: Kind::Simulated,
        findings: vec![
            "On 512 test trials the decoded videos carry cue shape (Pearson 0.96, ridge regression 0.94, noise below 0.31), color (0.97) and motion (6.1 degrees off).".into(),
            "The decoder reads shape most through V4 (corrected p < .001), also IT; color most through V4; motion through MT alone.".into(),
            "Masking named the planted top region for 3 of 3 features (shape: V4, color: V4, motion: MT).".into(),
        ],
        caveats: vec![
            "A simulated recording shows that the analysis finds what is there; it says nothing about any brain.".into(),
            "Dot positions are not related to spikes here and cannot be decoded; only their color and direction can.".into(),
        ],
        fits: FitCounts { n_planned: 3, n_done: 2, n_failed: 1, n_missing: 0, notes: vec!["seed 3 diverged at epoch 2".into()] },
        data: DataSummary {
            name: "Simulated cortex, preset standard".into(),
            origin: "Made by the simulator from seed 7".into(),
            n_sessions: 1,
            n_trials: 3072,
            n_sites: 140,
            n_conditions: 64,
            regions: regions.iter().zip([20, 30, 30, 20, 20, 20]).map(|(name, n_sites)| RegionSummary { name: (*name).into(), n_sites }).collect(),
            factors: vec![
                Factor { name: "shape".into(), levels: shapes.map(Into::into).into() },
                Factor { name: "color".into(), levels: colors.iter().map(|color| color.0.into()).collect() },
                Factor { name: "motion".into(), levels: directions.iter().map(|direction| direction.0.into()).collect() },
            ],
            bins: Bins { n_bins: 45, start_secs: -0.5, width_secs: 0.1, step_secs: 0.1 },
            standardisation: "per site, fitted on training trials".into(),
            target: "one of 60 videos of the trial's condition; dot positions are not related to the spikes".into(),
            remarks: vec![],
        },
        split: SplitSummary {
            unit: "real trial".into(),
            rule: "By real trial, stratified by condition; the three parts get videos from separate streams.".into(),
            folds: vec![FoldSizes { n_train: 2048, n_validation: 512, n_test: 512 }],
            leaks: vec![
                Leak { what: "real trials".into(), n_on_both_sides: 0, n_in_test: 512, explanation: None },
                Leak { what: "stimulus clips".into(), n_on_both_sides: 0, n_in_test: 512, explanation: None },
            ],
            leak_effect: None,
        },
        network: NetworkSummary { name: "decoder".into(), n_parameters: 3_554_915, base_channels: 32, precision: "f32".into(), settings: settings(&[("Optimiser", "Adamax, learning rate 0.002"), ("Loss weights", "fixation 1, cue 2, motion 5"), ("Pseudo-trials", "drawn anew each epoch")]) },
        curves: curves(1, 60),
        scores: vec![
            ScoreTable {
                title: "Condition averages".into(),
                note: "Decoded videos of a condition's test trials are averaged, then scored against its class-mean video; standard deviations are over 64 conditions.".into(),
                metrics: vec![
                    metric("cue_pearson", "Cue, Pearson r", None, Better::Higher, 2),
                    metric("rgb_pearson", "Color, Pearson r", None, Better::Higher, 2),
                    metric("angle", "Motion, angle error", Some("deg"), Better::Lower, 1),
                    metric("ssim", "Structural similarity", None, Better::Higher, 2),
                ],
                rows: vec![
                    row("Decoder", Role::Decoder, vec![cell(0.96, 0.03), cell(0.97, 0.02), cell(6.1, 3.2), cell(0.71, 0.04)]),
                    row("Nearest class mean", Role::Baseline, vec![cell(0.91, 0.06), cell(0.93, 0.05), cell(9.8, 6.5), cell(0.64, 0.05)]),
                    row("Ridge regression", Role::Baseline, vec![cell(0.94, 0.04), cell(0.95, 0.03), cell(8.0, 4.4), cell(0.69, 0.04)]),
                    row("Mean video", Role::Baseline, vec![cell(0.49, 0.11), cell(0.58, 0.15), cell(90.0, 1.0), cell(0.41, 0.04)]),
                    row("Noise inputs", Role::Null, [(0.05, 0.31), (0.12, 0.55), (90.0, 71.0), (0.2, 0.31)].map(|(value, limit)| ScoreCell { value: Some(value), sd: None, null_95: Some(limit), n: 1000 }).into()),
                    row("Ceiling", Role::Ceiling, vec![cell(1.0, 0.0), cell(0.99, 0.01), cell(1.8, 0.9), cell(0.86, 0.02)]),
                ],
                conditions: conditions.collect(),
            },
        ],
        scatters: vec![],
        masking: Some(MaskingTable {
            features: vec![feature("shape", "Shape (cue Pearson r)", "r", 0.96, 3), feature("color", "Color (RGB Pearson r)", "r", 0.97, 3), feature("motion", "Motion (angle error)", "deg", 6.1, 1)],
            regions: regions.map(Into::into).into(),
            cells: vec![cells([0.16, 0.29, 0.004, 0.03, 0.01, -0.004], 0.018), cells([0.11, 0.22, 0.01, 0.004, -0.01, 0.002], 0.015), cells([0.8, 2.1, 41.0, 4.2, 6.3, -0.5], 2.6)],
            statistics: "Inputs of one region at a time are set to 0 (their mean) after standardisation, at test time. Harm is the change of the score over conditions, tested one-sided by a hierarchical bootstrap (conditions within seeds of the network, 10,000 draws), corrected by Holm over the table.".into(),
            alpha: 0.05,
        }),
        planted: Some(Planted {
            preset: "standard".into(),
            regions: regions.map(Into::into).into(),
            features: vec![
                planted("shape", [0.09, 0.19, 0.0, 0.01, 0.005, 0.0], 0.93, 1, 0.10),
                planted("color", [0.06, 0.17, 0.0, 0.0, 0.01, 0.0], 0.95, 1, 0.11),
                planted("motion", [0.0, 0.01, 0.31, 0.02, 0.03, 0.0], 0.88, 2, 0.28),
            ],
            condition_accuracy: 0.71,
            within_condition_correlation: 0.14,
            n_observer_trials: 20_000,
        }),
        videos: Some(Videos {
            note: "Mean decoded video of the test trials of a condition beside one true video of it.".into(),
            n_frames: 45,
            height: 32,
            width: 32,
            frame_rate_hz: 10.0,
            phases: [("fixation", 5), ("cue", 10), ("motion", 30)].map(|(name, n_frames)| Phase { name: name.into(), n_frames }).into(),
            tracks: vec!["True".into(), "Decoded".into()],
            clips: (0..8).map(clip).collect::<Result<_>>()?,
        }),
        citations: vec![Citation { text: "Okabe & Ito (2008). Color universal design.".into(), url: Some("https://jfly.uni-koeln.de/color/".into()) }],
    })
}
