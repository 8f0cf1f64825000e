//! Grids of runs: planned, run here, looked after, gathered.

mod common;

use common::{code, done_in, run_in, stderr, stdout, temporary};
use std::fs;

const GRID: &str = "[settings]\ndata.simulate = \"easy\"\ndata.trials_per_condition = 6\n[settings.bins]\nwidth_secs = 0.5\nn_bins = 9\n\
    [settings.stimulus]\nframe_px = 16\nframe_rate_hz = 2\nclips_train = 1\nclips_validation = 1\nclips_test = 1\n[settings.network]\n\
    base_channels = 1\n[settings.train]\nepochs = 1\nbatch_size = 16\n[settings.scores]\nn_null = 10\nn_null_draws = 200\n\
    [settings.masking]\nn_bootstrap = 200\n";

#[test]
fn a_grid_is_planned_run_looked_after_and_gathered() {
    let folder = temporary();
    let folder = folder.path();
    // The third diverges: its failure is told, and stops nobody.
    fs::write(
        folder.join("grid.toml"),
        format!("{GRID}[axes]\nseed = [1, 2]\n[[runs]]\ntrain.learning_rate = 1e30\ntrain.epochs = 2\n"),
    )
    .unwrap();
    done_in(folder, &["plan", "grid.toml", "--out", "p"]);
    let plan = "p/plan.json";
    assert!(
        done_in(folder, &["status", plan]).contains("3 planned: 0 done, 0 running, 0 stopped, 0 failed, 3 missing")
    );
    done_in(folder, &["plan", "grid.toml", "--out", "p"]);
    let other = run_in(folder, &["plan", "grid.toml", "--out", "p", "--isa", "portable"]);
    assert!(code(&other) == 78 && stderr(&other).contains("already exists"), "{}", stderr(&other));
    assert!(done_in(folder, &["plan", "grid.toml", "--out", "q", "--isa", "portable"]).contains("portable"));

    let one = done_in(folder, &["run", plan, "--index", "1"]);
    assert!(one.contains("seed = 2"), "{one}");
    let stamp = fs::metadata(folder.join("p/runs")).unwrap().modified().unwrap();
    assert!(done_in(folder, &["run", plan, "--index", "1"]).contains("was done before"));
    assert_eq!(fs::metadata(folder.join("p/runs")).unwrap().modified().unwrap(), stamp);

    let all = run_in(folder, &["run", plan, "--engine", "local:2"]);
    assert_eq!(code(&all), 0, "{}", stderr(&all));
    assert!(stdout(&all).contains("3 planned: 2 done, 0 running, 0 stopped, 1 failed, 0 missing"), "{}", stdout(&all));
    assert!(stdout(&all).contains("code 76") && stderr(&all).contains("run 2: "), "{}", stdout(&all));

    let gathered = done_in(folder, &["gather", plan]);
    assert!(gathered.contains("2 of 3 planned runs are done"), "{gathered}");
    let page = fs::read_to_string(folder.join("p/gathered/report/index.html")).unwrap();
    assert!(page.contains("Of 3 planned runs 2 are done, 1 failed and 0 have not run."));
    let table = fs::read_to_string(folder.join("p/gathered/report/tables/scores.scores.table.csv")).unwrap();
    assert!(table.lines().skip(1).all(|line| line.contains("all seeds")) && table.lines().count() > 5, "{table}");
}

