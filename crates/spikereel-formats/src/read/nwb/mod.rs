//! NWB 2.x files (HDF5): what they hold, and recordings out of them.
//!
//! Units become sites, rows of an intervals table become trials, and a movie may give every trial a clip. Where things stand is the
//! schema's: `units`, `general/extracellular_ephys/electrodes`, `intervals/*`, `stimulus/presentation`.

mod clips;
mod external;
mod file;
mod movie;
mod options;
mod picture;
mod recording;
mod region;
mod series;
mod summary;
mod survey;
mod table;
mod trials;
mod units;

pub use file::NwbFile;
pub use movie::Movie;
pub use options::{Clock, NwbOptions, RegionSource, TrialOptions, UnitOptions, VideoOptions};
pub use picture::{ColorOrder, Picture, PictureOptions};
pub use recording::{read_binned_nwb, read_nwb};
pub use series::{SeriesClock, SeriesInfo};
pub use summary::{ColumnSummary, NwbSummary, TableSummary, UnitsSummary};
pub use survey::{EventResponse, SiteSurvey, SpikeSurvey};
pub use table::ColumnKind;
pub use trials::Trials;
pub use units::Units;
