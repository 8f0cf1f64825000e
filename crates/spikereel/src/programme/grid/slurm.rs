//! The engine `slurm`: the unfinished runs of a plan as job arrays of a cluster's own scheduler. No name that a person chose reaches a shell:
//! the script is told a program, the plan's path and a file of numbers.

use super::plan::GridPlan;
use super::status::status;
use crate::progress::Progress;
use crate::provenance::sha256_of_bytes;
use crate::run_folder::{write_json, write_whole};
use crate::{ConfigError, Error, Result};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Seconds before its end at which Slurm tells a job to save.
const WARNING_SECS: u32 = 180;
/// What Slurm says `MaxArraySize` is where it does not say.
const DEFAULT_MAX_ARRAY: usize = 1001;

/// How a cluster wants its jobs: a TOML file. Everything may be left out.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Profile {
    /// Instructions that all nodes have, such as `avx2`: `plan --profile` pins them.
    pub isa: Option<String>,
    /// `--partition`.
    pub partition: Option<String>,
    /// `--account`.
    pub account: Option<String>,
    /// `--qos`.
    pub qos: Option<String>,
    /// Cores of a run; those of the plan's measurement where left out.
    pub cpus: Option<u32>,
    /// Memory of a run in MiB; a fifth above the plan's estimate where left out.
    pub memory_mib: Option<u64>,
    /// Minutes that a run may take at a stretch; twice the estimate, at least 10, where left out. One that needs longer goes on by itself.
    pub minutes: Option<u64>,
    /// Runs at once, at most.
    pub at_once: Option<u32>,
    /// Loaded before a run by `module load`.
    pub modules: Vec<String>,
    /// Further lines of shell before a run, such as `source /etc/profile.d/modules.sh`.
    pub setup: Vec<String>,
    /// Put before the program, such as `["apptainer", "exec", "/apps/spikereel.sif"]`.
    pub container: Vec<String>,
    /// Further arguments of `sbatch`.
    pub sbatch: Vec<String>,
}

impl Profile {
    /// Reads a profile.
    ///
    /// # Errors
    /// A file that cannot be read, or a key that a profile does not have.
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).map_err(|error| Error::io(path, "read the profile", error))?;
        toml::from_str(&text).map_err(|error| Error::Toml {
            place: path.display().to_string(),
            message: error.to_string().trim_end().into(),
        })
    }
}

/// What was submitted, or would be.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Submitted {
    /// Runs in it.
    pub n_runs: usize,
    /// The script of every job.
    pub script: String,
    /// The calls of `sbatch`, the report's last.
    pub calls: Vec<Vec<String>>,
    /// Numbers of the jobs; empty in a dry run.
    pub jobs: Vec<String>,
}

