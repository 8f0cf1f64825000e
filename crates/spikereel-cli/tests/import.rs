//! Importing as a person meets it: a file that is right, and files that are wrong in plausible ways, each told with its cause and remedy.

mod common;
#[path = "common/session.rs"]
mod session;

use common::{code, done_in, run_in, stderr, temporary};
use session::{Movie, MovieValues, Session};
use std::fmt::Write;
use std::path::Path;

const FLAGS: [&str; 7] = ["--align", "stim_on", "--factor", "cue", "--window", "0", "0.6"];
const MOVIE: [&str; 2] = ["--video", "stimulus/presentation/movie"];

fn import(folder: &Path, flags: &[&str]) -> Vec<String> {
    let all = [&["import", "a.nwb"], flags, &["--out", "made"]].concat();
    std::fs::create_dir_all(folder).unwrap();
    all.iter().map(ToString::to_string).collect()
}

fn said(folder: &Path, args: &[String]) -> (i32, String) {
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let output = run_in(folder, &args);
    let text = stderr(&output).replace(folder.to_str().unwrap(), "FOLDER").replace("FOLDER/", "");
    (code(&output), text)
}

#[test]
fn a_session_becomes_a_dataset_and_can_be_imported_again() {
    let folder = temporary();
    Session::default().write(&folder.path().join("a.nwb"));
    let flags = [&FLAGS[..], &MOVIE, &["--covariate", "side", "--frame-px", "16", "--frame-rate", "4"]].concat();
    let args = import(folder.path(), &flags);
    let text = done_in(folder.path(), &args.iter().map(String::as_str).collect::<Vec<_>>());
    for part in ["day 1", "MT 2, V1 1", "12 trials, 6 bins, 3 sites", "import made/dataset.toml"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    done_in(folder.path(), &["import", "made/dataset.toml", "--out", "again"]);
    for name in ["spikes.bin", "video.bin", "dataset.json", "split.json"] {
        let read = |made: &str| std::fs::read(folder.path().join(made).join(name)).unwrap();
        assert_eq!(read("made"), read("again"), "{name}");
    }
    let output = run_in(folder.path(), &["inspect", "made"]);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    // Another file under the same name is not the same import.
    Session { cue: vec![1; 12], ..Session::default() }.write(&folder.path().join("a.nwb"));
    let output = run_in(folder.path(), &["import", "made/dataset.toml", "--out", "third"]);
    assert_eq!(code(&output), 65);
    assert!(stderr(&output).contains("cannot be repeated"), "{}", stderr(&output));
}

#[test]
fn sessions_of_a_folder_become_one_dataset() {
    let folder = temporary();
    std::fs::create_dir(folder.path().join("days")).unwrap();
    Session::default().write(&folder.path().join("days/a.nwb"));
    Session { identifier: "day 2", places: ["V1", "IT"], ..Session::default() }
        .write(&folder.path().join("days/b.nwb"));
    let args = [&["import", "days"], &FLAGS[..], &["--stimulus", "gabor", "--out", "made"]].concat();
    let output = run_in(folder.path(), &args);
    assert_eq!(code(&output), 65, "a gabor pair needs contrasts: {}", stderr(&output));
    let args = [&["import", "days"], &FLAGS[..], &MOVIE, &["--out", "made"]].concat();
    let output = run_in(folder.path(), &args);
    // Clips belong to real trials; pooled trials have none.
    assert_eq!(code(&output), 78, "{}", stderr(&output));
    assert!(stderr(&output).contains("clips"), "{}", stderr(&output));
}

#[test]
fn inspecting_says_what_is_there_and_how_to_import_it() {
    let folder = temporary();
    Session::default().write(&folder.path().join("a.nwb"));
    let text = done_in(folder.path(), &["inspect", "a.nwb"]);
    insta::assert_snapshot!(text);
    let json: serde_json::Value =
        serde_json::from_str(&done_in(folder.path(), &["inspect", "a.nwb", "--json"])).unwrap();
    assert_eq!((json["n_sites"].as_u64(), json["n_spikes"].as_u64()), (Some(3), Some(120)));
    let text = done_in(folder.path(), &["inspect", "a.nwb", "--out", "page"]);
    assert!(text.contains("page/report/index.html"), "{text}");
    let page = std::fs::read_to_string(folder.path().join("page/report/index.html")).unwrap();
    assert!(page.contains("Mean rate around events") && page.contains("First frame of the stimulus"));
}

fn scaled(values: &[f64], factor: f64) -> Vec<f64> {
    values.iter().map(|value| value * factor).collect()
}

/// Sessions that are wrong, by what is wrong.
fn wrong_sessions() -> Vec<(&'static str, Session, Vec<&'static str>)> {
    let good = Session::default;
    let movie = good().movie.unwrap();
    let with_movie = |changed: Movie| Session { movie: Some(changed), ..good() };
    let plain = FLAGS.to_vec();
    let filmed = [&FLAGS[..], &MOVIE].concat();
    let factor = |name: &'static str| vec!["--align", "stim_on", "--factor", name, "--window", "0", "0.6"];
    vec![
        ("no electrodes, so no regions", Session { electrodes: None, ..good() }, plain.clone()),
        ("a location that says nothing", Session { places: ["V1", "unknown"], ..good() }, filmed.clone()),
        ("ids of electrodes in place of rows", Session { electrodes: Some(vec![0, 1, 101]), ..good() }, plain.clone()),
        (
            "spike times in milliseconds",
            Session { spikes: good().spikes.iter().map(|list| scaled(list, 1e3)).collect(), ..good() },
            filmed.clone(),
        ),
        (
            "trials in milliseconds",
            Session {
                start: scaled(&good().start, 1e3),
                stop: scaled(&good().stop, 1e3),
                stim_on: scaled(&good().stim_on, 1e3),
                ..good()
            },
            plain.clone(),
        ),
        ("events that count from their trial", Session { stim_on: vec![0.2; 12], ..good() }, plain.clone()),
        (
            "trials that overlap",
            Session { stop: good().start.iter().map(|t| t + 2.5).collect(), ..good() },
            plain.clone(),
        ),
        (
            "ends before starts",
            Session { stop: good().start.iter().map(|t| t - 0.5).collect(), ..good() },
            plain.clone(),
        ),
        (
            "an event that is missing in one trial",
            Session { stim_on: [&[f64::NAN], &good().stim_on[1..]].concat(), ..good() },
            plain.clone(),
        ),
        ("no table of trials", Session { table: None, ..good() }, plain.clone()),
        ("a table of another name", Session { table: Some("epochs"), ..good() }, plain.clone()),
        ("one condition only", Session { cue: vec![1; 12], ..good() }, plain.clone()),
        ("no factor named", good(), vec!["--align", "stim_on", "--window", "0", "0.6"]),
        ("a factor that is misspelt", good(), factor("cues")),
        ("an event that is misspelt", good(), vec!["--align", "stim_onset", "--factor", "cue"]),
        ("no videos", good(), plain.clone()),
        ("a movie that is misspelt", good(), [&FLAGS[..], &["--video", "stimulus/presentation/film"]].concat()),
        (
            "a movie that ends before the trials",
            with_movie(Movie { shape: vec![40, 32, 32, 3], ..movie.clone() }),
            filmed.clone(),
        ),
        ("colors first", with_movie(Movie { shape: vec![100, 3, 32, 32], ..movie.clone() }), filmed.clone()),
        (
            "floats from 0 to 255",
            with_movie(Movie { values: MovieValues::Floats(255.0), ..movie.clone() }),
            filmed.clone(),
        ),
        (
            "a movie smaller than 32 pixels",
            with_movie(Movie { shape: vec![100, 8, 8], ..movie.clone() }),
            filmed.clone(),
        ),
        ("a movie in a file of its own", with_movie(Movie { external: Some("movie.mp4"), ..movie }), filmed.clone()),
        (
            "a unit whose spikes do not ascend",
            Session { spikes: vec![vec![0.5, 2.5], vec![3.0, 1.0], vec![4.0]], ..good() },
            plain.clone(),
        ),
        (
            "a spike at no time",
            Session { spikes: vec![vec![0.5, f64::NAN], vec![1.0], vec![4.0]], ..good() },
            plain.clone(),
        ),
        ("an old version", Session { version: "1.0.6", ..good() }, plain.clone()),
        ("a region that is not there", good(), [&FLAGS[..], &["--drop-region", "V5"]].concat()),
        ("a value that is not there", good(), [&FLAGS[..], &["--only", "side=7"]].concat()),
        ("a window that ends before it begins", good(), vec!["--factor", "cue", "--window", "1", "0"]),
        ("a flag without its name", good(), [&FLAGS[..], &["--only", "side"]].concat()),
        ("a place of regions that is none", good(), [&FLAGS[..], &["--region", "areas"]].concat()),
    ]
}

#[test]
fn wrong_but_plausible_inputs_are_told_with_cause_and_remedy() {
    let mut told = String::new();
    for (what, session, flags) in wrong_sessions() {
        let folder = temporary();
        session.write(&folder.path().join("a.nwb"));
        let (code, text) = said(folder.path(), &import(folder.path(), &flags));
        assert!(code == 65 || code == 78, "{what}: {code} {text}");
        assert!(!folder.path().join("made").exists(), "{what}");
        let _ = writeln!(told, "{what} ({code})\n{text}");
    }
    let folder = temporary();
    let whole = |path: &Path| {
        Session::default().write(path);
        std::fs::read(path).unwrap()
    };
    let bytes = whole(&folder.path().join("a.nwb"));
    let files: [(&str, &[u8]); 3] =
        [("cut short", &bytes[..bytes.len() / 2]), ("empty", b""), ("a text", b"trial,cue\n")];
    for (what, content) in files {
        std::fs::write(folder.path().join("a.nwb"), content).unwrap();
        let (code, text) = said(folder.path(), &import(folder.path(), &FLAGS));
        assert_eq!(code, 65, "{what}: {text}");
        let _ = writeln!(told, "a file that is {what} ({code})\n{text}");
    }
    std::fs::create_dir(folder.path().join("nothing")).unwrap();
    let args = ["import", "nothing", "--factor", "cue"].map(String::from);
    let (code, text) = said(folder.path(), &args);
    assert_eq!(code, 65, "{text}");
    let _ = writeln!(told, "a folder without files ({code})\n{text}");
    insta::assert_snapshot!(told);
}
