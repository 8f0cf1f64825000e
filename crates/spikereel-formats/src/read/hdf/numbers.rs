//! Elements to numbers, by the type that is stored.

use super::dtype::Dtype;

/// Largest whole number whose neighbors a float64 still tells apart.
const MAX_EXACT: u64 = 1 << 53;

/// All elements as float64, exactly; none for other types or whole numbers beyond 2^53.
pub(super) fn to_f64(bytes: &[u8], dtype: &Dtype) -> Option<Vec<f64>> {
    match *dtype {
        Dtype::Float { size: 8, big_endian } => Some(each(bytes, big_endian, f64::from_le_bytes)),
        Dtype::Float { size: 4, big_endian } => Some(each(bytes, big_endian, |b| f64::from(f32::from_le_bytes(b)))),
        Dtype::Float { size: 2, big_endian } => Some(each(bytes, big_endian, |b| half(u16::from_le_bytes(b)))),
        Dtype::Bool { yes } => Some(bytes.iter().map(|&byte| f64::from(u8::from(byte == yes))).collect()),
        Dtype::Int { size: 8, signed: false, big_endian } => {
            let values: Vec<u64> = each(bytes, big_endian, u64::from_le_bytes);
            values.into_iter().map(|value| (value <= MAX_EXACT).then_some(value as f64)).collect()
        }
        Dtype::Int { .. } => {
            let exact = |value: i64| (value.unsigned_abs() <= MAX_EXACT).then_some(value as f64);
            to_i64(bytes, dtype)?.into_iter().map(exact).collect()
        }
        _ => None,
    }
}

/// All elements as whole numbers; none for other types or values from 2^63.
pub(super) fn to_i64(bytes: &[u8], dtype: &Dtype) -> Option<Vec<i64>> {
    let Dtype::Int { size, signed, big_endian } = *dtype else { return None };
    match (size, signed) {
        (1, true) => Some(each(bytes, big_endian, |b| i64::from(i8::from_le_bytes(b)))),
        (1, false) => Some(each(bytes, big_endian, |b| i64::from(u8::from_le_bytes(b)))),
        (2, true) => Some(each(bytes, big_endian, |b| i64::from(i16::from_le_bytes(b)))),
        (2, false) => Some(each(bytes, big_endian, |b| i64::from(u16::from_le_bytes(b)))),
        (4, true) => Some(each(bytes, big_endian, |b| i64::from(i32::from_le_bytes(b)))),
        (4, false) => Some(each(bytes, big_endian, |b| i64::from(u32::from_le_bytes(b)))),
        (8, true) => Some(each(bytes, big_endian, i64::from_le_bytes)),
        (8, false) => {
            let values: Vec<u64> = each(bytes, big_endian, u64::from_le_bytes);
            values.into_iter().map(|value| i64::try_from(value).ok()).collect()
        }
        _ => None,
    }
}

fn each<const N: usize, T>(bytes: &[u8], big_endian: bool, value: impl Fn([u8; N]) -> T) -> Vec<T> {
    let (elements, _) = bytes.as_chunks::<N>();
    elements
        .iter()
        .map(|&(mut element)| {
            if big_endian {
                element.reverse();
            }
            value(element)
        })
        .collect()
}

/// An IEEE half.
fn half(bits: u16) -> f64 {
    let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
    let (exponent, fraction) = (i32::from((bits >> 10) & 31), f64::from(bits & 1023));
    sign * match exponent {
        0 => fraction * 2f64.powi(-24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (1024.0 + fraction) * 2f64.powi(exponent - 25),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_by_their_stored_type_and_order() {
        let int = |size, signed, big_endian| Dtype::Int { size, signed, big_endian };
        assert_eq!(to_i64(&[0xff, 0xfe], &int(2, true, true)), Some(vec![-2]));
        assert_eq!(to_i64(&[0xff, 0xfe], &int(2, false, false)), Some(vec![0xfeff]));
        assert_eq!(to_i64(&u64::MAX.to_le_bytes(), &int(8, false, false)), None);
        assert_eq!(to_f64(&(-3_i64).to_le_bytes(), &int(8, true, false)), Some(vec![-3.0]));
        assert_eq!(to_f64(&((1_i64 << 53) + 1).to_le_bytes(), &int(8, true, false)), None);
        let halves: Vec<u8> = [0x3800_u16, 0xc080, 0x7bff, 1].iter().flat_map(|bits| bits.to_le_bytes()).collect();
        let half = Dtype::Float { size: 2, big_endian: false };
        assert_eq!(to_f64(&halves, &half), Some(vec![0.5, -2.25, 65504.0, 2f64.powi(-24)]));
        assert_eq!(to_f64(&[1, 0], &Dtype::Bool { yes: 1 }), Some(vec![1.0, 0.0]));
    }
}
