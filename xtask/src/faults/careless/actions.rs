//! The actions, one after another.

use super::{Action, TRAIN, copy, edit, finished, put, same, same_after, stopped, train, unchanged};
use crate::faults::scene::{Scene, end, signal, sleep, wait};
use std::fs;
use std::time::Instant;

pub const ALL: &[Action] = &[
    Action {
        name: "start a second run in a folder at work",
        code: 77,
        words: &["another process works", "process"],
        act: |scene| {
            let began = Instant::now();
            let first = scene.start(&[&TRAIN[..], &["run"]].concat())?;
            sleep(1.0);
            let second = train(scene, "run")?;
            let first = wait(first, began)?;
            let survived = if first.code == Some(0) { same_after(scene, "run") } else { Err(first.said) };
            Ok((second, survived))
        },
    },
    Action {
        name: "`--fresh` on a folder at work",
        code: 77,
        words: &["another process works"],
        act: |scene| {
            let began = Instant::now();
            let first = scene.start(&[&TRAIN[..], &["run"]].concat())?;
            sleep(1.0);
            let second = scene.run(&[&TRAIN[..], &["run", "--fresh"]].concat())?;
            let first = wait(first, began)?;
            let survived = if first.code == Some(0) { same_after(scene, "run") } else { Err(first.said) };
            Ok((second, survived))
        },
    },
    Action {
        name: "edit a setting in config.toml of a stopped run, go on",
        code: 78,
        words: &["train.epochs = 7", "--fresh"],
        act: |scene| {
            stopped(scene)?;
            edit(scene, "run/config.toml", "epochs = 6", "epochs = 7")?;
            let ended = train(scene, "run")?;
            edit(scene, "run/config.toml", "epochs = 7", "epochs = 6")?;
            Ok((ended, same_after(scene, "run")))
        },
    },
    Action {
        name: "a typing error in config.toml of a stopped run",
        code: 78,
        words: &["config.toml", "epoch"],
        act: |scene| {
            stopped(scene)?;
            edit(scene, "run/config.toml", "epochs = 6", "epoch = 6")?;
            let ended = train(scene, "run")?;
            edit(scene, "run/config.toml", "epoch = 6", "epochs = 6")?;
            Ok((ended, same_after(scene, "run")))
        },
    },
    Action {
        name: "go on with another seed",
        code: 78,
        words: &["seed = 5", "seed = 6"],
        act: |scene| {
            stopped(scene)?;
            let ended = scene.run(&[&TRAIN[..], &["run", "--seed", "6"]].concat())?;
            Ok((ended, same_after(scene, "run")))
        },
    },
    Action {
        name: "go on with another instruction set",
        code: 78,
        words: &["instruction set"],
        act: |scene| {
            stopped(scene)?;
            let mut command = scene.command(&[&TRAIN[..], &["run"]].concat());
            Ok((end(command.env("SPIKEREEL_ISA", "portable"))?, same_after(scene, "run")))
        },
    },
    Action {
        name: "name a folder of photographs with --out",
        code: 78,
        words: &["already exists"],
        act: |scene| {
            fs::create_dir(scene.path("run")).map_err(|error| error.to_string())?;
            put(scene, "run/holiday.jpg", b"a picture")?;
            Ok((train(scene, "run")?, unchanged(scene, "run/holiday.jpg", b"a picture")))
        },
    },
    Action {
        name: "name a file with --out",
        code: 78,
        words: &["already exists"],
        act: |scene| {
            put(scene, "run", b"a thesis")?;
            Ok((train(scene, "run")?, unchanged(scene, "run", b"a thesis")))
        },
    },
    Action {
        name: "train a finished run again",
        code: 0,
        words: &["done already"],
        act: |scene| {
            finished(scene)?;
            Ok((train(scene, "run")?, same(scene, "run")))
        },
    },
    Action {
        name: "`--fresh` on a finished run",
        code: 0,
        words: &["run.old-1"],
        act: |scene| {
            finished(scene)?;
            scene.remove("run.old-1");
            let ended = scene.run(&[&TRAIN[..], &["run", "--fresh"]].concat())?;
            Ok((ended, same(scene, "run.old-1").and_then(|_| same_after(scene, "run"))))
        },
    },
    Action {
        name: "delete the weights of a finished run, score it",
        code: 65,
        words: &["weights.safetensors", "train"],
        act: |scene| {
            finished(scene)?;
            scene.remove("run/fold0/weights.safetensors");
            Ok((scene.run(&["evaluate", "run"])?, same_after(scene, "run")))
        },
    },
    Action {
        name: "swap the weights of two folds, verify",
        code: 65,
        words: &["weights", "differs"],
        act: |scene| {
            finished(scene)?;
            let [a, b, c] = ["run/fold0/weights.safetensors", "run/fold1/weights.safetensors", "run/x"]
                .map(|name| scene.path(name));
            for (from, to) in [(&a, &c), (&b, &a), (&c, &b)] {
                fs::rename(from, to).map_err(|error| error.to_string())?;
            }
            Ok((scene.run(&["verify", "run"])?, Ok("nothing is written by `verify`".into())))
        },
    },
    Action {
        name: "cut the dataset's video short, score",
        code: 65,
        words: &["video.bin", "bytes"],
        act: |scene| {
            finished(scene)?;
            let path = scene.path("run/dataset/video.bin");
            let bytes = fs::read(&path).map_err(|error| error.to_string())?;
            put(scene, "run/dataset/video.bin", &bytes[..bytes.len() / 2])?;
            let ended = scene.run(&["evaluate", "run"])?;
            put(scene, "run/dataset/video.bin", &bytes)?;
            Ok((ended, same(scene, "run")))
        },
    },
    Action {
        name: "flip one bit of the dataset's spikes, verify",
        code: 65,
        words: &["spikes.bin", "checksum"],
        act: |scene| {
            finished(scene)?;
            let mut bytes = fs::read(scene.path("run/dataset/spikes.bin")).map_err(|error| error.to_string())?;
            bytes[100] ^= 1;
            put(scene, "run/dataset/spikes.bin", &bytes)?;
            Ok((scene.run(&["verify", "run"])?, Ok("nothing is written by `verify`".into())))
        },
    },
    Action {
        name: "delete the dataset of a stopped run, go on",
        code: 0,
        words: &["going on"],
        act: |scene| {
            stopped(scene)?;
            scene.remove("run/dataset");
            Ok((train(scene, "run")?, same_after(scene, "run")))
        },
    },
    Action {
        name: "delete config.toml, score",
        code: 65,
        words: &["config.toml", "run folder"],
        act: |scene| {
            finished(scene)?;
            scene.remove("run/config.toml");
            let ended = scene.run(&["evaluate", "run"])?;
            copy(&scene.path("undisturbed/config.toml"), &scene.path("run/config.toml"))?;
            Ok((ended, same(scene, "run")))
        },
    },
    Action {
        name: "overwrite split.json with something else, score",
        code: 65,
        words: &["split.json"],
        act: |scene| {
            finished(scene)?;
            put(scene, "run/fold0/split.json", b"{\"mine\": 1}")?;
            let ended = scene.run(&["evaluate", "run"])?;
            copy(&scene.path("undisturbed/fold0/split.json"), &scene.path("run/fold0/split.json"))?;
            Ok((ended, same(scene, "run")))
        },
    },
    Action {
        name: "delete events.jsonl of a stopped run, go on",
        code: 0,
        words: &["going on"],
        act: |scene| {
            stopped(scene)?;
            scene.remove("run/events.jsonl");
            Ok((train(scene, "run")?, same_after(scene, "run")))
        },
    },
    Action {
        name: "a last line of events.jsonl cut off (power cut), go on",
        code: 0,
        words: &["going on"],
        act: |scene| {
            stopped(scene)?;
            let mut bytes = fs::read(scene.path("run/events.jsonl")).map_err(|error| error.to_string())?;
            bytes.extend_from_slice(b"{\"unix_secs\":17");
            put(scene, "run/events.jsonl", &bytes)?;
            let ended = train(scene, "run")?;
            let events = fs::read_to_string(scene.path("run/events.jsonl")).unwrap_or_default();
            let survived =
                if events.contains("\"repaired\"") { same_after(scene, "run") } else { Err("not repaired".into()) };
            Ok((ended, survived))
        },
    },
    Action {
        name: "delete `lock` and `lease.json` under a running process, start another",
        code: 0,
        words: &["going on"],
        act: |scene| {
            let began = Instant::now();
            let first = scene.training("run")?;
            sleep(0.5);
            scene.remove("run/lock");
            scene.remove("run/lease.json");
            let second = train(scene, "run")?;
            let first = wait(first, began)?;
            let survived = if first.code == Some(74) && first.said.contains("moved or removed") {
                same_after(scene, "run").map(|same| {
                    format!("the first one ends with 74 (\"moved or removed while this process worked there\"); {same}")
                })
            } else {
                Err(format!("the first one: {:?} {}", first.code, first.said))
            };
            Ok((second, survived))
        },
    },
    Action {
        name: "rename the folder of a running process",
        code: 74,
        words: &["moved or removed"],
        act: |scene| {
            let began = Instant::now();
            let first = scene.training("run")?;
            sleep(0.5);
            scene.remove("renamed");
            fs::rename(scene.path("run"), scene.path("renamed")).map_err(|error| error.to_string())?;
            let first = wait(first, began)?;
            let survived = if scene.path("run").exists() {
                Err("the old folder came back".into())
            } else {
                same_after(scene, "renamed")
            };
            Ok((first, survived))
        },
    },
    Action {
        name: "move the folder of a stopped run, go on there",
        code: 0,
        words: &["going on"],
        act: |scene| {
            stopped(scene)?;
            scene.remove("renamed");
            fs::rename(scene.path("run"), scene.path("renamed")).map_err(|error| error.to_string())?;
            Ok((train(scene, "renamed")?, same_after(scene, "renamed")))
        },
    },
    Action {
        name: "copy the folder of a running process, go on in the copy",
        code: 0,
        words: &["going on"],
        act: |scene| {
            let began = Instant::now();
            let first = scene.training("run")?;
            sleep(0.5);
            scene.remove("copied");
            copy(&scene.path("run"), &scene.path("copied"))?;
            let ended = train(scene, "copied")?;
            let first = wait(first, began)?;
            let survived = if first.code == Some(0) { same_after(scene, "run") } else { Err(first.said) };
            Ok((ended, survived.and_then(|_| same_after(scene, "copied"))))
        },
    },
    Action {
        name: "change a recording between stop and going on",
        code: 65,
        words: &["SHA-256", "changed since"],
        act: |scene| {
            recorded(scene)?;
            let mut bytes = fs::read(scene.path("recording/counts.npy")).map_err(|error| error.to_string())?;
            let last = bytes.len() - 1;
            bytes[last] ^= 1;
            put(scene, "recording/counts.npy", &bytes)?;
            let ended = scene.run(&RECORDED)?;
            bytes[last] ^= 1;
            put(scene, "recording/counts.npy", &bytes)?;
            let again = scene.run(&RECORDED)?;
            Ok((
                ended,
                if again.code == Some(0) { Ok("goes on once the file is as it was".into()) } else { Err(again.said) },
            ))
        },
    },
    Action {
        name: "delete a recording between stop and going on",
        code: 74,
        words: &["counts.npy"],
        act: |scene| {
            recorded(scene)?;
            let bytes = fs::read(scene.path("recording/counts.npy")).map_err(|error| error.to_string())?;
            scene.remove("recording/counts.npy");
            let ended = scene.run(&RECORDED)?;
            put(scene, "recording/counts.npy", &bytes)?;
            let again = scene.run(&RECORDED)?;
            Ok((
                ended,
                if again.code == Some(0) { Ok("goes on once the file is back".into()) } else { Err(again.said) },
            ))
        },
    },
    Action {
        name: "Ctrl-C inside a save",
        code: 75,
        words: &["stopped by SIGINT", "saved"],
        act: |scene| {
            let began = Instant::now();
            let child = scene.start(&[&TRAIN[..], &["run"]].concat())?;
            // A save after every step: the folder of checkpoints is being written most of the time.
            while !scene.path("run/fold0/checkpoints").is_dir() {
                sleep(0.01);
            }
            sleep(0.3);
            signal(child.id(), "INT");
            Ok((wait(child, began)?, same_after(scene, "run")))
        },
    },
    Action {
        name: "score a run that is not trained to its end",
        code: 65,
        words: &["weights.safetensors", "stopped before its end"],
        act: |scene| {
            stopped(scene)?;
            Ok((scene.run(&["evaluate", "run"])?, same_after(scene, "run")))
        },
    },
    Action {
        name: "report a run that was not scored",
        code: 65,
        words: &["scores.json", "spikereel evaluate"],
        act: |scene| {
            scene.done(&[&TRAIN[..], &["run"]].concat())?;
            Ok((scene.run(&["report", "run"])?, same_after(scene, "run")))
        },
    },
    Action {
        name: "delete the checkpoints of a stopped run, go on",
        code: 0,
        words: &["going on"],
        act: |scene| {
            stopped(scene)?;
            scene.remove("run/fold0/checkpoints");
            scene.remove("run/fold1/checkpoints");
            Ok((train(scene, "run")?, same_after(scene, "run")))
        },
    },
    Action {
        name: "put a checkpoint of another training in place",
        code: 65,
        words: &["checkpoint", "another seed"],
        act: |scene| {
            stopped(scene)?;
            scene.remove("run/fold0/curve.json");
            scene.remove("run/fold0/weights.safetensors");
            scene.remove("run/fold0/checkpoints");
            copy(&scene.path("undisturbed/fold1/checkpoints"), &scene.path("run/fold0/checkpoints"))?;
            let ended = train(scene, "run")?;
            scene.remove("run/fold0/checkpoints");
            Ok((ended, same_after(scene, "run")))
        },
    },
    Action {
        name: "a name with spaces, umlauts and a line break for --out",
        code: 0,
        words: &["training"],
        act: |scene| {
            let name = "r\u{fc}n 1\nb";
            scene.remove(name);
            Ok((train(scene, name)?, same_after(scene, name)))
        },
    },
    Action {
        name: "print to a full disk (`> /dev/full`)",
        code: 74,
        words: &["stdout", "No space left"],
        act: |scene| {
            let full = fs::OpenOptions::new().write(true).open("/dev/full").map_err(|error| error.to_string())?;
            let began = Instant::now();
            let child = scene.command(&["study", "list"]).stdout(full).stderr(std::process::Stdio::piped()).spawn();
            Ok((wait(child.map_err(|error| error.to_string())?, began)?, Ok("nothing was at stake".into())))
        },
    },
    Action {
        name: "a log on a full disk (`2> /dev/full`)",
        code: 0,
        words: &[],
        act: |scene| {
            let full = fs::OpenOptions::new().write(true).open("/dev/full").map_err(|error| error.to_string())?;
            let began = Instant::now();
            let mut command = scene.command(&[&TRAIN[..], &["run"]].concat());
            let child = command.stderr(full).stdout(std::process::Stdio::piped()).spawn();
            Ok((wait(child.map_err(|error| error.to_string())?, began)?, same_after(scene, "run")))
        },
    },
];

const RECORDED: [&str; 9] = [
    "train",
    "recording/recording.toml",
    "--set",
    "network.base_channels=1",
    "--set",
    "train.epochs=2",
    "--out",
    "run",
    "-q",
];

/// A training on a recording in files, stopped.
fn recorded(scene: &Scene) -> Result<(), String> {
    scene.remove("recording");
    scene.done(&["simulate", "--preset", "easy", "--trials-per-condition", "4", "--out", "recording"])?;
    let began = Instant::now();
    let child = scene.start(&RECORDED)?;
    while !scene.path("run/checkpoints").is_dir() {
        if began.elapsed().as_secs() > 120 {
            signal(child.id(), "KILL");
            return Err(format!("no training began: {}", wait(child, began)?.said));
        }
        sleep(0.02);
    }
    signal(child.id(), "TERM");
    let ended = wait(child, began)?;
    if ended.code == Some(75) { Ok(()) } else { Err(format!("stopping it: {:?} {}", ended.code, ended.said)) }
}
