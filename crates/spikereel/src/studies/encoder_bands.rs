//! The encoder's courses in two bands, as the paper asks for: explained variance of slow and of fast changes.

use super::Context;
use super::words::short;
use spikereel_analysis::signal::{Band, Butterworth, filtfilt};
use spikereel_analysis::study::encoder_scores::{BandScore, EncoderStudy, band_scores};
use spikereel_data::rng::derive_seed;
use spikereel_report::schema::{AxisSpec, Chart, ChartPanel, IntervalRow, PanelBody};

/// Order of the filter. The paper names none; 4 is the usual one.
const ORDER: usize = 4;
/// Where the bands meet: the lower end of the paper's "2 to 10 Hz".
const SPLIT_HZ: f64 = 2.0;

/// What the bands say.
pub struct Bands {
    /// One sentence a band, or why there is none.
    pub findings: Vec<String>,
    /// The figure, where there are bands.
    pub chart: Option<Chart>,
    /// Why the paper's bands are not these.
    pub caveat: String,
}

/// Filters recorded and predicted courses and scores them, band by band.
pub fn bands(context: &Context<'_>, found: &EncoderStudy) -> Bands {
    let rate_hz = 1.0 / context.main.dataset.bins.step_secs;
    let caveat = format!(
        "The paper's bands, 2 to 10 Hz and above 10 Hz, cannot exist in bins of {:.0} ms: nothing above {:.1} Hz does. Bands here meet at \
         {SPLIT_HZ} Hz of the true rate (Butterworth, order {ORDER}, forward and backward).",
        1e3 * context.main.dataset.bins.step_secs,
        rate_hz / 2.0
    );
    let (mut findings, mut panels) = (Vec::new(), Vec::new());
    for (name, band) in [("below", Band::Low(SPLIT_HZ)), ("above", Band::High(SPLIT_HZ))] {
        let filter = match Butterworth::new(ORDER, band, rate_hz) {
            Ok(filter) => filter,
            Err(error) => {
                findings.push(format!("Explained variance {name} {SPLIT_HZ} Hz cannot be had here: {error}."));
                continue;
            }
        };
        let seed = derive_seed(context.seed, "encoder/bands");
        let scores =
            band_scores(found, &|course| filtfilt(&filter, course).ok(), context.sizes.n_bootstrap, seed, name);
        if scores.iter().all(|score| score.summary.mean.is_none()) {
            findings.push(format!("A course of so few bins is too short to be filtered {name} {SPLIT_HZ} Hz."));
            continue;
        }
        findings.push(sentence(name, &scores));
        let row = |score: &BandScore| IntervalRow {
            label: score.region.clone(),
            estimate: score.summary.mean,
            low: score.interval_95.map(|ends| ends[0]),
            high: score.interval_95.map(|ends| ends[1]),
            filled: score.interval_95.is_some_and(|ends| ends[0] > 0.0),
            ..IntervalRow::default()
        };
        let axis = AxisSpec { label: "R2 of region means".into(), reference: Some(0.0), range: None };
        let body = PanelBody::Intervals { axis, rows: scores.iter().map(row).collect() };
        panels.push(ChartPanel { title: format!("{name} {SPLIT_HZ} Hz"), body });
    }
    let chart = (!panels.is_empty()).then(|| Chart {
        slug: "bands".into(),
        title: "Explained variance in two bands".into(),
        reading: "Mean over conditions with its 95 % interval; filled where the interval lies above 0. Below 0 the prediction is worse than \
                  the course's own mean."
            .into(),
        panels,
    });
    Bands { findings, chart, caveat }
}

fn sentence(name: &str, scores: &[BandScore]) -> String {
    let of_region = |score: &BandScore| match (score.summary.mean, score.interval_95) {
        (Some(mean), Some([low, high])) => {
            format!("{} {} ({} to {})", score.region, short(mean), short(low), short(high))
        }
        (Some(mean), None) => format!("{} {}", score.region, short(mean)),
        _ => format!("{} not defined", score.region),
    };
    let regions: Vec<String> = scores.iter().map(of_region).collect();
    format!("R2 {name} {SPLIT_HZ} Hz, with 95 % intervals: {}.", regions.join(", "))
}
