//! One command, one function call of the front door; here flags become a configuration and results become output.

use crate::args::{BenchArgs, Cli, Command, Common, ConfiguredArgs, Engine, RunPlanArgs, SimulateArgs};
use crate::text::Text;
use serde::Serialize;
use spikereel::config::choices::Preset;
use spikereel::config::{ConfigError, DataGiven, Given};
use spikereel::programme::grid;
use spikereel::progress::Progress;
use spikereel::steps::together::Leader;
use spikereel::studies::StudyList;
use spikereel::{Error, Result, bench, mpi, programme, steps};
use std::path::{Path, PathBuf};

/// Runs the command and returns what is to stand on stdout.
pub fn run(cli: &Cli, progress: &dyn Progress) -> Result<String> {
    let common = &cli.common;
    let out = common.out.as_deref();
    match &cli.command {
        Command::Demo(args) => {
            let size = if args.tiny { steps::demo::TINY } else { steps::demo::FULL };
            show(common, &steps::demo::demo(&size, common.seed, out, progress)?)
        }
        Command::Simulate(args) => show(common, &steps::simulate::simulate(simulation(args, common), out, progress)?),
        Command::Import(args) => {
            show(common, &steps::import::import(crate::import::given(args, common.seed)?, out, progress)?)
        }
        Command::Prepare(args) => show(common, &steps::prepare::prepare(given(args, common)?, out, progress)?),
        Command::Inspect(args) => show(common, &steps::inspect::inspect(&args.path, out, progress)?),
        Command::Train(args) => {
            let given = given(&args.configured, common)?;
            let train = |leader: Option<&Leader>| steps::train::train(given, out, args.fresh.fresh, leader, progress);
            let trained = if args.mpi { mpi::together(|leader| train(Some(leader)))? } else { Some(train(None)?) };
            // Of processes that train together one speaks.
            trained.map_or(Ok(String::new()), |trained| show(common, &trained))
        }
        Command::Decode(args) => {
            let out = out.ok_or_else(|| {
                ConfigError::new("--out", "the file to write, .npy", "none").hint("add --out video.npy")
            })?;
            let which = steps::decode::WhichDecoder { fold_idx: args.fold, network_idx: args.network };
            show(common, &steps::decode::decode(&args.run, &args.spikes, which, out, progress)?)
        }
        Command::Convert(args) => {
            let out = out.ok_or_else(|| {
                ConfigError::new("--out", "the file to write: .npz, .nwb or .safetensors", "none")
                    .hint("add --out set.npz")
            })?;
            show(common, &steps::convert::convert(&args.source, args.to.as_deref(), out, progress)?)
        }
        Command::Evaluate(args) => show(common, &steps::evaluate::evaluate(&args.run, progress)?),
        Command::Mask(args) => show(common, &steps::mask::mask(&args.run, progress)?),
        Command::Study(args) if args.names == ["list"] => show(common, &StudyList::default()),
        Command::Study(args) => {
            let run = args.run.as_deref().ok_or_else(|| {
                ConfigError::new("--run", "the folder that `spikereel train` made", "none").hint("add --run RUN")
            })?;
            let kinds = spikereel::studies::by_names(&args.names)?;
            show(common, &programme::study(run, &kinds, args.preset, args.choices.choices(), progress)?)
        }
        Command::Reproduce(args) => {
            let given = given(&args.configured, common)?;
            let asked = programme::Asked {
                preset: args.preset,
                choices: args.choices.choices(),
                allow_longer: args.allow_longer,
                fresh: args.fresh.fresh,
            };
            show(common, &programme::reproduce(given, asked, out, progress)?)
        }
        Command::Report(args) => show(common, &programme::report(&args.run, progress)?),
        Command::Plan(args) => {
            let out = out
                .ok_or_else(|| ConfigError::new("--out", "the plan's folder", "none").hint("add --out plans/folds"))?;
            let profile = args.profile.as_deref().map(profile).transpose()?;
            if let Some(isa) = profile.and_then(|profile| profile.isa).or_else(|| args.isa.clone()) {
                grid::pin(&isa)?;
            }
            show(common, &grid::plan(&args.grid, out, progress)?)
        }
        Command::Run(args) => run_plan(args, common, progress),
        Command::Status(args) if args.watch => crate::watch::watch(&args.plan).map(|()| String::new()),
        Command::Status(args) => show(common, &grid::status(&args.plan)?),
        Command::Gather(args) => show(common, &grid::gather(&args.plan, progress)?),
        Command::Verify(args) => {
            let verified = programme::verify(&args.run, progress)?;
            let output = show(common, &verified)?;
            if verified.is_same { Ok(output) } else { Err(Error::Differs { output, run: args.run.clone() }) }
        }
        Command::Bench(args) => show(common, &bench::bench(&bench_config(args), progress)?),
        Command::BenchWorker(args) => {
            let problem = bench::Problem { batch: args.batch, base_channels: args.base_channels };
            bench::work(&args.folder, &problem, args.precision).map(|()| String::new())
        }
    }
}

