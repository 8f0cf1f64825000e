//! The flags of `import`, each a shorter name for settings that `--config` and `--set` reach as well.

use clap::Args;
use spikereel::config::choices::StimulusKind;
use spikereel::config::{BinsGiven, ConfigError, DataGiven, Given, StimulusGiven};
use spikereel::{Error, Result};
use std::path::{Path, PathBuf};
use toml::{Table, Value};

/// `import`.
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// NWB files, sidecars of other files, folders of them, or the dataset.toml of an import to be repeated
    #[arg(value_name = "SOURCE", required = true)]
    pub sources: Vec<PathBuf>,
    /// What MATLAB files without a sidecar hold: siegel2015, sessions of Siegel et al., the data of the paper
    #[arg(long, value_name = "NAME", value_parser = ["siegel2015"])]
    pub profile: Option<String>,
    /// Table of trials in /intervals [default: trials]
    #[arg(long, value_name = "TABLE", help_heading = "Trials")]
    pub table: Option<String>,
    /// Column with the time of the aligning event, such as stimulus onset [default: start_time]
    #[arg(long, value_name = "COLUMN", help_heading = "Trials")]
    pub align: Option<String>,
    /// Times in that column count from the start of their trial
    #[arg(long, help_heading = "Trials")]
    pub relative: bool,
    /// A column that is a factor of the condition; may be given many times
    #[arg(long = "factor", value_name = "COLUMN", help_heading = "Trials")]
    pub factors: Vec<String>,
    /// A column that is kept beside the conditions, such as a response
    #[arg(long = "covariate", value_name = "COLUMN", help_heading = "Trials")]
    pub covariates: Vec<String>,
    /// A time series whose mean in each trial is a covariate, such as running=processing/behavior/running_speed
    #[arg(long, value_name = "NAME=PATH", help_heading = "Trials")]
    pub series: Vec<String>,
    /// Only trials with these values, such as outcome=1 or cue=cross,circle
    #[arg(long, value_name = "COLUMN=VALUES", help_heading = "Trials")]
    pub only: Vec<String>,
    /// Leave out trials without a time of the aligning event
    #[arg(long, help_heading = "Trials")]
    pub drop_unaligned: bool,
    /// Take trials that overlap in time
    #[arg(long, help_heading = "Trials")]
    pub allow_overlap: bool,
    /// Times of trials are in milliseconds
    #[arg(long, help_heading = "Trials")]
    pub trials_in_ms: bool,
    /// Where a unit's region stands: electrodes, group, column:NAME or electrode_id:NAME [default: electrodes]
    #[arg(long, value_name = "WHERE", help_heading = "Sites")]
    pub region: Option<String>,
    /// A TOML file of regions by the file's spelling, such as VISp* = "V1"; an empty name leaves sites out
    #[arg(long, value_name = "FILE", help_heading = "Sites")]
    pub regions: Option<PathBuf>,
    /// A region whose sites are left out; may be given many times
    #[arg(long = "drop-region", value_name = "REGION", help_heading = "Sites")]
    pub drop_regions: Vec<String>,
    /// Leave out units without a region
    #[arg(long, help_heading = "Sites")]
    pub drop_unknown: bool,
    /// Only units with these values, such as quality=good
    #[arg(long, value_name = "COLUMN=VALUES", help_heading = "Sites")]
    pub units: Vec<String>,
    /// Spike times are in milliseconds
    #[arg(long, help_heading = "Sites")]
    pub spikes_in_ms: bool,
    /// Seconds around the aligning event [default: from it to the end of trials]
    #[arg(long, num_args = 2, value_names = ["FROM", "TO"], allow_negative_numbers = true, help_heading = "Time")]
    pub window: Option<Vec<f64>>,
    /// Width of a bin of spikes in seconds [default: 0.1]
    #[arg(long, value_name = "SECS", help_heading = "Time")]
    pub bin_width: Option<f64>,
    /// A series of frames in the file, such as stimulus/presentation/movie
    #[arg(long, value_name = "PATH", help_heading = "Videos")]
    pub video: Option<String>,
    /// A stimulus that is drawn from the factors: gabor or paper
    #[arg(long, value_name = "NAME", conflicts_with = "video", value_parser = ["gabor", "paper"], help_heading = "Videos")]
    pub stimulus: Option<String>,
    /// Frames per second [default: 10]
    #[arg(long, value_name = "HZ", help_heading = "Videos")]
    pub frame_rate: Option<f64>,
    /// Height and width to which frames are averaged [default: 32]
    #[arg(long, value_name = "N", help_heading = "Videos")]
    pub frame_px: Option<usize>,
    /// The first axis of a frame is its width
    #[arg(long, requires = "video", help_heading = "Videos")]
    pub transpose: bool,
    /// Colors are blue, green, red
    #[arg(long, requires = "video", help_heading = "Videos")]
    pub bgr: bool,
    /// The value of full light, such as 255
    #[arg(long, value_name = "VALUE", requires = "video", help_heading = "Videos")]
    pub full_scale: Option<f64>,
    /// A TOML file of settings
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// One setting, such as split.n_folds=5; may be given many times and lies over the file
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
}

