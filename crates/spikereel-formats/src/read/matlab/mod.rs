//! MATLAB files of level 5, which MATLAB 5 to today's `save -v7` and scipy's `savemat` write ("MAT-File Format", The MathWorks).
//!
//! Arrays are column-major here as in the file: the first axis varies fastest. Values are held to what scipy's `loadmat` reads.
//! Objects, function handles and other classes without a public layout are named and stepped over; the rest of the file still
//! reads. Level 4 and 7.3 (HDF5) are told apart and refused.
//!
//! | file | idea |
//! |---|---|
//! | `file` | the file: its list of variables, one of them read |
//! | `preamble` | the first 128 bytes: level and byte order |
//! | `element` | tagged elements, long and small |
//! | `inflate` | compressed elements |
//! | `array` | flags, axes and name, before the values |
//! | `class` | MATLAB's classes |
//! | `matrix` | values by class, nested ones too |
//! | `numbers`, `text`, `sparse` | the leaves |
//! | `value` | what is handed out |

mod array;
mod class;
mod element;
mod file;
mod inflate;
mod matrix;
mod numbers;
mod preamble;
mod sparse;
mod text;
mod value;

pub use class::MatClass;
pub use file::{MatFile, MatLimits, MatVariable};
pub use numbers::Numbers;
pub use sparse::MatSparse;
pub use value::MatValue;
