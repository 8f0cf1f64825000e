//! How a step tells what it is doing. This crate prints nothing; the binary draws bars, tests listen or stay silent.

/// Hears about stages of work.
pub trait Progress: Send + Sync {
    /// A stage of `total` steps begins; the returned task is told of each. `unit` names one step, such as `trial`.
    fn begin(&self, stage: &str, total: u64, unit: &'static str) -> Box<dyn Task>;

    /// A remark for the person at the terminal, one line.
    fn say(&self, remark: &str);
}

/// One stage at work; dropping it ends the stage.
pub trait Task: Send + Sync {
    /// `n` more steps are done.
    fn advance(&self, n: u64);

    /// The stage's figure of the moment, such as the loss; a few words.
    fn note(&self, figure: &str);
}

/// Hears nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {
    fn begin(&self, _stage: &str, _total: u64, _unit: &'static str) -> Box<dyn Task> {
        Box::new(Silent)
    }
    fn say(&self, _remark: &str) {}
}

impl Task for Silent {
    fn advance(&self, _n: u64) {}
    fn note(&self, _figure: &str) {}
}
