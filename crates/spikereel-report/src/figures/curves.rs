//! The learning curve: loss on training and validation trials by epoch, one thin line a fit, their mean in bold.

use super::{Figure, PANEL_WIDTH_PT, Panel};
use crate::schema::{Curve, EpochLoss, Report};
use crate::svg::{Anchor, Axis, Fill, Label, Paint, Stroke, Svg};
use crate::tables::{Cell, Table};

const HEIGHT_PT: f64 = 150.0;
/// A loss that falls by more than this is drawn on a logarithmic axis.
const LOG_RATIO: f64 = 8.0;

type Loss = fn(&EpochLoss) -> Option<f64>;

pub(super) fn figure(report: &Report) -> Option<Figure> {
    let curves: Vec<&Curve> = report.curves.iter().filter(|curve| !curve.epochs.is_empty()).collect();
    if curves.is_empty() {
        return None;
    }
    let n_fits = curves.len();
    let reading = if n_fits == 1 {
        "The ring marks the epoch whose weights were kept. Training went on too long where validation turns up."
    } else {
        "One thin line a fit (fold or seed of the network), their mean in bold; rings mark the epochs whose weights were kept. \
         Training went on too long where validation turns up."
    };
    Some(Figure {
        slug: "learning-curve".into(),
        title: "Learning curve".into(),
        reading: reading.into(),
        panels: vec![panel(&curves)],
        table: table(&curves),
    })
}

fn panel(curves: &[&Curve]) -> Panel {
    let mut svg = Svg::new(PANEL_WIDTH_PT, HEIGHT_PT);
    let losses =
        || curves.iter().flat_map(|curve| &curve.epochs).flat_map(|e| [e.train_loss, e.validation_loss]).flatten();
    let positive = || losses().filter(|loss| *loss > 0.0);
    let ratio = positive().fold(0.0, f64::max) / positive().fold(f64::INFINITY, f64::min);
    let is_log = ratio > LOG_RATIO && losses().all(|loss| loss > 0.0);
    let y_axis = if is_log { Axis::around_log(losses()) } else { Axis::around(losses(), &[], 5) };
    let y_axis = y_axis.between(HEIGHT_PT - 26.0, 18.0);
    let epochs = curves.iter().flat_map(|curve| &curve.epochs).map(|epoch| epoch.epoch as f64);
    let x_axis = Axis::around(epochs, &[0.0], 6).between(34.0, PANEL_WIDTH_PT - 42.0);
    let mut labels = Vec::new();
    let lines: [(Loss, Paint, &str); 2] = [
        (|epoch| epoch.train_loss, Paint::Sky, "training"),
        (|epoch| epoch.validation_loss, Paint::Orange, "validation"),
    ];
    for (loss, paint, name) in lines {
        let mut end = None;
        let alone = curves.len() == 1;
        for curve in curves {
            let points: Vec<(f64, f64)> = points(curve, loss).map(|(x, y)| (x_axis.at(x), y_axis.at(y))).collect();
            end = points.last().copied().or(end);
            let stroke = if alone { Stroke::new(paint, 1.0) } else { Stroke::new(paint, 0.5).faded(0.45) };
            svg.line(&points, stroke);
        }
        if !alone {
            let mean: Vec<(f64, f64)> = mean(curves, loss).iter().map(|&(x, y)| (x_axis.at(x), y_axis.at(y))).collect();
            end = mean.last().copied().or(end);
            svg.line(&mean, Stroke::new(paint, 1.25));
        }
        if let Some((x, y)) = end {
            labels.push((x + 5.0, y + 2.0, name, paint));
        }
    }
    for curve in curves {
        let kept = curve.epochs.iter().find(|epoch| Some(epoch.epoch) == curve.kept_epoch);
        if let Some((kept, loss)) = kept.and_then(|kept| Some((kept, kept.validation_loss.or(kept.train_loss)?))) {
            svg.ring(x_axis.at(kept.epoch as f64), y_axis.at(loss), 2.0, Paint::Ink);
        }
    }
    keep_apart(&mut labels);
    for (x, y, name, paint) in labels {
        svg.disk(x, y - 2.0, 1.6, Fill::new(paint));
        svg.text(x + 4.0, y, name, Label::new(6.0));
    }
    x_axis.draw_horizontal(&mut svg, HEIGHT_PT - 24.0, false, Paint::Ink);
    y_axis.draw_vertical(&mut svg, 30.0);
    svg.text((34.0 + PANEL_WIDTH_PT - 42.0) / 2.0, HEIGHT_PT - 4.0, "Epoch", Label::new(7.0).anchor(Anchor::Middle));
    let y_title = if is_log { "Loss (log)" } else { "Loss" };
    svg.text(8.0, HEIGHT_PT / 2.0, y_title, Label::new(7.0).anchor(Anchor::Middle).upwards());
    let n = curves.len();
    Panel {
        title: "Loss by epoch".into(),
        description: format!("Training and validation loss by epoch, {n} fits"),
        svg,
    }
}

fn points(curve: &Curve, loss: Loss) -> impl Iterator<Item = (f64, f64)> {
    curve.epochs.iter().filter_map(move |epoch| Some((epoch.epoch as f64, loss(epoch)?)))
}

/// Mean over fits, at the epochs that every fit reached.
fn mean(curves: &[&Curve], loss: Loss) -> Vec<(f64, f64)> {
    let Some((first, others)) = curves.split_first() else { return Vec::new() };
    points(first, loss)
        .filter_map(|(epoch, value)| {
            let mut sum = value;
            for curve in others {
                sum += points(curve, loss).find(|(other, _)| *other == epoch)?.1;
            }
            Some((epoch, sum / curves.len() as f64))
        })
        .collect()
}

/// Moves two labels apart that would stand on each other.
fn keep_apart(labels: &mut [(f64, f64, &str, Paint)]) {
    if let [first, second] = labels {
        let gap = second.1 - first.1;
        if gap.abs() < 8.0 {
            let push = (8.0 - gap.abs()) / 2.0 * if gap < 0.0 { -1.0 } else { 1.0 };
            first.1 -= push;
            second.1 += push;
        }
    }
}

fn table(curves: &[&Curve]) -> Table {
    let mut table = Table::new(&["fold", "seed", "epoch", "train_loss", "validation_loss", "kept"]);
    for curve in curves {
        for epoch in &curve.epochs {
            table.rows.push(vec![
                Cell::Count(curve.fold as u64),
                Cell::Count(curve.seed),
                Cell::Count(epoch.epoch as u64),
                Cell::Number(epoch.train_loss),
                Cell::Number(epoch.validation_loss),
                Cell::Count(u64::from(Some(epoch.epoch) == curve.kept_epoch)),
            ]);
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_curve_stops_where_the_first_fit_stopped() {
        let curve = |losses: &[f64]| Curve {
            fold: 0,
            seed: 1,
            epochs: losses
                .iter()
                .enumerate()
                .map(|(idx, &loss)| EpochLoss { epoch: idx + 1, train_loss: Some(loss), validation_loss: None })
                .collect(),
            kept_epoch: None,
        };
        let (a, b) = (curve(&[4.0, 2.0, 1.0]), curve(&[2.0, 1.0]));
        assert_eq!(mean(&[&a, &b], |epoch| epoch.train_loss), [(1.0, 3.0), (2.0, 1.5)]);
        assert!(mean(&[&a, &b], |epoch| epoch.validation_loss).is_empty());
    }
}
