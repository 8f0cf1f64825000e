//! Discrete Fourier transforms of short lines, every lane of a register one line.
//!
//! Stockham's ordering: a stage of radix `r` reads `r` contiguous parts and writes so that no reordering is left at the end.

use crate::arch::{Complex, Registers, Work};

/// `X[k] = sum over j of x[j] exp(-2 pi i j k / n)`. The inverse, but for the factor `1 / n`, is the same with real and imaginary parts
/// exchanged before and behind.
#[derive(Debug, Clone)]
pub(super) struct Transform {
    len: usize,
    stages: Vec<Stage>,
}

#[derive(Debug, Clone)]
struct Stage {
    radix: usize,
    /// Product of the radices before.
    before: usize,
    /// `[group, radix - 1]`, cosine and sine; group 0 has ones.
    twiddles: Vec<[f32; 2]>,
}

impl Transform {
    /// # Panics
    /// Where `len` has a prime factor beyond 5.
    pub fn new(len: usize) -> Self {
        let (mut rest, mut before, mut stages) = (len, 1, Vec::new());
        for radix in radices(len) {
            let n_groups = rest / radix;
            let twiddle = |group: usize, output: usize| {
                let angle = -2.0 * std::f64::consts::PI * (group * output) as f64 / rest as f64;
                [angle.cos() as f32, angle.sin() as f32]
            };
            let twiddles = (0..n_groups).flat_map(|group| (1..radix).map(move |output| twiddle(group, output)));
            stages.push(Stage { radix, before, twiddles: twiddles.collect() });
            before *= radix;
            rest = n_groups;
        }
        Self { len, stages }
    }

    /// The shortest length from `at_least` on that has no prime factor beyond 5.
    pub fn good_len(at_least: usize) -> usize {
        let is_good = |&len: &usize| {
            let without = |mut len: usize, factor: usize| {
                while len.is_multiple_of(factor) {
                    len /= factor;
                }
                len
            };
            [2, 3, 5].into_iter().fold(len, without) == 1
        };
        (at_least.max(1)..).find(is_good).expect("powers of two have no end")
    }

    /// Numbers of a line.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Transforms entries of `x` that stand `step` apart, with zeros behind the last one, into `out`; `spare` is overwritten. Both hold
    /// [`Transform::len`] entries.
    #[inline(always)]
    pub fn run<R: Registers>(
        &self,
        registers: R,
        x: &[Complex<R::V>],
        step: usize,
        out: &mut [Complex<R::V>],
        spare: &mut [Complex<R::V>],
    ) {
        registers.apart(Run { transform: self, registers, x, step, out, spare });
    }
}

/// The fewest factors out of 2 to 6, so that a line is passed over as few times as can be.
fn radices(len: usize) -> Vec<usize> {
    let fitting = [4, 6, 5, 3, 2].into_iter().filter(|radix| len.is_multiple_of(*radix));
    let chains = fitting.map(|radix| [vec![radix], radices(len / radix)].concat());
    let fewest = chains.min_by_key(Vec::len);
    assert!(len == 1 || fewest.is_some(), "{len} has a prime factor beyond 5");
    fewest.unwrap_or_default()
}

/// All stages of one line.
struct Run<'a, R: Registers> {
    transform: &'a Transform,
    registers: R,
    x: &'a [Complex<R::V>],
    step: usize,
    out: &'a mut [Complex<R::V>],
    spare: &'a mut [Complex<R::V>],
}

impl<R: Registers> Work for Run<'_, R> {
    #[inline(always)]
    fn run(self) {
        let Self { registers: r, x, step, out, spare, .. } = self;
        let (stages, len) = (&self.transform.stages, self.transform.len);
        let (mut to, mut other) = (&mut out[..len], &mut spare[..len]);
        let Some((first, rest)) = stages.split_first() else {
            to[0] = x.first().copied().unwrap_or([r.splat(0.0); 2]);
            return;
        };
        // The last stage writes to `out`.
        if rest.len() % 2 == 1 {
            std::mem::swap(&mut to, &mut other);
        }
        first.run(r, x, step, to);
        for stage in rest {
            std::mem::swap(&mut to, &mut other);
            stage.run(r, other, 1, to);
        }
    }
}

/// A transform of `N` numbers. A trait and no closure: closures are functions of their own, which lack the instructions until they are inlined.
trait Butterfly<const N: usize> {
    fn apply<R: Registers>(r: R, x: [Complex<R::V>; N]) -> [Complex<R::V>; N];
}

