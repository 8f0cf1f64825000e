//! The number types an engine may run in: f32 for work, f64 to be held against a definition.

use std::fmt::Debug;
use std::ops::{Add, AddAssign, Div, Mul, Sub};

/// f32 or f64, with the little arithmetic that lies outside the kernels (optimisers, running statistics).
pub trait Real:
    Copy
    + Debug
    + Default
    + PartialOrd
    + Send
    + Sync
    + 'static
    + Add<Output = Self>
    + AddAssign
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
{
    /// Zero.
    const ZERO: Self;
    /// Rounds to this type.
    fn from_f64(value: f64) -> Self;
    /// Rounds to this type; exact for both.
    fn from_f32(value: f32) -> Self;
    /// Widens.
    fn to_f64(self) -> f64;
    /// Square root.
    fn sqrt(self) -> Self;
    /// Absolute value.
    fn abs(self) -> Self;
    /// Appends the value's bytes, little endian.
    fn put(self, bytes: &mut Vec<u8>);
    /// The value of as many bytes; 0 where they are too few.
    fn take(bytes: &[u8]) -> Self;
}

macro_rules! real {
    ($type:ty) => {
        impl Real for $type {
            const ZERO: Self = 0.0;
            fn from_f64(value: f64) -> Self {
                value as $type
            }
            fn from_f32(value: f32) -> Self {
                <$type>::from(value)
            }
            fn to_f64(self) -> f64 {
                f64::from(self)
            }
            fn sqrt(self) -> Self {
                <$type>::sqrt(self)
            }
            fn abs(self) -> Self {
                <$type>::abs(self)
            }
            fn put(self, bytes: &mut Vec<u8>) {
                bytes.extend_from_slice(&self.to_le_bytes());
            }
            fn take(bytes: &[u8]) -> Self {
                bytes.first_chunk().map_or(0.0, |&bytes| <$type>::from_le_bytes(bytes))
            }
        }
    };
}
real!(f32);
real!(f64);
