//! A worker process: started, told to do steps, asked for its peak of memory.

use super::worker::Said;
use crate::{Error, Result};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// A running worker.
pub struct Worker {
    name: String,
    child: Child,
    tell: Option<ChildStdin>,
    hear: BufReader<ChildStdout>,
    /// Losses of its first two training steps.
    pub losses: Vec<f64>,
    /// Version of its engine.
    pub version: String,
}

impl Worker {
    /// Starts `command` and waits until it is ready.
    ///
    /// # Errors
    /// It cannot be started, or ends before it is ready.
    pub fn start(name: &str, command: &mut Command) -> Result<Self> {
        let program = Path::new(command.get_program()).to_path_buf();
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| Error::io(&program, "start it", error))?;
        let (tell, hear) = (child.stdin.take(), child.stdout.take());
        let hear = hear.ok_or_else(|| Error::Bug("a child without stdout".into()))?;
        let mut worker = Self {
            name: name.into(),
            child,
            tell,
            hear: BufReader::new(hear),
            losses: Vec::new(),
            version: String::new(),
        };
        match worker.answer()? {
            Said::Ready { losses, version } => (worker.losses, worker.version) = (losses, version),
            other => return Err(worker.broken(&format!("{other:?}"))),
        }
        Ok(worker)
    }

    /// What it was started as.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// True where its operands are rounded to bf16.
    pub fn is_bf16(&self) -> bool {
        self.name.starts_with("bf16")
    }

    /// Seconds of one step, `infer` or `train`.
    ///
    /// # Errors
    /// The worker has ended or says something else.
    pub fn step(&mut self, what: &str) -> Result<f64> {
        let told = self.tell.as_mut().map(|tell| writeln!(tell, "{what}").and_then(|()| tell.flush()));
        match (told, self.answer()?) {
            (Some(Ok(())), Said::Step { secs }) => Ok(secs),
            (_, other) => Err(self.broken(&format!("{other:?}"))),
        }
    }

    /// Ends it; its peak of memory in bytes.
    ///
    /// # Errors
    /// As [`Worker::step`].
    pub fn end(mut self) -> Result<u64> {
        self.tell = None;
        match self.answer()? {
            Said::End { peak_bytes } => Ok(peak_bytes),
            other => Err(self.broken(&format!("{other:?}"))),
        }
    }

    fn answer(&mut self) -> Result<Said> {
        let mut line = String::new();
        let read = self.hear.read_line(&mut line);
        read.ok()
            .filter(|&n| n > 0)
            .and_then(|_| serde_json::from_str(&line).ok())
            .ok_or_else(|| self.broken(if line.is_empty() { "nothing" } else { line.trim_end() }))
    }

    fn broken(&self, said: &str) -> Error {
        let expected = "an answer of a worker process (what it said on stderr stands above)";
        crate::ConfigError::new(format!("bench, {}", self.name), expected, said)
            .hint("run it by hand to see why; the peer needs a Python with torch")
            .into()
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.tell = None;
        // A worker that hangs or has failed is of no more use; one that has ended is only collected.
        if !matches!(self.child.try_wait(), Ok(Some(_))) {
            let _ = self.child.kill();
        }
        let _ = self.child.wait();
    }
}