impl Stage {
    #[inline(always)]
    fn run<R: Registers>(&self, r: R, x: &[Complex<R::V>], step: usize, y: &mut [Complex<R::V>]) {
        match self.radix {
            2 => self.butterflies::<R, Two, 2>(r, x, step, y),
            3 => self.butterflies::<R, Three, 3>(r, x, step, y),
            4 => self.butterflies::<R, Four, 4>(r, x, step, y),
            5 => self.butterflies::<R, Five, 5>(r, x, step, y),
            _ => self.butterflies::<R, Six, 6>(r, x, step, y),
        }
    }

    #[inline(always)]
    fn butterflies<R: Registers, B: Butterfly<RADIX>, const RADIX: usize>(
        &self,
        r: R,
        x: &[Complex<R::V>],
        step: usize,
        y: &mut [Complex<R::V>],
    ) {
        let (part, before) = (y.len() / RADIX * step, self.before);
        let zero = [r.splat(0.0); 2];
        let twiddles = self.twiddles.chunks_exact(RADIX - 1);
        for (group, (out, twiddles)) in y.chunks_exact_mut(RADIX * before).zip(twiddles).enumerate() {
            let mut factors = [zero; RADIX];
            for (factor, &[cos, sin]) in factors[1..].iter_mut().zip(twiddles) {
                *factor = [r.splat(cos), r.splat(sin)];
            }
            for within in 0..before {
                let at = (group * before + within) * step;
                let mut values = [zero; RADIX];
                for (k, value) in values.iter_mut().enumerate() {
                    if let Some(x) = x.get(at + k * part) {
                        *value = *x;
                    }
                }
                let sums = B::apply(r, values);
                out[within] = sums[0];
                if group == 0 {
                    for k in 1..RADIX {
                        out[k * before + within] = sums[k];
                    }
                } else {
                    for k in 1..RADIX {
                        out[k * before + within] = times(r, sums[k], factors[k]);
                    }
                }
            }
        }
    }
}

#[inline(always)]
fn times<R: Registers>(r: R, a: Complex<R::V>, b: Complex<R::V>) -> Complex<R::V> {
    [r.sub_product(r.mul(a[0], b[0]), a[1], b[1]), r.add_product(r.mul(a[0], b[1]), a[1], b[0])]
}

#[inline(always)]
fn sum<R: Registers>(r: R, a: Complex<R::V>, b: Complex<R::V>) -> Complex<R::V> {
    [r.add(a[0], b[0]), r.add(a[1], b[1])]
}

#[inline(always)]
fn difference<R: Registers>(r: R, a: Complex<R::V>, b: Complex<R::V>) -> Complex<R::V> {
    [r.sub(a[0], b[0]), r.sub(a[1], b[1])]
}

/// `a - i b` and `a + i b`.
#[inline(always)]
fn turned<R: Registers>(r: R, a: Complex<R::V>, b: Complex<R::V>) -> [Complex<R::V>; 2] {
    [[r.add(a[0], b[1]), r.sub(a[1], b[0])], [r.sub(a[0], b[1]), r.add(a[1], b[0])]]
}

struct Two;

impl Butterfly<2> for Two {
    #[inline(always)]
    fn apply<R: Registers>(r: R, [a, b]: [Complex<R::V>; 2]) -> [Complex<R::V>; 2] {
        [sum(r, a, b), difference(r, a, b)]
    }
}

struct Three;

impl Butterfly<3> for Three {
    #[inline(always)]
    fn apply<R: Registers>(r: R, [a, b, c]: [Complex<R::V>; 3]) -> [Complex<R::V>; 3] {
        let (half, sine) = (r.splat(0.5), r.splat(0.75_f64.sqrt() as f32));
        let (both, apart) = (sum(r, b, c), difference(r, b, c));
        let middle = [r.sub_product(a[0], half, both[0]), r.sub_product(a[1], half, both[1])];
        let scaled = [r.mul(sine, apart[0]), r.mul(sine, apart[1])];
        let [second, third] = turned(r, middle, scaled);
        [sum(r, a, both), second, third]
    }
}

struct Four;

impl Butterfly<4> for Four {
    #[inline(always)]
    fn apply<R: Registers>(r: R, [a, b, c, d]: [Complex<R::V>; 4]) -> [Complex<R::V>; 4] {
        let (even, even_apart) = (sum(r, a, c), difference(r, a, c));
        let (odd, odd_apart) = (sum(r, b, d), difference(r, b, d));
        let [second, fourth] = turned(r, even_apart, odd_apart);
        [sum(r, even, odd), second, difference(r, even, odd), fourth]
    }
}

struct Five;