fn run_plan(args: &RunPlanArgs, common: &Common, progress: &dyn Progress) -> Result<String> {
    if let Some(index) = args.index {
        return show(common, &grid::run_one(&args.plan, index, progress)?);
    }
    match &args.engine {
        Engine::Local(_) if args.dry_run => Err(ConfigError::new("--dry-run", "--engine slurm", "local").into()),
        Engine::Local(jobs) => show(common, &grid::run_here(&args.plan, *jobs, progress)?),
        Engine::Slurm(named) => {
            let profile = named.as_deref().map(profile).transpose()?;
            show(common, &grid::submit(&args.plan, &profile.unwrap_or_default(), args.dry_run, progress)?)
        }
    }
}

fn profile(named: &str) -> Result<grid::Profile> {
    grid::Profile::read(&grid::profile_path(named))
}

fn show<T: Serialize + Text>(common: &Common, result: &T) -> Result<String> {
    if common.json {
        let json = serde_json::to_string_pretty(result);
        return json.map(|json| json + "\n").map_err(|error| Error::Bug(format!("the result is no JSON: {error}")));
    }
    Ok(result.text())
}

fn bench_config(args: &BenchArgs) -> bench::BenchConfig {
    bench::BenchConfig {
        problem: bench::Problem { batch: args.batch.into(), base_channels: args.base_channels.into() },
        n_runs: args.runs.into(),
        precisions: args.precision.map_or_else(|| vec![bench::Precision::F32, bench::Precision::Bf16], |one| vec![one]),
        peer: args.peer.clone(),
        peer_modes: args.peer_modes.clone(),
        layers: !args.no_layers,
    }
}

fn simulation(args: &SimulateArgs, common: &Common) -> Given {
    Given {
        seed: common.seed,
        data: DataGiven {
            simulate: Some(args.preset),
            trials_per_condition: args.trials_per_condition,
            ..DataGiven::default()
        },
        ..Given::default()
    }
}

/// Layers, each over the next: flags, `--set`, the file or the earlier run.
fn given(args: &ConfiguredArgs, common: &Common) -> Result<Given> {
    let below = match (&args.config, &args.from) {
        (Some(file), _) => Given::read(file)?,
        (None, Some(run)) => {
            spikereel::run_folder::check_is_run(run)?;
            Given::read(&run.join("config.toml"))?
        }
        (None, None) => Given::default(),
    };
    let flags = Given { seed: common.seed, data: data(&args.sources)?, ..Given::default() };
    // Another source replaces the earlier one whole: its trial counts are not this one's.
    let below = if args.sources.is_empty() { below } else { Given { data: DataGiven::default(), ..below } };
    Ok(flags.over(Given::from_pairs(&args.set)?).over(below))
}

/// What the positional sources mean: presets, builtin names, folders of datasets, sidecars.
fn data(sources: &[String]) -> Result<DataGiven> {
    let mut data = DataGiven::default();
    let [first, others @ ..] = sources else { return Ok(data) };
    if let Some(preset) = first.strip_prefix("simulate:") {
        data.simulate = Some(match preset {
            "easy" => Preset::Easy,
            "standard" => Preset::Standard,
            "hard" => Preset::Hard,
            _ => {
                let error = ConfigError::new("SOURCE", "simulate:easy, simulate:standard or simulate:hard", first);
                return Err(error.into());
            }
        });
    } else if Path::new(first).is_dir() {
        data.dataset = Some(first.into());
    } else {
        data.recordings = Some(sources.iter().map(PathBuf::from).collect());
        return Ok(data);
    }
    match others.first() {
        None => Ok(data),
        Some(second) => Err(ConfigError::new("SOURCE", format!("nothing beside `{first}`"), second)
            .hint("several sources are pooled only where all are sidecars of recordings")
            .into()),
    }
}
