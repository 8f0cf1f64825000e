//! Devices of an experiment: signals sampled at a fixed rate, cut into trials, and spikes.

use super::super::array::NpyArray;
use super::super::header::Kind;
use super::Files;
use super::screen::Screen;
use crate::files::regular_len;
use crate::read::{MAX_ARRAY_BYTES, npy};
use crate::{FormatError, Result};
use spikereel_data::DataError;

/// A trial that starts this little before a sample starts with it.
const SLACK: f64 = 1e-6;

/// `[trial, bin, site]`: from the sample that holds at the start of each trial on, as many as fit into the shortest.
pub(super) fn samples(place: &mut Files, device: &str, screen: &Screen) -> Result<NpyArray> {
    let meta = place.meta(&format!("{device}/meta.yml"))?;
    let (rate, start) = (meta.number("sampling_rate")?, meta.number("start_time")?);
    if rate <= 0.0 {
        return Err(meta.fault("sampling_rate", "a number above 0", &rate.to_string()));
    }
    let data = if meta.text("is_mem_mapped") == Some("true") {
        let shape = [meta.count("n_timestamps")?, meta.count("n_signals")?];
        let dtype = meta.text("dtype").unwrap_or_default();
        let (kind, size) = match dtype {
            "float64" => (Kind::Float, 8),
            "float32" => (Kind::Float, 4),
            "float16" => (Kind::Float, 2),
            "int16" => (Kind::Int, 2),
            "int32" => (Kind::Int, 4),
            "uint8" => (Kind::Uint, 1),
            "uint16" => (Kind::Uint, 2),
            other => {
                return Err(meta.fault("dtype", "float64, float32, float16, int32, int16, uint16 or uint8", other));
            }
        };
        let bytes = raw(place, &format!("{device}/data.mem"))?;
        if shape[0].checked_mul(shape[1]).and_then(|n| n.checked_mul(size)) != Some(bytes.len()) {
            let expected = format!("{} x {} values of {size} bytes", shape[0], shape[1]);
            return Err(meta.fault("n_timestamps", &expected, &format!("{} bytes in data.mem", bytes.len())));
        }
        NpyArray::made(kind, size, shape.to_vec(), bytes)
    } else {
        npy::read(&place.path(&format!("{device}/data.npy"))?)?
    };
    let fail = |error| FormatError::data(&place.folder.join(device), error);
    let &[n_samples, n_signals] = data.shape() else {
        return Err(fail(DataError::new("data", "[time, signal]", format!("shape {:?}", data.shape()))));
    };
    if data.fortran_order || data.is_text() {
        let error = DataError::new("data", "numbers in C order", data.descr().to_string());
        return Err(fail(error.hint("save it by numpy.save(path, numpy.ascontiguousarray(data))")));
    }
    let shortest = screen.spans.iter().map(|(from, to)| to - from).fold(f64::INFINITY, f64::min);
    let n_bins = (shortest * rate + SLACK).floor();
    if !(n_bins >= 1.0 && n_bins <= n_samples as f64) {
        let got = format!("{n_bins} in {shortest} s at {rate} Hz");
        return Err(fail(DataError::new(
            "data",
            "at least one sample in every trial, and no more than there are",
            got,
        )));
    }
    let (n_bins, n_row) = (n_bins as usize, n_signals * data.dtype.size);
    let mut bytes = Vec::new();
    for (trial_idx, (from, _)) in screen.spans.iter().enumerate() {
        let first = ((from - start) * rate + SLACK).floor();
        if !(first >= 0.0 && first + n_bins as f64 <= n_samples as f64) {
            let got = format!("{n_samples} from {start} s on, for item {} at {from} s", screen.key(trial_idx));
            let error = DataError::new("data", "samples for every trial", got)
                .hint(format!("remove the items outside from {}", screen.place(&place.folder).display()));
            return Err(fail(error));
        }
        let first = first as usize;
        bytes.extend_from_slice(&data.bytes[first * n_row..(first + n_bins) * n_row]);
    }
    let mut cut = NpyArray::made(data.dtype.kind, data.dtype.size, vec![screen.spans.len(), n_bins, n_signals], bytes);
    cut.dtype.big_endian = data.dtype.big_endian;
    Ok(cut)
}

/// Spike times in seconds, or the site of each spike: `spikes.npy` is a list of doubles without header, `spike_indices` says where each
/// site's begin.
pub(super) fn spikes(place: &mut Files, device: &str, times: bool) -> Result<NpyArray> {
    let meta = place.meta(&format!("{device}/meta.yml"))?;
    let bytes = raw(place, &format!("{device}/spikes.npy"))?;
    let bytes = if bytes.starts_with(b"\x93NUMPY") {
        npy::read(&place.path(&format!("{device}/spikes.npy"))?)?
            .to_f64()
            .map_err(|error| FormatError::data(&place.folder.join(device), error))?
    } else {
        let (whole, rest) = bytes.as_chunks::<8>();
        if !rest.is_empty() {
            return Err(meta.fault("spikes.npy", "doubles of 8 bytes", &format!("{} bytes", bytes.len())));
        }
        whole.iter().map(|eight| f64::from_le_bytes(*eight)).collect()
    };
    if times {
        return Ok(NpyArray::of_numbers(&bytes));
    }
    let ends = meta.numbers("spike_indices")?;
    let rises = ends.windows(2).all(|pair| pair[0] <= pair[1]) && ends.iter().all(|end| end.fract() == 0.0);
    if !rises || ends.first() != Some(&0.0) || ends.last() != Some(&(bytes.len() as f64)) {
        let expected = format!("whole numbers that rise from 0 to {}, the number of spikes", bytes.len());
        return Err(meta.fault("spike_indices", &expected, &format!("{:?} to {:?}", ends.first(), ends.last())));
    }
    let sites = ends.windows(2).enumerate();
    let sites: Vec<f64> =
        sites.flat_map(|(site, pair)| std::iter::repeat_n(site as f64, (pair[1] - pair[0]) as usize)).collect();
    Ok(NpyArray::of_numbers(&sites))
}

fn raw(place: &mut Files, name: &str) -> Result<Vec<u8>> {
    let path = place.path(name)?;
    let n_bytes = regular_len(&path)?;
    if n_bytes > MAX_ARRAY_BYTES {
        let error = DataError::new("size", format!("at most {MAX_ARRAY_BYTES} bytes"), n_bytes.to_string());
        return Err(FormatError::data(&path, error));
    }
    std::fs::read(&path).map_err(|error| FormatError::io(&path, "read it", error))
}