impl Butterfly<5> for Five {
    #[inline(always)]
    fn apply<R: Registers>(r: R, [a, b, c, d, e]: [Complex<R::V>; 5]) -> [Complex<R::V>; 5] {
        let angle = 2.0 * std::f64::consts::PI / 5.0;
        let [cos_1, cos_2] = [r.splat(angle.cos() as f32), r.splat((2.0 * angle).cos() as f32)];
        let [sin_1, sin_2] = [r.splat(angle.sin() as f32), r.splat((2.0 * angle).sin() as f32)];
        let (outer, outer_apart) = (sum(r, b, e), difference(r, b, e));
        let (inner, inner_apart) = (sum(r, c, d), difference(r, c, d));
        let mut parts = [[a[0]; 4]; 2];
        for (k, part) in parts.iter_mut().enumerate() {
            let near = r.add_product(r.add_product(a[k], cos_1, outer[k]), cos_2, inner[k]);
            let far = r.add_product(r.add_product(a[k], cos_2, outer[k]), cos_1, inner[k]);
            let near_turn = r.add_product(r.mul(sin_1, outer_apart[k]), sin_2, inner_apart[k]);
            let far_turn = r.sub_product(r.mul(sin_2, outer_apart[k]), sin_1, inner_apart[k]);
            *part = [near, far, near_turn, far_turn];
        }
        let [re, im] = parts;
        let [second, fifth] = turned(r, [re[0], im[0]], [re[2], im[2]]);
        let [third, fourth] = turned(r, [re[1], im[1]], [re[3], im[3]]);
        [sum(r, a, sum(r, outer, inner)), second, third, fourth, fifth]
    }
}

/// Two of three and three of two: 2 and 3 share no factor, so nothing is turned in between.
struct Six;

impl Butterfly<6> for Six {
    #[inline(always)]
    fn apply<R: Registers>(r: R, x: [Complex<R::V>; 6]) -> [Complex<R::V>; 6] {
        let a = Three::apply(r, [x[0], x[2], x[4]]);
        let b = Three::apply(r, [x[3], x[5], x[1]]);
        let [first, fourth] = Two::apply(r, [a[0], b[0]]);
        let [fifth, second] = Two::apply(r, [a[1], b[1]]);
        let [third, sixth] = Two::apply(r, [a[2], b[2]]);
        [first, second, third, fourth, fifth, sixth]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arch::{Isa, RegisterWork, with_lanes};

    struct Line<'a>(&'a Transform, &'a [f32], &'a mut [f32], &'a mut Vec<f32>);

    impl RegisterWork for Line<'_> {
        #[inline(always)]
        fn run<R: Registers>(self, r: R) {
            let (x, buffers) = (r.complex(self.1), r.complex_mut(self.2));
            let (result, spare) = buffers.split_at_mut(self.0.len());
            self.0.run(r, x, 1, result, spare);
            *self.3 = vec![0.0; 2 * R::LANES * result.len()];
            for (out, &mut [re, im]) in self.3.chunks_exact_mut(2 * R::LANES).zip(result) {
                r.store(re, &mut out[..R::LANES]);
                r.store(im, &mut out[R::LANES..]);
            }
        }
    }

    #[test]
    fn every_good_length_on_every_instruction_set_is_the_sum_that_defines_it() {
        for len in (1..=64).map(Transform::good_len) {
            for isa in Isa::ALL.into_iter().chain([Isa::AmxModel]).filter(|isa| isa.is_available()) {
                let lanes = isa.lanes();
                let value = |at: usize| ((at * 7919 + 13) % 1009) as f32 / 504.5 - 1.0;
                let scratch = crate::fast::scratch::Scratch::default();
                let n = 2 * lanes * len;
                let mut result = Vec::new();
                scratch.with(n, |a| {
                    a.iter_mut().enumerate().for_each(|(at, a)| *a = value(at));
                    scratch.with(2 * n, |b| {
                        with_lanes(isa, Line(&Transform::new(len), a, b, &mut result));
                    });
                });
                for (k, lane) in (0..len).flat_map(|k| (0..lanes).map(move |lane| (k, lane))) {
                    let (mut re, mut im) = (0.0_f64, 0.0_f64);
                    for j in 0..len {
                        let [x, y] = [0, lanes].map(|part| f64::from(value(2 * lanes * j + part + lane)));
                        let (sin, cos) = (-2.0 * std::f64::consts::PI * (j * k) as f64 / len as f64).sin_cos();
                        re += x * cos - y * sin;
                        im += x * sin + y * cos;
                    }
                    let got = [0, lanes].map(|part| f64::from(result[2 * lanes * k + part + lane]));
                    let off = (got[0] - re).abs().max((got[1] - im).abs());
                    assert!(off < 2e-6 * (len as f64).sqrt(), "{} {len}: {k} off by {off}", isa.name());
                }
            }
        }
    }

    #[test]
    fn good_lengths_have_small_factors() {
        let good: Vec<usize> = [1, 7, 11, 17, 19, 35, 37, 48, 51].map(Transform::good_len).to_vec();
        assert_eq!(good, [1, 8, 12, 18, 20, 36, 40, 48, 54]);
    }
}
