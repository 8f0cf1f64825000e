//! MATLAB files: level 5, which MATLAB 5 to today's `save -v7` and scipy's `savemat` write ("MAT-File Format", The MathWorks), and
//! version 7.3, which is HDF5.
//!
//! Arrays are column-major here as in the file: the first axis varies fastest. Values are held to what scipy's `loadmat` and h5py read.
//! Objects, function handles and other classes without a public layout are named and stepped over; the rest of the file still
//! reads. Level 4 is told apart and refused.
//!
//! | file | idea |
//! |---|---|
//! | `file` | the file: its list of variables, one of them read, whichever level it has |
//! | `variable` | what is told of a variable before it is read, and limits |
//! | `preamble` | the first 128 bytes: level and byte order |
//! | `level5` | variables one behind the other |
//! | `level73` | variables in the tree of an HDF5 file |
//! | `element` | tagged elements, long and small |
//! | `inflate` | compressed elements |
//! | `array` | flags, axes and name, before the values |
//! | `class` | MATLAB's classes |
//! | `matrix` | values of level 5 by class, nested ones too |
//! | `numbers`, `text`, `sparse` | the leaves |
//! | `value` | what is handed out |

mod array;
mod class;
mod element;
mod file;
mod inflate;
mod level5;
mod level73;
mod matrix;
mod numbers;
mod preamble;
mod sparse;
mod text;
mod value;
mod variable;

pub use class::MatClass;
pub use file::MatFile;
pub use numbers::Numbers;
pub use sparse::MatSparse;
pub use value::MatValue;
pub use variable::{MatLimits, MatVariable};
