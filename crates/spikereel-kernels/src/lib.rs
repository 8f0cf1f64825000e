//! Numeric operations on slices: naive f64 definitions and fast f32 forms.

#![deny(unsafe_code)]
