//! The command line as typed: every flag, checked for form and nothing else. Nothing is read or written here.

use crate::import::ImportArgs;
use clap::{Args, Parser, Subcommand};
use spikereel::bench::{PEER_MODES, Precision};
use spikereel::config::choices::{PlaneMethod, Preset, Statistics, StudyChoices, StudyPreset};
use std::path::PathBuf;

/// What stands below every command's flags.
fn exit_codes() -> String {
    let rows: Vec<String> =
        spikereel::EXIT_CODES.iter().map(|(code, meaning)| format!("  {code:>3}  {meaning}")).collect();
    format!("Exit codes:\n{}", rows.join("\n"))
}

/// Turns spikes into reels: decodes video from multi-region recordings and asks which region carries which visual feature.
#[derive(Debug, Parser)]
#[command(name = "spikereel", version, after_help = exit_codes(), max_term_width = 110)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,

    /// Flags of every command.
    #[command(flatten)]
    pub common: Common,
}

/// Flags of every command.
#[derive(Debug, Args)]
pub struct Common {
    /// Print the result as JSON on stdout instead of text
    #[arg(long, global = true)]
    pub json: bool,
    /// Worker threads; results do not depend on them [default: one per core]
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub threads: Option<u16>,
    /// Seed of every random draw
    #[arg(long, global = true, value_name = "N")]
    pub seed: Option<u64>,
    /// Where to write: a new folder (for `decode`, a new file)
    #[arg(long, global = true, value_name = "PATH")]
    pub out: Option<PathBuf>,
    /// Say nothing on stderr but errors
    #[arg(long, short, global = true)]
    pub quiet: bool,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Walk the whole path twice, on the real recording that ships inside and on a simulated one, and make a report of each
    Demo(DemoArgs),
    /// Make a recording with planted truth
    Simulate(SimulateArgs),
    /// Turn a laboratory's own files (NWB and others) into a dataset
    Import(Box<ImportArgs>),
    /// Turn recordings into a dataset: bins, sites, split, target videos
    Prepare(ConfiguredArgs),
    /// Say what a file, a recording, a dataset or a run holds, and what is wrong with it
    Inspect(InspectArgs),
    /// Train decoders; makes a run folder, or goes on in one
    Train(TrainArgs),
    /// Decode spikes into video with a run's decoder
    Decode(DecodeArgs),
    /// Write a dataset, or a run with its decoded videos, as npz, NWB or safetensors
    Convert(ConvertArgs),
    /// Score a run's decoders on test trials, beside baselines and a null
    Evaluate(RunArgs),
    /// Mask each region of a run's decoders and test what is lost
    Mask(RunArgs),
    /// Answer questions about a run: studies by name, or all of them; `study list` names them
    Study(StudyArgs),
    /// Everything on one recording: train, evaluate, mask, every study, one report
    Reproduce(ReproduceArgs),
    /// Make report.json and the page of a run that was evaluated
    Report(RunArgs),
    /// Expand a grid of settings into a plan of independent runs, all checked
    Plan(PlanArgs),
    /// Do the runs of a plan: one by its number, or all that are unfinished, here or on a cluster
    Run(RunPlanArgs),
    /// Say where every run of a plan stands
    Status(StatusArgs),
    /// Make one report over all runs of a plan
    Gather(PlanFileArgs),
    /// Hold a run against what it says: inputs and dataset read again, scores, masking and report made again from the weights
    Verify(RunArgs),
    /// Time the engine on this machine, beside PyTorch where a Python is given
    Bench(BenchArgs),
    /// One engine of `bench`, a process of its own
    #[command(hide = true)]
    BenchWorker(BenchWorkerArgs),
}

/// `demo`.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// Much smaller: seconds instead of minutes, and scores that mean little
    #[arg(long)]
    pub tiny: bool,
}

/// `simulate`.
#[derive(Debug, Args)]
pub struct SimulateArgs {
    /// Difficulty: easy, standard or hard
    #[arg(long, default_value = "standard", value_parser = parse_preset)]
    pub preset: Preset,
    /// Trials of each condition [default: 48]
    #[arg(long, value_name = "N")]
    pub trials_per_condition: Option<usize>,
}

/// What studies do otherwise than by default.
#[derive(Debug, Args)]
pub struct ChoiceArgs {
    /// Tests that findings go by: ours, or paper for the published ones
    #[arg(long, default_value = "ours", value_parser = parse_statistics)]
    pub statistics: Statistics,
    /// Plane that embeddings are drawn in: tsne, or umap
    #[arg(long, default_value = "tsne", value_parser = parse_plane)]
    pub plane: PlaneMethod,
}

impl ChoiceArgs {
    /// As studies take them.
    pub fn choices(&self) -> StudyChoices {
        StudyChoices { statistics: self.statistics, plane: self.plane }
    }
}

