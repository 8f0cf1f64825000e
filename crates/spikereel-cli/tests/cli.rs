//! The command as a person meets it: help, usage errors, exit codes, folders that exist.

mod common;

use common::{code, run, stderr, stdout, temporary};

#[test]
fn help_names_every_command_and_every_exit_code() {
    insta::assert_snapshot!(stdout(&run(&["--help"])));
}

#[test]
fn help_of_train_names_its_flags() {
    insta::assert_snapshot!(stdout(&run(&["train", "--help"])));
}

#[test]
fn wrong_usage_is_code_2_on_stderr() {
    let output = run(&["trian"]);
    assert_eq!((code(&output), stdout(&output)), (2, String::new()));
    assert!(stderr(&output).contains("train"), "{}", stderr(&output));
    assert_eq!(code(&run(&["train", "--threads", "0"])), 2);
}

#[test]
fn bad_configurations_are_code_78_and_name_the_key() {
    let cases: [(&[&str], &str); 6] = [
        (&["train"], "data: expected one of"),
        (&["train", "simulate:impossible"], "simulate:easy"),
        (&["train", "simulate:easy", "--set", "train.epochs"], "key=value"),
        (&["train", "simulate:easy", "--set", "train.epochs=0"], "train.epochs: expected at least 1, got 0"),
        (&["train", "simulate:easy", "--set", "train.epoch=3"], "unknown field `epoch`"),
        (&["decode", "run", "spikes.npy"], "--out"),
    ];
    for (args, expected) in cases {
        let output = run(args);
        assert_eq!(code(&output), 78, "{args:?}: {}", stderr(&output));
        assert!(stderr(&output).contains(expected), "{args:?}: {}", stderr(&output));
    }
}

#[cfg(not(feature = "mpi"))]
#[test]
fn a_build_without_mpi_says_how_to_get_one() {
    let output = run(&["train", "simulate:easy", "--mpi"]);
    assert_eq!(code(&output), 78, "{}", stderr(&output));
    assert!(stderr(&output).contains("--features mpi"), "{}", stderr(&output));
}

#[test]
fn a_config_file_with_an_unknown_key_is_shown_with_its_line() {
    let folder = temporary();
    let file = folder.path().join("mine.toml");
    std::fs::write(&file, "seed = 3\n\n[train]\nepochs = 3\nlearning_speed = 0.1\n").unwrap();
    let output = run(&["train", "simulate:easy", "--config", file.to_str().unwrap()]);
    assert_eq!(code(&output), 78);
    let text = stderr(&output).replace(folder.path().to_str().unwrap(), "FOLDER");
    insta::assert_snapshot!(text);
}

#[test]
fn what_is_missing_is_named() {
    let output = run(&["train", "--config", "nowhere.toml"]);
    assert_eq!(code(&output), 74);
    assert!(stderr(&output).contains("nowhere.toml: could not read the configuration"), "{}", stderr(&output));
    let output = run(&["evaluate", "nowhere"]);
    assert_eq!(code(&output), 65);
    assert!(stderr(&output).contains("nowhere: config.toml: expected a run folder"), "{}", stderr(&output));
}

#[test]
fn an_existing_folder_is_never_written_into() {
    let folder = temporary();
    std::fs::write(folder.path().join("mine.txt"), "kept").unwrap();
    let out = folder.path().to_str().unwrap();
    for command in ["train", "prepare"] {
        let output = run(&[command, "simulate:easy", "--out", out]);
        assert_eq!(code(&output), 78, "{}", stderr(&output));
        assert!(stderr(&output).contains("already exists"), "{}", stderr(&output));
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}