/// Submits all that is unfinished as arrays, and a report behind them. `dry` only says what would be done.
///
/// # Errors
/// A plan or profile that cannot be read, jobs of this plan that are queued already, an `sbatch` that refuses.
pub fn submit(plan: &Path, profile: &Profile, dry: bool, progress: &dyn Progress) -> Result<Submitted> {
    let plan = std::path::absolute(plan).map_err(|error| Error::io(plan, "find it", error))?;
    let read = GridPlan::read(&plan)?;
    if let Some(isa) = profile.isa.as_ref().filter(|isa| !read.instruction_set.ends_with(&format!(" {isa}"))) {
        return Err(ConfigError::new("profile, isa", format!("{isa}, as its nodes have"), &read.instruction_set)
            .hint("plan again with --profile, in another folder")
            .into());
    }
    let todo = status(&plan)?.unfinished();
    let text = std::fs::read(&plan).map_err(|error| Error::io(&plan, "read it", error))?;
    // The name tells jobs of this plan from all others, in the queue and for whoever submits a second time.
    let name = format!("spikereel-{}", &sha256_of_bytes(&text)[..12]);
    let script = script(profile);
    let cluster = if dry { Cluster::default() } else { Cluster::asked(&name)? };
    if !cluster.queued.is_empty() {
        return Err(ConfigError::new("engine", "no job of this plan in the queue", cluster.queued.join(", "))
            .hint("wait for them, or scancel them; runs that are done are never repeated")
            .into());
    }
    let folder = plan.parent().unwrap_or(Path::new("")).join("slurm");
    let binary =
        std::env::current_exe().map_err(|error| Error::io(Path::new("spikereel"), "find this program", error))?;
    let mut submitted = Submitted { n_runs: todo.len(), script: script.clone(), calls: Vec::new(), jobs: Vec::new() };
    if todo.is_empty() {
        return Ok(submitted);
    }
    let number = if dry { 0 } else { begin(&folder)? };
    let script_path = folder.join(format!("run-{number}.sh"));
    if !dry {
        write_whole(&script_path, script.as_bytes())?;
    }
    let requeues = if cluster.requeues { "cluster" } else { "job" };
    for (chunk, indices) in todo.chunks(cluster.max_array.max(2) - 1).enumerate() {
        let list = folder.join(format!("runs-{number}-{chunk}.txt"));
        if !dry {
            let lines: String = indices.iter().map(|index| format!("{index}\n")).collect();
            write_whole(&list, lines.as_bytes())?;
        }
        let limit = profile.at_once.map_or_else(String::new, |n| format!("%{n}"));
        let mut call = common(&name, profile, &read, &folder.join("%A_%a.txt"));
        call.push(format!("--array=0-{}{limit}", indices.len() - 1));
        call.push(format!("--signal=B:USR2@{WARNING_SECS}"));
        call.extend(["--requeue".into(), "--open-mode=append".into()]);
        call.push(shown(&script_path));
        call.extend([shown(&binary), shown(&plan), shown(&list), requeues.into()]);
        submitted.jobs.extend(if dry { None } else { Some(sbatch(&call)?) });
        submitted.calls.push(call);
    }
    let mut call = common(&name, profile, &read, &folder.join("gather-%j.txt"));
    // Behind the runs whatever became of them: the report names those that are not there.
    let after = if dry { "ARRAYS".into() } else { submitted.jobs.join(":") };
    call.push(format!("--dependency=afterany:{after}"));
    call.push(shown(&script_path));
    call.extend([shown(&binary), shown(&plan), "gather".into(), requeues.into()]);
    submitted.jobs.extend(if dry { None } else { Some(sbatch(&call)?) });
    submitted.calls.push(call);
    if !dry {
        write_json(&folder.join(format!("submission-{number}.json")), &submitted)?;
        progress.say(&format!("{} runs submitted as {}", todo.len(), submitted.jobs.join(", ")));
    }
    Ok(submitted)
}

/// The next free number; made in a way that two who submit at once cannot both have it.
fn begin(folder: &Path) -> Result<u32> {
    std::fs::create_dir_all(folder).map_err(|error| Error::io(folder, "make a folder for the scheduler", error))?;
    for number in 1_u32.. {
        let token = folder.join(format!("token-{number}"));
        match std::fs::File::create_new(&token) {
            Ok(_) => return Ok(number),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(Error::io(&token, "note a submission", error)),
        }
    }
    Err(Error::Bug("four thousand million submissions".into()))
}

fn common(name: &str, profile: &Profile, plan: &GridPlan, log: &Path) -> Vec<String> {
    let estimates = plan.estimates;
    let cpus = profile.cpus.unwrap_or_else(|| estimates.map_or(1, |estimates| estimates.n_threads as u32));
    let mib = profile.memory_mib.or_else(|| estimates.map(|estimates| (estimates.memory_bytes * 6 / 5) >> 20));
    let minutes =
        profile.minutes.or_else(|| estimates.map(|estimates| ((2.0 * estimates.secs / 60.0).ceil() as u64).max(10)));
    let mut call = vec!["--parsable".into(), format!("--job-name={name}"), format!("--output={}", log.display())];
    call.push(format!("--cpus-per-task={cpus}"));
    let settings = [
        ("mem", mib.map(|mib| format!("{mib}M"))),
        ("time", minutes.map(|minutes| minutes.to_string())),
        ("partition", profile.partition.clone()),
        ("account", profile.account.clone()),
        ("qos", profile.qos.clone()),
    ];
    call.extend(settings.into_iter().filter_map(|(key, value)| value.map(|value| format!("--{key}={value}"))));
    call.extend(profile.sbatch.iter().cloned());
    call
}

