//! A value in the form of the golden files of MATLAB.

use serde_json::{Value, json};
use spikereel_formats::read::matlab::{MatValue, Numbers};

fn number(value: f64) -> Value {
    if value.is_finite() { json!(value) } else { json!(value.to_string().to_lowercase()) }
}

fn numbers(numbers: &Numbers) -> Value {
    match numbers {
        Numbers::F64(values) => values.iter().map(|value| number(*value)).collect(),
        Numbers::F32(values) => values.iter().map(|value| number(f64::from(*value))).collect(),
        Numbers::I8(values) => json!(values),
        Numbers::U8(values) => values.iter().map(|value| json!(value)).collect(),
        Numbers::I16(values) => json!(values),
        Numbers::U16(values) => json!(values),
        Numbers::I32(values) => json!(values),
        Numbers::U32(values) => json!(values),
        Numbers::I64(values) => json!(values),
        Numbers::U64(values) => json!(values),
    }
}

fn reals(values: &[f64]) -> Value {
    values.iter().map(|value| number(*value)).collect()
}

/// A value in the form of the golden file.
pub fn tree(value: &MatValue) -> Value {
    let class = value.class().to_string();
    match value {
        MatValue::Numeric { dims, real, imag } => {
            json!({"class": class, "dims": dims, "real": numbers(real), "imag": imag.as_ref().map(numbers)})
        }
        MatValue::Logical { dims, values } => json!({"class": class, "dims": dims, "values": values}),
        MatValue::Char { dims, rows } => json!({"class": class, "dims": dims, "rows": rows}),
        MatValue::Cell { dims, values } => {
            json!({"class": class, "dims": dims, "values": values.iter().map(tree).collect::<Value>()})
        }
        MatValue::Struct { dims, fields } => {
            let fields: Value =
                fields.iter().map(|(name, values)| json!([name, values.iter().map(tree).collect::<Value>()])).collect();
            json!({"class": class, "dims": dims, "fields": fields})
        }
        MatValue::Sparse(sparse) => json!({
            "class": class, "dims": sparse.dims, "logical": sparse.is_logical, "starts": sparse.starts,
            "rows": sparse.row_idx, "real": reals(&sparse.real), "imag": sparse.imag.as_deref().map(reals),
        }),
        MatValue::Unsupported { .. } => json!({"class": "unsupported"}),
    }
}