#[test]
fn studies_of_a_grid_are_made_behind_the_networks_they_ask_about_and_a_profile_pins_instructions() {
    let folder = temporary();
    let folder = folder.path();
    fs::write(
        folder.join("grid.toml"),
        format!(
            "studies = [\"similarity\", \"encoder\"]\n{}[axes]\nseed = [1]\n",
            GRID.replace("[settings]", "preset = \"tiny\"\n[settings]")
        ),
    )
    .unwrap();
    fs::write(folder.join("lab.toml"), "isa = \"portable\"\n").unwrap();
    fs::write(folder.join("new.toml"), "isa = \"avx512\"\n").unwrap();
    assert!(done_in(folder, &["plan", "grid.toml", "--profile", "./lab.toml", "--out", "p"]).contains("portable"));
    let refused = run_in(folder, &["run", "p/plan.json", "--engine", "slurm:./new.toml", "--dry-run"]);
    assert!(code(&refused) == 78 && stderr(&refused).contains("plan again with --profile"), "{}", stderr(&refused));
    done_in(folder, &["run", "p/plan.json", "--engine", "local:1"]);
    let run = fs::read_dir(folder.join("p/runs")).unwrap().next().unwrap().unwrap().path();
    let events = fs::read_to_string(run.join("events.jsonl")).unwrap();
    let place = |words: &str| events.find(words).unwrap_or_else(|| panic!("no {words}: {events}"));
    assert!(
        place("\"trained\"") < place("\"study done\"") && place("\"study done\"") < events.rfind("\"done\"").unwrap()
    );
    assert!(fs::read_to_string(run.join("report/index.html")).unwrap().contains("similarity"));

    // A study that fails makes the run a failed one, which is tried again and then does that study alone.
    let study = fs::read_dir(run.join("studies")).unwrap().map(|entry| entry.unwrap().path());
    let study =
        study.into_iter().find(|path| path.file_name().unwrap().to_string_lossy().starts_with("encoder")).unwrap();
    fs::remove_file(study.join("section.json")).unwrap();
    fs::remove_file(run.join("done.json")).unwrap();
    fs::rename(run.join("networks"), folder.join("aside")).unwrap();
    fs::write(run.join("networks"), "in the way").unwrap();
    let failed = run_in(folder, &["run", "p/plan.json", "--index", "0"]);
    assert_eq!(code(&failed), 65, "{}", stderr(&failed));
    assert!(stderr(&failed).contains("studies: expected all done, got encoder failed"), "{}", stderr(&failed));
    assert!(done_in(folder, &["status", "p/plan.json"]).contains("0 done, 0 running, 0 stopped, 1 failed, 0 missing"));
    fs::remove_file(run.join("networks")).unwrap();
    fs::rename(folder.join("aside"), run.join("networks")).unwrap();
    done_in(folder, &["run", "p/plan.json", "--index", "0"]);
    assert!(done_in(folder, &["status", "p/plan.json"]).contains("1 done"));
    let again = fs::read_to_string(run.join("events.jsonl")).unwrap();
    assert_eq!(again.matches("\"trained\"").count(), 1, "{again}");
}

#[test]
fn all_that_is_wrong_with_a_grid_is_named_before_anything_runs() {
    let folder = temporary();
    let folder = folder.path();
    fs::write(
        folder.join("grid.toml"),
        format!(
            "{GRID}[axes]\n\"stimulus.frame_px\" = [16, 17]\nseed = [1, 1]\n[[runs]]\ndata.dataset = \"nowhere\"\n"
        ),
    )
    .unwrap();
    let refused = run_in(folder, &["plan", "grid.toml", "--out", "p"]);
    assert_eq!(code(&refused), 78);
    let said = stderr(&refused);
    for words in ["4 of 5 runs", "expected an even number from 16, got 17", "the same as run 0", "nowhere"] {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert!(!folder.join("p").exists());
}

#[test]
fn a_dry_run_shows_what_a_cluster_would_be_told() {
    let folder = temporary();
    let folder = folder.path();
    fs::write(folder.join("grid.toml"), format!("{GRID}[axes]\nseed = [1, 2, 3]\n")).unwrap();
    done_in(folder, &["plan", "grid.toml", "--out", "a plan; rm -rf x"]);
    fs::write(folder.join("big.toml"), "partition = \"long\"\nat_once = 2\nminutes = 90\n").unwrap();
    let plan = "a plan; rm -rf x/plan.json";
    let json = done_in(folder, &["run", plan, "--engine", "slurm:./big.toml", "--dry-run", "--json"]);
    for words in ["--array=0-2%2", "--partition=long", "--time=90", "--signal=B:USR2@180", "--dependency=afterany:"] {
        assert!(json.contains(words), "{words}: {json}");
    }
    let (script, _) = json.split_once("\"calls\"").unwrap();
    assert!(!script.contains("rm -rf"), "names stay out of the script: {script}");
    assert!(!folder.join("a plan; rm -rf x/slurm").exists());
}
