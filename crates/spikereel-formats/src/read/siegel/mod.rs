//! Recordings of Siegel, Buschman & Miller (2015), the data of the paper, as MATLAB files of one session each.
//!
//! `spikeTimes` is a cell array `[trial, unit]` of times in seconds from stimulus onset, `unitInfo.area` names the region of each unit,
//! and `trialInfo` holds a table of trials with cue, color and direction. These names, the epoch of 2.5 s before to 3.5 s after the onset and
//! the numbers 1 to 4 of cues are known from one public session. INFERRED, and therefore options: which shape each cue number
//! stands for, the names of columns with reaction time and response, that a trial was correct where both responses agree, and how rows
//! of the table and of `spikeTimes` belong together.
//!
//! | file | idea |
//! |---|---|
//! | `options` | what a caller may say |
//! | `table` | a structure, or an array of them, as columns |
//! | `trials` | which trials are kept, their conditions and covariates |
//! | `sites` | units to sites and regions |
//! | `spikes` | times to counts |
//! | `recording` | all of it together |

mod options;
mod recording;
mod sites;
mod spikes;
mod table;
mod trials;

pub use options::{KeepTrials, SiegelCovariate, SiegelFactor, SiegelOptions, SiegelSites, SiegelTrials};
pub use recording::read_siegel2015;
