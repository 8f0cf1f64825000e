//! The null of region masking: `masking_null [runs] [epochs] [threads]`.
//!
//! Each run simulates a recording of its own (preset `easy`, small), deals one region's activity out anew among the trials of
//! each part without regard to condition, trains a small network on that, and masks all regions. The dealt-out region carries
//! nothing, so each of its features is a draw from the null: a triple of region, feature and seed. Printed as JSON: the share of triples
//! with corrected p below .05 and its Clopper-Pearson interval, and beside it, so that networks that learned nothing
//! cannot pass for a calibrated test, their accuracy and the share found among the planted top regions.

use spikereel::config::Given;
use spikereel::progress::Silent;
use spikereel::steps::prepare::prepare;
use spikereel_analysis::readout::paper_readouts;
use spikereel_analysis::stats::clopper_pearson;
use spikereel_analysis::study::{MaskingOptions, MaskingRun, MaskingTable, masking_study};
use spikereel_data::prepare::shuffle_region_across_conditions;
use spikereel_data::{Fold, Part, Standardisation};
use spikereel_nn::{FitNetwork, OptimiserConfig, PhaseWeights, Rule, Schedule, Start, TrainConfig};
use std::error::Error;
use std::path::Path;
use std::sync::Arc;

const ALPHA: f64 = 0.05;

/// One run: the shuffled region's place, and its masking table.
fn run(seed: u64, epochs: usize, folder: &Path) -> Result<(usize, MaskingTable), Box<dyn Error>> {
    let settings = format!(
        r#"
        seed = {seed}
        [data]
        simulate = "easy"
        trials_per_condition = 12
        [bins]
        width_secs = 0.5
        n_bins = 9
        [stimulus]
        frame_px = 16
        frame_rate_hz = 2
        clips_train = 3
        clips_validation = 1
        clips_test = 1
        [split]
        train_share = 0.6
        "#
    );
    let prepared =
        prepare(Given::from_toml(&settings, "the null's settings")?, Some(&folder.join(seed.to_string())), &Silent)?;
    let stored = spikereel_formats::read_dataset(&prepared.dataset)?;
    let split = stored.splits.into_iter().next().ok_or("no split")?;
    let region_idx = (seed as usize) % stored.dataset.regions().len();
    let mut dataset = stored.dataset;
    for part in [Part::Train, Part::Validation, Part::Test] {
        dataset = shuffle_region_across_conditions(&dataset, region_idx, split.trials(part), seed)?;
    }
    let fold = Fold::new(Arc::new(dataset), split, Standardisation::PerSite)?;
    let config = TrainConfig {
        epochs,
        batch_size: 8,
        start: Start::Fitted,
        phase_weights: PhaseWeights { cue: 10.0, ..PhaseWeights::default() },
        squared_error_weight: 15.0,
        optimiser: OptimiserConfig { rule: Rule::Adam, ..OptimiserConfig::default() },
        learning_rate: 0.003,
        schedule: Schedule::Cosine { floor: 0.02 },
        base_channels: 4,
        ..TrainConfig::default()
    };
    let (decoder, _) = FitNetwork { config, ..FitNetwork::default() }.fit_network(&fold, seed, &mut ())?;
    let network = [MaskingRun { network: "seed0", decoder: &decoder, fold: &fold }];
    let options = MaskingOptions { alpha: ALPHA, n_replicates: 2000, seed, ..MaskingOptions::default() };
    Ok((region_idx, masking_study(&network, &paper_readouts(), &options, &mut |_, _| ())?))
}

/// What all runs add up to.
#[derive(Default)]
struct Tally {
    p_values: Vec<f64>,
    n_top: usize,
    n_top_found: usize,
    accuracy: Vec<Vec<f64>>,
}

impl Tally {
    fn add(&mut self, region_idx: usize, table: &MaskingTable) {
        let shuffled = &table.regions[region_idx];
        for cell in &table.cells {
            let is_top = |(feature, region): (&str, _)| feature == cell.feature && region == cell.region;
            if cell.region == *shuffled {
                self.p_values.push(cell.primary.p_corrected);
            } else if table.planted.iter().any(|it| is_top((&it.feature, it.planted_top.clone()))) {
                self.n_top += 1;
                self.n_top_found += usize::from(cell.primary.p_corrected < ALPHA);
            }
        }
        let first_cell = |feature| table.feature_cells(feature).next().map(|cell| cell.primary.unmasked);
        self.accuracy.push(table.features.iter().filter_map(|feature| first_cell(feature)).collect());
    }
}

fn argument(at: usize, default: usize) -> usize {
    std::env::args().nth(at).and_then(|text| text.parse().ok()).filter(|&n| n > 0).unwrap_or(default)
}

fn main() -> Result<(), Box<dyn Error>> {
    let (n_runs, epochs) = (argument(1, 36), argument(2, 20));
    rayon::ThreadPoolBuilder::new().num_threads(argument(3, 2)).build_global()?;
    let folder = tempfile::tempdir()?;
    let mut tally = Tally::default();
    let mut features = Vec::new();
    for seed in 0..n_runs as u64 {
        let (region_idx, table) = run(seed, epochs, folder.path())?;
        tally.add(region_idx, &table);
        let accuracy = &tally.accuracy[tally.accuracy.len() - 1];
        eprintln!("run {}: {} shuffled, unmasked accuracy {accuracy:.2?}", seed + 1, table.regions[region_idx]);
        features.clone_from(&table.features);
    }
    let n_triples = tally.p_values.len();
    let n_found = tally.p_values.iter().filter(|&&p| p < ALPHA).count();
    let accuracy = |at: usize| tally.accuracy.iter().map(|run| run[at]).sum::<f64>() / n_runs as f64;
    let accuracy: Vec<(String, f64)> =
        features.iter().cloned().enumerate().map(|(at, it)| (it, accuracy(at))).collect();
    let result = serde_json::json!({
        "n_runs": n_runs,
        "epochs": epochs,
        "n_triples": n_triples,
        "n_below_alpha": n_found,
        "share": n_found as f64 / n_triples as f64,
        "clopper_pearson_95": clopper_pearson(n_found, n_triples, 0.95),
        "mean_unmasked_accuracy": accuracy,
        "planted_top_regions": { "n": tally.n_top, "n_below_alpha": tally.n_top_found },
    });
    println!("{result:#}");
    Ok(())
}
