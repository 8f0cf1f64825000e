//! An object of the file as its header tells: class, axes, and whether it is stored as empty.

use crate::Result;
use crate::read::hdf::{Dtype, HdfDataset, HdfFile, Node, fault};
use crate::read::matlab::class::MatClass;
use crate::read::matlab::variable::MatVariable;

/// More axes than numpy's limit are a sign of damage.
const MAX_AXES: usize = 64;

/// An object that was opened, none of its values read.
pub(super) struct Object<'a> {
    pub class: MatClass,
    /// Lengths of the axes, the fastest first; none of an object that is stepped over.
    pub dims: Vec<usize>,
    /// MATLAB stores the lengths of the axes in place of the values where there are none.
    pub is_empty: bool,
    pub stored: Stored<'a>,
}

/// How an object is stored.
pub(super) enum Stored<'a> {
    Dataset(HdfDataset<'a>),
    /// Structures by field: a value each, or references to the values of an array of them.
    Fields {
        names: Vec<String>,
        are_references: bool,
    },
    /// A sparse matrix.
    Sparse {
        is_logical: bool,
    },
    /// A group that is stepped over.
    Nothing,
}

impl<'a> Object<'a> {
    /// Reads the header of the object at a path.
    pub(super) fn open(file: &'a HdfFile, path: &str) -> Result<Self> {
        match file.node(path) {
            Some(Node::Group) => Self::of_group(file, path),
            // Says what is wrong where nothing is there.
            _ => Self::of_dataset(file.dataset(path)?),
        }
    }

    fn of_dataset(dataset: HdfDataset<'a>) -> Result<Self> {
        let class = match dataset.text_attr("MATLAB_class") {
            Some(name) => class(&name, dataset.f64_attr("MATLAB_object_decode")),
            None => class_of_dtype(dataset.dtype()),
        };
        let is_empty = dataset.f64_attr("MATLAB_empty").is_some_and(|value| value != 0.0);
        let dims = match class {
            MatClass::Unsupported(_) => Vec::new(),
            _ if is_empty => {
                if dataset.shape().len() > 1 || !(2..=MAX_AXES).contains(&dataset.n_rows()) {
                    let got = format!("shape {:?}", dataset.shape());
                    return Err(dataset.fault(format!("2 to {MAX_AXES} lengths of axes of an empty array"), got));
                }
                dataset.usize()?
            }
            _ => axes(dataset.shape()),
        };
        Ok(Self { class, dims, is_empty, stored: Stored::Dataset(dataset) })
    }

    fn of_group(file: &'a HdfFile, path: &str) -> Result<Self> {
        let name = file.text_attr(path, "MATLAB_class");
        if let Some(n_rows) = file.group_number_attr(path, "MATLAB_sparse")? {
            let n_rows = (0.0..=9e15).contains(&n_rows).then_some(n_rows as usize);
            let n_rows = n_rows.ok_or_else(|| fault(file.path(), path, "a number of rows", "another number"))?;
            let n_columns = file.dataset(&format!("{path}/jc"))?.n_rows().saturating_sub(1);
            let stored = Stored::Sparse { is_logical: name.as_deref() == Some("logical") };
            return Ok(Self { class: MatClass::Sparse, dims: vec![n_rows, n_columns], is_empty: false, stored });
        }
        let class = match name {
            Some(name) => class(&name, file.group_number_attr(path, "MATLAB_object_decode").unwrap_or_default()),
            None => MatClass::Struct,
        };
        match class {
            MatClass::Struct => {}
            MatClass::Unsupported(_) => {
                return Ok(Self { class, dims: Vec::new(), is_empty: false, stored: Stored::Nothing });
            }
            other => return Err(fault(file.path(), path, format!("a dataset of class {other}"), "a group")),
        }
        let names = field_names(file, path);
        let mut dims = vec![1, 1];
        let mut are_references = false;
        if let Some(first) = names.first().map(|name| format!("{path}/{name}"))
            && file.node(&first) == Some(Node::Dataset)
        {
            let first = file.dataset(&first)?;
            // A field of one structure that holds cells has a class.
            are_references = *first.dtype() == Dtype::Reference && first.text_attr("MATLAB_class").is_none();
            if are_references {
                dims = axes(first.shape());
            }
        }
        Ok(Self { class, dims, is_empty: false, stored: Stored::Fields { names, are_references } })
    }

    /// What is told of a variable that is this object.
    pub(super) fn variable(self, name: String) -> MatVariable {
        let (n_bytes, is_complex) = match &self.stored {
            Stored::Dataset(_) if self.is_empty => (0, false),
            Stored::Dataset(dataset) => (dataset.n_bytes(), matches!(dataset.dtype(), Dtype::Complex { .. })),
            _ => (0, false),
        };
        MatVariable { name, class: self.class, dims: self.dims, is_complex, n_bytes, n_stored_bytes: n_bytes }
    }
}

/// Fields in MATLAB's order where that is told, otherwise by name.
fn field_names(file: &HdfFile, path: &str) -> Vec<String> {
    let names = file.children(path);
    let Some(ordered) = file.group_texts_attr(path, "MATLAB_fields") else { return names };
    let mut sorted = ordered.clone();
    sorted.sort();
    // The attribute is ignored where it names other fields than there are.
    if sorted == names { ordered } else { names }
}

/// MATLAB's axes: those of HDF5 reversed, at least two.
pub(super) fn axes(shape: &[usize]) -> Vec<usize> {
    let mut dims: Vec<usize> = shape.iter().rev().copied().collect();
    dims.resize(dims.len().max(2), 1);
    dims
}

fn class(name: &str, object: Option<f64>) -> MatClass {
    match (MatClass::named(name), object) {
        (MatClass::Unsupported(class), Some(3.0)) => MatClass::Unsupported(format!("opaque {class} (MCOS)")),
        (_, Some(3.0)) => MatClass::Unsupported(format!("opaque object `{name}` (MCOS)")),
        (class, _) => class,
    }
}

/// The class of values without one, as h5py adds them to a file.
fn class_of_dtype(dtype: &Dtype) -> MatClass {
    match dtype {
        Dtype::Complex { part } => class_of_dtype(part),
        Dtype::Bool { .. } => MatClass::Logical,
        Dtype::Reference => MatClass::Cell,
        Dtype::Float { size: 8, .. } => MatClass::Double,
        Dtype::Float { size: 4, .. } => MatClass::Single,
        Dtype::Int { .. } => MatClass::named(&dtype.to_string()),
        other => MatClass::Unsupported(format!("{other} without a MATLAB class")),
    }
}
