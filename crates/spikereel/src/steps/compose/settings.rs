//! The network and how it was trained, as names and values.

use super::Stored;
use crate::config::choices::{Course, LossScale, Optimiser, Redraw, Start};
use spikereel_report::schema::{NetworkSummary, Setting};

pub(super) fn network(stored: &Stored<'_>) -> NetworkSummary {
    let train = &stored.config.train;
    let rate = match train.schedule {
        Course::Constant => String::new(),
        Course::Step => format!(", times {} every {} epochs", train.lr_gamma, train.lr_step_epochs),
        Course::Cosine => format!(", half a cosine down to {} of it", train.lr_floor),
    };
    let optimiser = match train.optimiser {
        Optimiser::Adamax => "Adamax",
        Optimiser::Adam => "Adam",
    };
    let redraw = match train.redraw {
        Redraw::Off => "none".to_string(),
        Redraw::PerSession => "each epoch, a session's sites together".into(),
        Redraw::PerRegion => "each epoch, a region's sites together".into(),
        Redraw::PerSite => "each epoch, every site on its own".into(),
    };
    let loss = match train.loss_scale {
        LossScale::Code => "weighted dissimilarity over the sum of weights, plus mean squared error (published code)",
        LossScale::Paper => "weighted dissimilarity, plus summed squared error (published formula)",
    };
    let start = match train.start {
        Start::Published => "PyTorch's defaults, as published",
        Start::Fitted => "fitted to the training videos, convolutions scaled",
    };
    let settings = [
        ("Optimiser", format!("{optimiser}, learning rate {}{rate}", train.learning_rate)),
        (
            "Epochs",
            format!("{}, {}", train.epochs, if train.use_best { "best by validation loss kept" } else { "last kept" }),
        ),
        ("Batch", train.batch_size.to_string()),
        ("Loss", loss.into()),
        (
            "Weights in the loss",
            format!(
                "fixation {}, cue {}, stimulus {}; squared error {}",
                train.fixation_weight, train.cue_weight, train.stimulus_weight, train.squared_error_weight
            ),
        ),
        ("Start", start.into()),
        ("Re-drawn training trials", redraw),
        (
            "Noise on training spikes",
            if train.input_noise_sd > 0.0 { format!("sd {}", train.input_noise_sd) } else { "none".into() },
        ),
        ("Networks a fold", stored.config.n_network_seeds.to_string()),
    ];
    NetworkSummary {
        name: "decoder (published layers)".into(),
        n_parameters: stored.curves.iter().find_map(|(_, curve)| Some(curve.as_ref()?.n_parameters)).unwrap_or(0),
        base_channels: stored.config.network.base_channels,
        precision: stored.config.precision.of_engine().name().into(),
        settings: settings.into_iter().map(|(name, value)| Setting { name: name.into(), value }).collect(),
    }
}
