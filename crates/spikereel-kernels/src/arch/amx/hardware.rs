//! The tile instructions themselves. Their intrinsics are not stable, so they are written out; the compiler never uses tiles of its own, so
//! what one instruction leaves in a tile is there for the next.

use super::Tiles;
use std::arch::asm;
use std::cell::Cell;
use std::sync::LazyLock;

/// The processor's tiles, configured on this thread.
pub(crate) struct Hardware(());

/// Palette 1 and eight tiles of 16 rows of 64 bytes: the 64 bytes that the configuration is read from.
#[repr(C, align(64))]
struct Configuration {
    palette: u8,
    start_row: u8,
    reserved: [u8; 14],
    row_bytes: [u16; 16],
    rows: [u8; 16],
}

const CONFIGURATION: Configuration = Configuration {
    palette: 1,
    start_row: 0,
    reserved: [0; 14],
    row_bytes: [64, 64, 64, 64, 64, 64, 64, 64, 0, 0, 0, 0, 0, 0, 0, 0],
    rows: [16, 16, 16, 16, 16, 16, 16, 16, 0, 0, 0, 0, 0, 0, 0, 0],
};

thread_local! {
    static IS_CONFIGURED: Cell<bool> = const { Cell::new(false) };
}

impl Hardware {
    /// Configures this thread's tiles, once.
    ///
    /// # Safety
    /// [`allowed`] must have said so.
    #[inline(always)]
    pub(crate) unsafe fn configured() -> Self {
        if !IS_CONFIGURED.get() {
            // SAFETY: the caller's promise; the configuration is 64 readable bytes.
            unsafe { asm!("ldtilecfg [{at}]", at = in(reg) &CONFIGURATION, options(nostack, readonly)) };
            IS_CONFIGURED.set(true);
        }
        Self(())
    }
}

// SAFETY of all blocks below: each is one instruction on configured tiles and memory the caller vouches for.
impl Tiles for Hardware {
    #[inline(always)]
    unsafe fn zero<const T: u8>(&mut self) {
        // SAFETY: see above.
        unsafe { asm!("tilezero tmm{t}", t = const T, options(nostack, nomem)) }
    }

    #[inline(always)]
    unsafe fn load<const T: u8>(&mut self, from: *const u8, stride: usize) {
        // SAFETY: see above.
        unsafe {
            asm!("tileloadd tmm{t}, [{from} + {stride}*1]", t = const T, from = in(reg) from, stride = in(reg) stride,
                options(nostack, readonly));
        }
    }

    #[inline(always)]
    unsafe fn dot<const C: u8, const A: u8, const B: u8>(&mut self) {
        // SAFETY: see above.
        unsafe {
            asm!("tdpbf16ps tmm{c}, tmm{a}, tmm{b}", c = const C, a = const A, b = const B, options(nostack, nomem));
        }
    }

    #[inline(always)]
    unsafe fn store<const T: u8>(&mut self, to: *mut u8, stride: usize) {
        // SAFETY: see above.
        unsafe {
            asm!("tilestored [{to} + {stride}*1], tmm{t}", t = const T, to = in(reg) to, stride = in(reg) stride,
                options(nostack));
        }
    }
}

/// True where the processor has AMX tiles and bf16, the operating system saves them, and this process may use them. Asked once; on Linux
/// the permission is asked for.
pub(super) fn allowed() -> bool {
    static ALLOWED: LazyLock<bool> = LazyLock::new(|| has_instructions() && saves_tiles() && permission());
    *ALLOWED
}

fn has_instructions() -> bool {
    use std::arch::x86_64::{__cpuid, __cpuid_count};
    const BF16: u32 = 1 << 22;
    const TILE: u32 = 1 << 24;
    const OSXSAVE: u32 = 1 << 27;
    __cpuid(0).eax >= 7 && __cpuid(1).ecx & OSXSAVE != 0 && __cpuid_count(7, 0).edx & (BF16 | TILE) == BF16 | TILE
}

/// Whether the operating system has switched on saving of tile configuration and data.
fn saves_tiles() -> bool {
    const TILES: u32 = 0b11 << 17;
    let low: u32;
    // SAFETY: the processor says that the instruction is there (OSXSAVE); it reads a register.
    unsafe { asm!("xgetbv", in("ecx") 0, out("eax") low, out("edx") _, options(nostack, nomem)) };
    low & TILES == TILES
}

/// Asks Linux for the use of tile data: it is off for each process until asked for.
#[cfg(target_os = "linux")]
fn permission() -> bool {
    const ARCH_PRCTL: isize = 158;
    const ARCH_REQ_XCOMP_PERM: usize = 0x1023;
    const TILE_DATA: usize = 18;
    let result: isize;
    // SAFETY: a system call that touches no memory of this process.
    unsafe {
        asm!("syscall", inlateout("rax") ARCH_PRCTL => result, in("rdi") ARCH_REQ_XCOMP_PERM, in("rsi") TILE_DATA,
            out("rcx") _, out("r11") _, options(nostack));
    }
    result == 0
}

#[cfg(not(target_os = "linux"))]
fn permission() -> bool {
    false
}