/// One script for runs and report. What a person chose stands only in lines that the profile's author wrote.
fn script(profile: &Profile) -> String {
    let modules = profile.modules.iter().map(|module| format!("module load {}\n", quoted(module)));
    let setup = profile.setup.iter().map(|line| format!("{line}\n"));
    let container: String = profile.container.iter().map(|word| format!("{} ", quoted(word))).collect();
    format!(
        r#"#!/bin/bash
# One run of a plan, or its report. Arguments: program, plan, file of run numbers (or gather), who requeues (cluster or job).
{setup}{modules}threads=${{SLURM_CPUS_PER_TASK:-1}}
if [ "$3" = gather ]; then
    {container}"$1" gather "$2" --quiet
    exit
fi
index=$(sed -n "$((SLURM_ARRAY_TASK_ID + 1))p" "$3")
{container}"$1" run "$2" --index "$index" --threads "$threads" --quiet &
child=$!
# Time is nearly up, or somebody more important came: the run saves its state and ends with code 75.
trap 'kill -s USR2 "$child" 2>/dev/null' USR2 TERM
wait "$child"
code=$?
while kill -0 "$child" 2>/dev/null; do
    wait "$child"
    code=$?
done
if [ "$code" = 75 ] && [ "$4" = job ]; then
    scontrol requeue "${{SLURM_ARRAY_JOB_ID}}_${{SLURM_ARRAY_TASK_ID}}"
    sleep 60 # until Slurm takes the job back
fi
exit "$code"
"#,
        setup = setup.collect::<String>(),
        modules = modules.collect::<String>(),
    )
}

/// A word that a shell takes as it is.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

/// What the cluster says of itself.
struct Cluster {
    max_array: usize,
    /// Whether it requeues jobs that end with 75 by itself.
    requeues: bool,
    /// Jobs of this plan that it has.
    queued: Vec<String>,
}

impl Default for Cluster {
    fn default() -> Self {
        Self { max_array: DEFAULT_MAX_ARRAY, requeues: false, queued: Vec::new() }
    }
}

impl Cluster {
    fn asked(name: &str) -> Result<Self> {
        let config = said("scontrol", &["show".into(), "config".into()])?;
        let of = |key: &str| {
            let line = config.lines().find(|line| line.split_whitespace().next() == Some(key))?;
            line.split_once('=').map(|(_, value)| value.trim().to_string())
        };
        let exits = of("RequeueExit").unwrap_or_default();
        let arguments = ["-h", "-o", "%i", "--name", name].map(String::from);
        Ok(Self {
            max_array: of("MaxArraySize").and_then(|value| value.parse().ok()).unwrap_or(DEFAULT_MAX_ARRAY),
            requeues: exits.split(',').any(|code| code.trim() == "75"),
            queued: said("squeue", &arguments)?.split_whitespace().map(Into::into).collect(),
        })
    }
}

fn sbatch(call: &[String]) -> Result<String> {
    let said = said("sbatch", call)?;
    // `--parsable` prints the number, and the cluster's name where there are several.
    Ok(said.trim().split(';').next().unwrap_or_default().to_string())
}

fn said(program: &str, arguments: &[String]) -> Result<String> {
    let failed = |words: String| Error::io(Path::new(program), "ask Slurm", std::io::Error::other(words));
    let output = Command::new(program).args(arguments).output().map_err(|error| {
        failed(format!("{error} (hint: submit where Slurm's own commands are on the PATH, or use --engine local)"))
    })?;
    if !output.status.success() {
        return Err(failed(String::from_utf8_lossy(&output.stderr).trim().to_string()));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// A path of a profile as a person names it: a file, or the name of one in the folder of settings.
pub fn profile_path(named: &str) -> PathBuf {
    let path = PathBuf::from(named);
    if path.is_file() || named.contains('/') {
        return path;
    }
    let home = std::env::var_os("XDG_CONFIG_HOME").map(PathBuf::from);
    let home = home.or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".config")));
    home.map_or(path, |home| home.join("spikereel").join(format!("{named}.toml")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_is_checked_and_its_words_cannot_leave_their_quotes() {
        let profile: Profile =
            toml::from_str("partition = \"long\"\nmodules = [\"gcc/12; rm -rf ~\", \"it's\"]\ncontainer = [\"apptainer\", \"exec\", \"a b.sif\"]").unwrap();
        let script = script(&profile);
        assert!(script.contains("module load 'gcc/12; rm -rf ~'\nmodule load 'it'\\''s'\n"), "{script}");
        assert!(script.contains("'apptainer' 'exec' 'a b.sif' \"$1\" run \"$2\" --index \"$index\""), "{script}");
        assert!(toml::from_str::<Profile>("partitions = \"long\"").is_err());
    }
}
