//! Grids of independent runs: planned, run here or by a scheduler, looked after and gathered. The runs' folders are the truth: whether one is
//! done is read there and nowhere else.

mod asked;
mod gather;
mod here;
mod one;
mod plan;
mod slurm;
mod status;

pub use asked::PlannedStudies;
pub use gather::{Gathered, gather};
pub use here::{RanHere, run_here};
pub use one::{RanOne, run_one};
pub use plan::{Estimates, GridPlan, PlannedGrid, PlannedRun, pin, plan};
pub use slurm::{Profile, Submitted, profile_path, submit};
pub use status::{Doing, RunState, RunStatus, Status, status};