/// `study`.
#[derive(Debug, Args)]
pub struct StudyArgs {
    /// Names of studies, `all`, or `list`
    #[arg(value_name = "NAME", required = true)]
    pub names: Vec<String>,
    /// The run's folder
    #[arg(long, value_name = "RUN")]
    pub run: Option<PathBuf>,
    /// How much is computed: tiny, quick, standard, overnight or paper
    #[arg(long, default_value = "quick", value_parser = parse_study_preset)]
    pub preset: StudyPreset,
    /// What studies do otherwise than by default
    #[command(flatten)]
    pub choices: ChoiceArgs,
}

/// `reproduce`.
#[derive(Debug, Args)]
pub struct ReproduceArgs {
    /// How much is computed: tiny, quick, standard, overnight or paper
    #[arg(long, default_value = "quick", value_parser = parse_study_preset)]
    pub preset: StudyPreset,
    /// What studies do otherwise than by default
    #[command(flatten)]
    pub choices: ChoiceArgs,
    /// Begin even where this machine will need more than twice what the preset promises (quick 20 minutes, standard 2 hours, overnight 12 hours)
    #[arg(long)]
    pub allow_longer: bool,
    /// What is trained on; the preset's simulation where nothing is given
    #[command(flatten)]
    pub configured: ConfiguredArgs,
    /// Whether an earlier run is set aside
    #[command(flatten)]
    pub fresh: FreshArgs,
}

/// `train`.
#[derive(Debug, Args)]
pub struct TrainArgs {
    /// What is trained on, and how
    #[command(flatten)]
    pub configured: ConfiguredArgs,
    /// Share every batch among the processes that MPI started (srun, mpirun); needs a build with the feature `mpi`
    #[arg(long)]
    pub mpi: bool,
    /// Whether an earlier run is set aside
    #[command(flatten)]
    pub fresh: FreshArgs,
}

/// Commands that go on with an earlier run where --out holds one.
#[derive(Debug, Args)]
pub struct FreshArgs {
    /// Begin anew where --out holds a run already: that one is moved to OUT.old-1, never removed
    #[arg(long, requires = "out")]
    pub fresh: bool,
}

/// Commands that take a configuration.
#[derive(Debug, Args)]
pub struct ConfiguredArgs {
    /// Sidecars of recordings, one prepared dataset's folder, `builtin:steinmetz_s10`, or `simulate:PRESET`
    #[arg(value_name = "SOURCE")]
    pub sources: Vec<String>,
    /// A TOML file of settings
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Repeat an earlier run, or start from its settings
    #[arg(long, value_name = "RUN", conflicts_with = "config")]
    pub from: Option<PathBuf>,
    /// One setting, such as `train.epochs=3`; may be given many times and lies over file and run
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
}

/// `inspect`.
#[derive(Debug, Args)]
pub struct InspectArgs {
    /// A file (NWB, npz, npy, MATLAB), a sidecar, a dataset's folder or a run's folder; with --out, a page about a file
    pub path: PathBuf,
}

/// `convert`.
#[derive(Debug, Args)]
pub struct ConvertArgs {
    /// A dataset's folder, or a run's: then decoded videos of its test trials and scores come along
    pub source: PathBuf,
    /// npz, nwb or safetensors [default: by the ending of --out]
    #[arg(long, value_name = "FORMAT", value_parser = ["npz", "nwb", "safetensors"])]
    pub to: Option<String>,
}

/// `decode`.
#[derive(Debug, Args)]
pub struct DecodeArgs {
    /// The run whose decoder is used
    pub run: PathBuf,
    /// Binned spikes `[trial, bin, site]`, .npy or .npz: counts as in the dataset, not standardised
    pub spikes: PathBuf,
    /// Which fold's decoder
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub fold: usize,
    /// Which network of that fold
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub network: usize,
}

/// `bench`.
#[derive(Debug, Args)]
pub struct BenchArgs {
    /// A Python with torch: the same steps are timed there, turn by turn
    #[arg(long, value_name = "PYTHON")]
    pub peer: Option<PathBuf>,
    /// Its precisions and memory layouts (cl: channels last)
    #[arg(long, value_name = "MODES", value_delimiter = ',', requires = "peer", value_parser = parse_peer_mode,
        default_values = PEER_MODES)]
    pub peer_modes: Vec<&'static str>,
    /// Samples of a step
    #[arg(long, default_value_t = 8, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub batch: u16,
    /// Channels of the first convolution
    #[arg(long, default_value_t = 32, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub base_channels: u16,
    /// Timed turns
    #[arg(long, default_value_t = 7, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub runs: u16,
    /// One precision only: f32 or bf16 [default: both]
    #[arg(long, value_name = "PRECISION", value_parser = parse_precision)]
    pub precision: Option<Precision>,
    /// Do not time single layers
    #[arg(long)]
    pub no_layers: bool,
}