/// What the flags ask for.
///
/// # Errors
/// A flag without `=`, a file that cannot be read, a window that holds no bin.
pub fn given(args: &ImportArgs, seed: Option<u64>) -> Result<Given> {
    let nwb = nwb(args)?;
    let below = args.config.as_deref().map(Given::read).transpose()?.unwrap_or_default();
    let stimulus = StimulusGiven {
        kind: args.stimulus.as_deref().map(|name| match name {
            "gabor" => StimulusKind::TwoGabor,
            _ => StimulusKind::Paper,
        }),
        frame_px: args.frame_px,
        frame_rate_hz: args.frame_rate,
        ..StimulusGiven::default()
    };
    let data = DataGiven { recordings: Some(args.sources.clone()), ..DataGiven::default() };
    let siegel = args.profile.as_ref().map(|_| Table::new());
    let flags = Given { seed, data, nwb, siegel, bins: bins(args)?, stimulus, ..Given::default() };
    Ok(flags.over(Given::from_pairs(&args.set)?).over(below))
}

fn bins(args: &ImportArgs) -> Result<BinsGiven> {
    let mut bins = BinsGiven { width_secs: args.bin_width, ..BinsGiven::default() };
    let Some(window) = &args.window else { return Ok(bins) };
    let (from, to) = (window[0], window[1]);
    let width = args.bin_width.unwrap_or(spikereel::config::defaults::BIN_WIDTH_SECS);
    // Half a microsecond forgives the rounding of decimal widths.
    let n_bins = ((to - from + 5e-7) / width).floor();
    if !(from.is_finite() && to.is_finite() && width > 0.0 && n_bins >= 1.0) {
        let expected = format!("two times in seconds, at least one bin of {width} s apart");
        return Err(ConfigError::new("--window", expected, format!("{from} {to}")).into());
    }
    (bins.start_secs, bins.n_bins) = (Some(from), Some(n_bins as usize));
    Ok(bins)
}

fn nwb(args: &ImportArgs) -> Result<Table> {
    let (mut trials, mut units) = (Table::new(), Table::new());
    let put = |table: &mut Table, key: &str, value: Option<Value>| {
        if let Some(value) = value {
            table.insert(key.into(), value);
        }
    };
    let yes = |flag: bool| flag.then_some(Value::Boolean(true));
    let text = |value: &Option<String>| value.clone().map(Value::String);
    let milliseconds = |flag: bool| flag.then(|| Value::String("milliseconds".into()));
    put(&mut trials, "table", text(&args.table));
    put(&mut trials, "align", text(&args.align));
    put(&mut trials, "relative", yes(args.relative));
    put(&mut trials, "factors", list(&args.factors));
    put(&mut trials, "covariates", list(&args.covariates));
    put(&mut trials, "series", table(pairs("--series", &args.series)?, |path| Value::String(path.into())));
    put(&mut trials, "only", table(pairs("--only", &args.only)?, levels));
    put(&mut trials, "drop_unaligned", yes(args.drop_unaligned));
    put(&mut trials, "allow_overlap", yes(args.allow_overlap));
    put(&mut trials, "clock", milliseconds(args.trials_in_ms));
    put(&mut units, "region", args.region.as_deref().map(region).transpose()?);
    put(&mut units, "region_map", args.regions.as_deref().map(region_map).transpose()?.map(Value::Table));
    put(&mut units, "drop_regions", list(&args.drop_regions));
    put(&mut units, "drop_unknown", yes(args.drop_unknown));
    put(&mut units, "only", table(pairs("--units", &args.units)?, levels));
    put(&mut units, "clock", milliseconds(args.spikes_in_ms));
    let mut nwb = Table::new();
    let some = |table: Table| (!table.is_empty()).then_some(Value::Table(table));
    put(&mut nwb, "trials", some(trials));
    put(&mut nwb, "units", some(units));
    if let Some(series) = &args.video {
        let (mut video, mut pictures) = (Table::new(), Table::new());
        put(&mut pictures, "transpose", yes(args.transpose));
        put(&mut pictures, "colors", args.bgr.then(|| Value::String("bgr".into())));
        put(&mut pictures, "full_scale", args.full_scale.map(Value::Float));
        put(&mut video, "series", Some(Value::String(series.clone())));
        put(&mut video, "pictures", some(pictures));
        put(&mut nwb, "video", Some(Value::Table(video)));
    }
    Ok(nwb)
}

