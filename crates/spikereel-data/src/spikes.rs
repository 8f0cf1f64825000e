//! Binned spikes `[trial, bin, site]`, held as bytes: in memory or mapped from disk, u8 where that is lossless.

use crate::{DataError, Result, SharedBytes};
use ndarray::{Array3, ArrayView3};

/// How the values stand in the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpikeEncoding {
    /// One byte a value: counts from 0 to 255.
    U8,
    /// Four bytes a value, little-endian IEEE.
    F32Le,
}

/// Binned spikes, axes `[trial, bin, site]`: counts, or other finite activity per bin. Not standardised.
#[derive(Debug, Clone)]
pub struct SpikeTensor {
    shape: [usize; 3],
    encoding: SpikeEncoding,
    bytes: SharedBytes,
}

impl SpikeTensor {
    /// Copies an array, choosing u8 where every value is a whole number from 0 to 255.
    ///
    /// # Errors
    /// Names the first value that is not finite, by trial, bin and site; and any empty axis.
    pub fn from_array(values: ArrayView3<'_, f32>) -> Result<Self> {
        let (n_trials, n_bins, n_sites) = values.dim();
        let shape = [n_trials, n_bins, n_sites];
        check_shape(shape)?;
        if let Some(((trial, bin, site), value)) = values.indexed_iter().find(|(_, value)| !value.is_finite()) {
            return Err(DataError::new(
                "spikes",
                "finite values",
                format!("{value} at trial {trial}, bin {bin}, site {site}"),
            ));
        }
        let lossless = values.iter().all(|&value| (0.0..=255.0).contains(&value) && value.fract() == 0.0);
        let (encoding, bytes): (_, Vec<u8>) = if lossless {
            (SpikeEncoding::U8, values.iter().map(|&value| value as u8).collect())
        } else {
            (SpikeEncoding::F32Le, values.iter().flat_map(|value| value.to_le_bytes()).collect())
        };
        Ok(Self { shape, encoding, bytes: SharedBytes::new(bytes) })
    }

    /// Wraps bytes that are already laid out, `[trial, bin, site]` with site fastest.
    ///
    /// # Errors
    /// Where the number of bytes does not fit the shape, or an axis is empty.
    pub fn from_bytes(shape: [usize; 3], encoding: SpikeEncoding, bytes: SharedBytes) -> Result<Self> {
        check_shape(shape)?;
        let width = if encoding == SpikeEncoding::U8 { 1 } else { 4 };
        let n_bytes = shape.iter().try_fold(width, |n: usize, &len| n.checked_mul(len));
        if n_bytes != Some(bytes.as_slice().len()) {
            return Err(DataError::new(
                "spikes",
                format!("{} bytes for shape {shape:?}", n_bytes.map_or("too many".into(), |n| n.to_string())),
                bytes.as_slice().len().to_string(),
            ));
        }
        Ok(Self { shape, encoding, bytes })
    }

    /// `[trial, bin, site]`.
    pub fn shape(&self) -> [usize; 3] {
        self.shape
    }

    /// How the bytes are to be read.
    pub fn encoding(&self) -> SpikeEncoding {
        self.encoding
    }

    /// The raw bytes, for writing.
    pub fn bytes(&self) -> &[u8] {
        self.bytes.as_slice()
    }

    /// Copies one trial, `[bin, site]`, into `out`.
    ///
    /// # Panics
    /// Where `trial_idx` is out of range or `out` is not `n_bins * n_sites` long: both are the caller's own sizes.
    pub fn copy_trial(&self, trial_idx: usize, out: &mut [f32]) {
        let n = self.shape[1] * self.shape[2];
        assert_eq!(out.len(), n, "out holds one trial, [bin, site]");
        match self.encoding {
            SpikeEncoding::U8 => {
                let source = &self.bytes.as_slice()[trial_idx * n..(trial_idx + 1) * n];
                out.iter_mut().zip(source).for_each(|(out, &value)| *out = f32::from(value));
            }
            SpikeEncoding::F32Le => {
                let source = &self.bytes.as_slice()[trial_idx * n * 4..(trial_idx + 1) * n * 4];
                for (out, value) in out.iter_mut().zip(source.chunks_exact(4)) {
                    *out = f32::from_le_bytes([value[0], value[1], value[2], value[3]]);
                }
            }
        }
    }

    /// One value.
    pub fn value(&self, trial_idx: usize, bin_idx: usize, site_idx: usize) -> f32 {
        let at = (trial_idx * self.shape[1] + bin_idx) * self.shape[2] + site_idx;
        match self.encoding {
            SpikeEncoding::U8 => f32::from(self.bytes.as_slice()[at]),
            SpikeEncoding::F32Le => {
                let value = &self.bytes.as_slice()[at * 4..at * 4 + 4];
                f32::from_le_bytes([value[0], value[1], value[2], value[3]])
            }
        }
    }

    /// All values as an array `[trial, bin, site]`. Allocates the whole of it.
    pub fn to_array(&self) -> Array3<f32> {
        let [n_trials, n_bins, n_sites] = self.shape;
        let mut values = Array3::zeros((n_trials, n_bins, n_sites));
        for (trial_idx, mut trial) in values.outer_iter_mut().enumerate() {
            if let Some(out) = trial.as_slice_mut() {
                self.copy_trial(trial_idx, out);
            }
        }
        values
    }
}

fn check_shape(shape: [usize; 3]) -> Result<()> {
    for (axis, len) in ["trial", "bin", "site"].iter().zip(shape) {
        if len == 0 {
            return Err(DataError::new(format!("spikes, {axis} axis"), "at least 1", "0"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_counts_take_one_byte_and_others_four_and_both_come_back() {
        let counts = Array3::from_shape_fn((2, 3, 4), |(t, b, s)| (t * 100 + b * 10 + s) as f32);
        let tensor = SpikeTensor::from_array(counts.view()).unwrap();
        assert_eq!((tensor.encoding(), tensor.to_array()), (SpikeEncoding::U8, counts.clone()));
        let rates = counts.mapv(|count| count + 0.5);
        let tensor = SpikeTensor::from_array(rates.view()).unwrap();
        assert_eq!((tensor.encoding(), tensor.to_array()), (SpikeEncoding::F32Le, rates));
    }

    #[test]
    fn a_value_that_is_not_finite_is_named_by_its_place() {
        let mut counts = Array3::<f32>::zeros((2, 3, 4));
        counts[(1, 2, 3)] = f32::NAN;
        let error = SpikeTensor::from_array(counts.view()).unwrap_err();
        assert!(error.to_string().contains("trial 1, bin 2, site 3"), "{error}");
    }
}