/// `bench-worker`.
#[derive(Debug, Args)]
pub struct BenchWorkerArgs {
    /// Where weights and inputs lie
    pub folder: PathBuf,
    /// Samples of a step
    #[arg(long)]
    pub batch: usize,
    /// Channels of the first convolution
    #[arg(long)]
    pub base_channels: usize,
    /// f32 or bf16
    #[arg(long, value_parser = parse_precision)]
    pub precision: Precision,
}

/// `plan`.
#[derive(Debug, Args)]
pub struct PlanArgs {
    /// A TOML file: `[settings]` of all runs, and `[axes]` of which every combination is one run
    pub grid: PathBuf,
    /// Instructions that all runs use, wherever they run [default: the best of this machine]
    #[arg(long, value_name = "ISA", value_parser = ["portable", "avx2", "avx512", "avx512bf16", "amx"])]
    pub isa: Option<String>,
    /// Use the instructions that a profile names: a TOML file, or its name in ~/.config/spikereel
    #[arg(long, value_name = "PROFILE", conflicts_with = "isa")]
    pub profile: Option<String>,
}

/// `run`.
#[derive(Debug, Args)]
pub struct RunPlanArgs {
    /// plan.json, as `plan` made it
    pub plan: PathBuf,
    /// One run, by its number in the plan
    #[arg(long, value_name = "I", conflicts_with_all = ["engine", "dry_run"])]
    pub index: Option<usize>,
    /// Where all unfinished runs are done: local, local:JOBS at once, slurm, or slurm:PROFILE (a TOML file, or its name in ~/.config/spikereel)
    #[arg(long, value_name = "ENGINE", default_value = "local", value_parser = parse_engine)]
    pub engine: Engine,
    /// Print what would be submitted, and submit nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// Where a plan is run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Engine {
    /// On this machine, so many at once.
    Local(Option<usize>),
    /// On a Slurm cluster, under a profile.
    Slurm(Option<String>),
}

/// `status`.
#[derive(Debug, Args)]
pub struct StatusArgs {
    /// plan.json, as `plan` made it
    pub plan: PathBuf,
    /// Look again every two seconds until every run is done or failed
    #[arg(long, conflicts_with = "json")]
    pub watch: bool,
}

/// Commands on a plan.
#[derive(Debug, Args)]
pub struct PlanFileArgs {
    /// plan.json, as `plan` made it
    pub plan: PathBuf,
}

/// Commands on a run.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// The run's folder
    pub run: PathBuf,
}

fn parse_engine(text: &str) -> Result<Engine, String> {
    let (name, rest) = text.split_once(':').map_or((text, None), |(name, rest)| (name, Some(rest)));
    match (name, rest) {
        ("local", None) => Ok(Engine::Local(None)),
        ("local", Some(jobs)) => match jobs.parse() {
            Ok(jobs) if jobs > 0 => Ok(Engine::Local(Some(jobs))),
            _ => Err("after local: a number of runs at once, such as local:4".into()),
        },
        ("slurm", rest) => Ok(Engine::Slurm(rest.map(Into::into))),
        _ => Err("local, local:JOBS, slurm or slurm:PROFILE".into()),
    }
}

fn parse_peer_mode(text: &str) -> Result<&'static str, String> {
    PEER_MODES.into_iter().find(|mode| *mode == text).ok_or(format!("some of {}", PEER_MODES.join(", ")))
}

fn parse_precision(text: &str) -> Result<Precision, String> {
    [Precision::F32, Precision::Bf16].into_iter().find(|it| it.name() == text).ok_or("f32 or bf16".into())
}

fn parse_preset(text: &str) -> Result<Preset, String> {
    match text {
        "easy" => Ok(Preset::Easy),
        "standard" => Ok(Preset::Standard),
        "hard" => Ok(Preset::Hard),
        _ => Err("one of easy, standard, hard".into()),
    }
}

fn parse_statistics(text: &str) -> Result<Statistics, String> {
    [Statistics::Ours, Statistics::Paper]
        .into_iter()
        .find(|own| own.to_string() == text)
        .ok_or_else(|| "expected ours or paper".into())
}

fn parse_plane(text: &str) -> Result<PlaneMethod, String> {
    PlaneMethod::ALL.into_iter().find(|own| own.to_string() == text).ok_or_else(|| "expected tsne or umap".into())
}

fn parse_study_preset(text: &str) -> Result<StudyPreset, String> {
    StudyPreset::ALL
        .into_iter()
        .find(|preset| preset.to_string() == text)
        .ok_or_else(|| "expected tiny, quick, standard, overnight or paper".into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_flags_are_consistent() {
        Cli::command().debug_assert();
    }
}