fn list(values: &[String]) -> Option<Value> {
    (!values.is_empty()).then(|| Value::Array(values.iter().cloned().map(Value::String).collect()))
}

fn table(pairs: Vec<(&str, &str)>, value: impl Fn(&str) -> Value) -> Option<Value> {
    let entries: Table = pairs.into_iter().map(|(key, text)| (key.to_string(), value(text))).collect();
    (!entries.is_empty()).then_some(Value::Table(entries))
}

fn pairs<'a>(flag: &str, given: &'a [String]) -> Result<Vec<(&'a str, &'a str)>> {
    let split = |text: &'a String| {
        text.split_once('=')
            .filter(|(key, value)| !key.is_empty() && !value.is_empty())
            .ok_or_else(|| Error::from(ConfigError::new(flag, "NAME=VALUE", format!("`{text}`"))))
    };
    given.iter().map(split).collect()
}

/// Values between commas, numbers where they are.
fn levels(text: &str) -> Value {
    let level = |text: &str| match text.trim().parse::<f64>() {
        Ok(number) if number.is_finite() => Value::Float(number),
        _ => Value::String(text.trim().into()),
    };
    Value::Array(text.split(',').map(level).collect())
}

fn region(text: &str) -> Result<Value> {
    let one = |key: &str, name: &str| Value::Table(Table::from_iter([(key.to_string(), Value::String(name.into()))]));
    match text.split_once(':') {
        None if text == "electrodes" || text == "group" => Ok(Value::String(text.into())),
        Some((key @ ("column" | "electrode_id"), name)) if !name.is_empty() => Ok(one(key, name)),
        _ => {
            let expected = "electrodes, group, column:NAME or electrode_id:NAME";
            Err(ConfigError::new("--region", expected, format!("`{text}`")).into())
        }
    }
}

fn region_map(path: &Path) -> Result<Table> {
    let text = std::fs::read_to_string(path).map_err(|error| Error::io(path, "read the regions", error))?;
    let wrong = |message: String| Error::Toml { place: path.display().to_string(), message };
    let table: Table = toml::from_str(&text).map_err(|error| wrong(error.to_string().trim_end().into()))?;
    match table.iter().find(|(_, value)| !value.is_str()) {
        Some((key, _)) => Err(wrong(format!("`{key}`: expected the name of a region in quotes"))),
        None => Ok(table),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        args: ImportArgs,
    }

    #[test]
    fn flags_are_settings_under_shorter_names() {
        let line = "import a.nwb --factor cue --factor color --only outcome=1 --only kind=go,stay --region column:area \
                    --window -0.5 1 --video stimulus/presentation/m --transpose --full-scale 255";
        let args = Line::parse_from(line.split_whitespace()).args;
        let given = given(&args, Some(3)).unwrap();
        assert_eq!((given.bins.start_secs, given.bins.n_bins), (Some(-0.5), Some(15)));
        let expected = "trials = { factors = ['cue', 'color'], only = { outcome = [1.0], kind = ['go', 'stay'] } }\n\
                        units = { region = { column = 'area' } }\n\
                        video = { series = 'stimulus/presentation/m', pictures = { transpose = true, full_scale = 255.0 } }";
        assert_eq!(given.nwb, toml::from_str::<Table>(expected).unwrap());
        for (flag, value) in [("--only", "cue"), ("--region", "column:"), ("--series", "=x")] {
            let args = Line::parse_from(["import", "a.nwb", flag, value]).args;
            let error = super::given(&args, None).unwrap_err().to_string();
            assert!(error.contains(flag), "{error}");
        }
    }
}
