//! Arrays whose axes stand in any order, brought into ours: spikes `[trial, bin, site]`, videos `[trial, frame, height, width, rgb]`.

use super::array::NpyArray;
use ndarray::Array3;
use spikereel_data::{DataError, Result, SharedBytes, SpikeEncoding, SpikeTensor, VideoPool};

/// Whole numbers above this are not all representable in f32.
const F32_EXACT: f64 = 16_777_216.0;

impl NpyArray {
    /// Calls `each(n, place)` for the n-th element when axes are taken in `order` (slowest first); `place` is in storage order.
    pub(crate) fn for_each_in_order(&self, order: &[usize], mut each: impl FnMut(usize, usize)) {
        let strides = self.strides();
        let lengths: Vec<usize> = order.iter().map(|&axis| self.shape()[axis]).collect();
        if lengths.contains(&0) {
            return;
        }
        let steps: Vec<usize> = order.iter().map(|&axis| strides[axis]).collect();
        let (mut index, mut place) = (vec![0; lengths.len()], 0);
        for n in 0..self.n_values() {
            each(n, place);
            for axis in (0..lengths.len()).rev() {
                index[axis] += 1;
                place += steps[axis];
                if index[axis] < lengths[axis] {
                    break;
                }
                place -= steps[axis] * lengths[axis];
                index[axis] = 0;
            }
        }
    }

    /// Spikes `[trial, bin, site]` of this shape: axes are taken in `order`, those of trials first, then bins (none where there is one
    /// bin), then sites.
    ///
    /// # Errors
    /// Text, a value that f32 cannot hold, an empty axis.
    pub(crate) fn to_spikes(&self, order: &[usize], shape: [usize; 3]) -> Result<SpikeTensor> {
        for (axis, len) in ["trial", "bin", "site"].iter().zip(shape) {
            if len == 0 {
                return Err(DataError::new(format!("spikes, {axis} axis"), "at least 1", "0"));
            }
        }
        if let Some(stored) = self.as_u8() {
            let is_bool = self.dtype().kind == super::header::Kind::Bool;
            let mut bytes = Vec::with_capacity(stored.len());
            self.for_each_in_order(order, |_, place| {
                bytes.push(if is_bool { u8::from(stored[place] != 0) } else { stored[place] })
            });
            return SpikeTensor::from_bytes(shape, SpikeEncoding::U8, SharedBytes::new(bytes));
        }
        if self.is_text() {
            return Err(DataError::new("spikes", "numbers", format!("text, `{}`", self.descr())));
        }
        let mut values = Vec::with_capacity(self.n_values());
        let mut lost = None;
        self.for_each_in_order(order, |at, place| {
            let value = self.number(place).unwrap_or(f64::MAX);
            // NaN and infinity pass here, to be named by their place later; a finite value must stay finite, a whole one whole.
            let too_large =
                value.is_finite() && (!(value as f32).is_finite() || (value.fract() == 0.0 && value.abs() > F32_EXACT));
            if too_large && lost.is_none() {
                lost = Some(at);
            }
            values.push(value as f32);
        });
        if let Some(at) = lost {
            let (bins, sites) = (shape[1], shape[2]);
            let place = format!("trial {}, bin {}, site {}", at / (bins * sites), at / sites % bins, at % sites);
            return Err(DataError::new("spikes", "values that f32 can hold", format!("a larger one at {place}")));
        }
        let (n_trials, n_bins, n_sites) = (shape[0], shape[1], shape[2]);
        let values = Array3::from_shape_vec((n_trials, n_bins, n_sites), values)
            .map_err(|error| DataError::new("spikes", "values for every trial, bin and site", error.to_string()))?;
        SpikeTensor::from_array(values.view())
    }

    /// A video with each axis of `[trial, frame, height, width, rgb]` given by position. Bytes and whole numbers run from 0 to 255, others
    /// from 0 to 1.
    ///
    /// # Errors
    /// Text, a value outside its range, what [`VideoPool::new`] refuses.
    pub(crate) fn to_video(&self, order: [usize; 5]) -> Result<VideoPool> {
        let shape = order.map(|axis| self.shape()[axis]);
        let mut bytes = Vec::with_capacity(self.n_values());
        if let Some(stored) = self.as_u8() {
            self.for_each_in_order(&order, |_, place| bytes.push(stored[place]));
            return VideoPool::new(shape, SharedBytes::new(bytes));
        }
        let top = if self.dtype().kind == super::header::Kind::Float { 1.0 } else { 255.0 };
        let mut outside = None;
        self.for_each_in_order(&order, |at, place| {
            let value = self.number(place).unwrap_or(f64::NAN);
            if !(0.0..=top).contains(&value) && outside.is_none() {
                outside = Some((at, value));
            }
            bytes.push((value / top * 255.0).round() as u8);
        });
        if let Some((at, value)) = outside {
            let clip = at / shape[1..].iter().product::<usize>().max(1);
            return Err(DataError::new("video", format!("values from 0 to {top}"), format!("{value} in clip {clip}"))
                .hint("store whole numbers from 0 to 255, or floats from 0 to 1"));
        }
        VideoPool::new(shape, SharedBytes::new(bytes))
    }
}
