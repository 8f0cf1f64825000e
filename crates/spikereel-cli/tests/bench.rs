//! `bench` in small: what it measures, and a peer that is none or that does other work.

mod common;

use common::{code, done_in, run, stderr, temporary};
use serde_json::Value;

const SMALL: [&str; 8] = ["bench", "--batch", "1", "--base-channels", "1", "--runs", "1", "--quiet"];

fn with<'a>(more: &[&'a str]) -> Vec<&'a str> {
    SMALL.into_iter().chain(more.iter().copied()).collect()
}

#[test]
fn both_precisions_are_timed_layer_by_layer_and_as_steps_that_agree() {
    let folder = temporary();
    let result: Value = serde_json::from_str(&done_in(folder.path(), &with(&["--json"]))).unwrap();
    // Ten layers in three directions and two precisions.
    assert_eq!(result["layers"].as_array().unwrap().len(), 60);
    let modes = result["modes"].as_array().unwrap();
    assert_eq!(modes.iter().map(|mode| mode["mode"].as_str().unwrap()).collect::<Vec<_>>(), ["f32", "bf16"]);
    for mode in modes {
        assert!(mode["train_samples_per_s"].as_f64().unwrap() > 0.0, "{mode}");
        assert!(mode["peak_bytes"].as_u64().unwrap() > 0, "{mode}");
    }
    let loss = |mode: &Value| mode["losses"][1].as_f64().unwrap();
    assert!((loss(&modes[0]) / loss(&modes[1]) - 1.0).abs() < 3e-2);
}

#[cfg(unix)]
#[test]
fn a_peer_that_cannot_run_or_does_other_work_is_refused_by_name() {
    use std::os::unix::fs::PermissionsExt;
    let output = run(&with(&["--no-layers", "--precision", "f32", "--peer", "nowhere/python"]));
    assert_eq!(code(&output), 74, "{}", stderr(&output));
    assert!(stderr(&output).contains("nowhere/python: could not start it"), "{}", stderr(&output));
    let folder = temporary();
    let other = folder.path().join("python");
    for (script, expected) in [
        ("exit 3", "bench, f32: expected an answer of a worker process"),
        (
            "echo '{\"losses\": [0.1, 0.1], \"version\": \"0\"}'; cat > /dev/null",
            "bench, loss of f32: expected within 0.001",
        ),
    ] {
        std::fs::write(&other, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&other, std::fs::Permissions::from_mode(0o755)).unwrap();
        let output = run(&with(&["--no-layers", "--precision", "f32", "--peer", other.to_str().unwrap()]));
        assert_eq!(code(&output), 78, "{}", stderr(&output));
        assert!(stderr(&output).contains(expected), "{}", stderr(&output));
    }
}
