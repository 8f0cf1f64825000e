//! What the tile instructions do, in plain code, after the processor's manual.

use super::super::LANES;
use super::{ROW_VALUES, Tiles};
use crate::bf16::from_bf16;

/// Eight tiles of 16 rows of 64 bytes, as bytes.
pub(crate) struct Model([[[u8; 2 * ROW_VALUES]; LANES]; 8]);

impl Default for Model {
    fn default() -> Self {
        // Poisoned: a tile that is used before it is set shows.
        Self([[[0xff; 2 * ROW_VALUES]; LANES]; 8])
    }
}

impl Tiles for Model {
    unsafe fn zero<const T: u8>(&mut self) {
        self.0[usize::from(T)] = [[0; 2 * ROW_VALUES]; LANES];
    }

    unsafe fn load<const T: u8>(&mut self, from: *const u8, stride: usize) {
        for (row, to) in self.0[usize::from(T)].iter_mut().enumerate() {
            // SAFETY: the caller vouches for 16 rows of 64 bytes.
            *to = unsafe { from.add(row * stride).cast::<[u8; 2 * ROW_VALUES]>().read() };
        }
    }

    unsafe fn dot<const C: u8, const A: u8, const B: u8>(&mut self) {
        let value =
            |row: &[u8; 2 * ROW_VALUES], at: usize| from_bf16(u16::from_le_bytes([row[2 * at], row[2 * at + 1]]));
        for row in 0..LANES {
            for column in 0..LANES {
                let place = 4 * column..4 * column + 4;
                let bytes = &self.0[usize::from(C)][row][place.clone()];
                let mut sum = f32::from_le_bytes(bytes.try_into().expect("four bytes"));
                for step in 0..LANES {
                    let (a, b) = (&self.0[usize::from(A)][row], &self.0[usize::from(B)][step]);
                    for half in 0..2 {
                        sum += value(a, 2 * step + half) * value(b, 2 * column + half);
                    }
                }
                self.0[usize::from(C)][row][place].copy_from_slice(&sum.to_le_bytes());
            }
        }
    }

    unsafe fn store<const T: u8>(&mut self, to: *mut u8, stride: usize) {
        for (row, from) in self.0[usize::from(T)].iter().enumerate() {
            // SAFETY: the caller vouches for 16 rows of 64 bytes.
            unsafe { to.add(row * stride).cast::<[u8; 2 * ROW_VALUES]>().write(*from) }
        }
    }
}
