//! The side of `bench` that runs this engine, a process of its own: it answers each line on stdin with the seconds of one step.

use super::problem::{Problem, read_f32};
use crate::provenance::peak_memory_bytes;
use crate::{Error, Result};
use serde::{Deserialize, Serialize};
use spikereel_kernels::fast::{Fast, Precision};
use spikereel_nn::{Engine, Mode, NetworkDecoder, Optimiser, OptimiserConfig, Wants, Weights};
use std::io::{BufRead, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

/// The learning rate of a timed step: the published one.
const LEARNING_RATE: f64 = 0.01;

/// What a worker says: losses when it is ready, seconds after each step, its peak of memory at the end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Said {
    /// Ready.
    Ready {
        /// Losses of two training steps from the given weights.
        losses: Vec<f64>,
        /// Version of the engine.
        version: String,
    },
    /// After a step.
    Step {
        /// How long it took.
        secs: f64,
    },
    /// At the end.
    End {
        /// Peak resident memory.
        peak_bytes: u64,
    },
}

struct Training {
    engine: Engine<Fast>,
    optimiser: Optimiser<f32>,
    weights: Weights<f32>,
}

/// Runs until stdin ends.
///
/// # Errors
/// Files that [`Problem::write`] did not write, an I/O error, an unknown line.
pub fn work(folder: &Path, problem: &Problem, precision: Precision) -> Result<()> {
    let network = Arc::new(problem.network()?);
    let start = NetworkDecoder::load(&folder.join("weights.safetensors"))?.weights().clone();
    let (spikes, videos) = (read_f32(&folder.join("spikes.f32"))?, read_f32(&folder.join("videos.f32"))?);
    let loss = problem.loss()?;
    let engine = |wants| Engine::new(Arc::clone(&network), Fast::new(precision), wants, &[]);
    let new_training = || Training {
        engine: engine(Wants::TRAINING),
        optimiser: Optimiser::new(OptimiserConfig::default(), network.n_params()),
        weights: start.clone(),
    };
    let train = |on: &mut Training| -> Result<f64> {
        on.engine.forward(&on.weights, Mode::Train, problem.batch, &spikes)?;
        let loss = on.engine.loss(&loss, &videos, true).total();
        on.engine.backward(&on.weights);
        on.engine.update_running(&mut on.weights);
        on.optimiser.step(LEARNING_RATE, &mut on.weights.trained, on.engine.gradients());
        Ok(loss)
    };
    let mut training = Some(new_training());
    let losses = [(); 2].iter().filter_map(|()| training.as_mut().map(&train)).collect::<Result<Vec<f64>>>()?;
    say(&Said::Ready { losses, version: env!("CARGO_PKG_VERSION").into() })?;
    let mut inference = None;
    for line in std::io::stdin().lock().lines() {
        let line = line.map_err(|error| Error::io(Path::new("stdin"), "read a line", error))?;
        let secs = match line.as_str() {
            // One engine at a time: memory is that of the larger one, as in the other process.
            "infer" => {
                training = None;
                let engine = inference.get_or_insert_with(|| engine(Wants::INFERENCE));
                let began = Instant::now();
                engine.forward(&start, Mode::Eval, problem.batch, &spikes)?;
                began.elapsed().as_secs_f64()
            }
            "train" => {
                inference = None;
                let on = training.get_or_insert_with(&new_training);
                let began = Instant::now();
                train(on)?;
                began.elapsed().as_secs_f64()
            }
            other => return Err(Error::Bug(format!("a worker was told `{other}`"))),
        };
        say(&Said::Step { secs })?;
    }
    say(&Said::End { peak_bytes: peak_memory_bytes().unwrap_or(0) })
}

fn say(what: &Said) -> Result<()> {
    let text = serde_json::to_string(what).map_err(|error| Error::Bug(format!("not JSON: {error}")))?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{text}").and_then(|()| out.flush()).map_err(|error| Error::io(Path::new("stdout"), "answer", error))
}
