//! The report: `report.json`, and from it alone the figures, the tables and one self-contained HTML page.
//!
//! [`Study`] is the file's content, [`write_report`] puts a whole report into a run folder, [`read_report`] reads one back.
//! Not here: how numbers are computed, and what a finding's words are; both come in with the [`Study`].

#![forbid(unsafe_code)]

mod base64;
mod check;
mod error;
pub mod figures;
pub mod movie;
pub mod page;
pub mod pdf;
mod provenance;
pub mod schema;
pub mod sheet;
pub mod svg;
pub mod tables;
mod text;
mod write;

pub use check::check;
pub use error::{Error, Result};
pub use provenance::{InputFile, Provenance};
pub use schema::{SCHEMA_VERSION, Study};
pub use write::{Written, read_report, write_report};
