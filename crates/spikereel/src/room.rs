//! Whether there is room: memory and disk are asked before work begins that would need more than there is.

use crate::{ConfigError, Error, Result};
use std::io::ErrorKind;
use std::path::Path;

/// Bytes of memory that this process may still take: what the system has free, or less where a control group limits it. `None` where the
/// system does not say.
pub fn free_memory_bytes() -> Option<u64> {
    let of_system = || {
        let text = std::fs::read_to_string("/proc/meminfo").ok()?;
        let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
        line.split_whitespace().next()?.parse::<u64>().ok().map(|kib| kib * 1024)
    };
    [of_system(), of_group(), of_limit()].into_iter().flatten().min()
}

/// What is left below the limits of version 2 control groups, this one's and those above it.
fn of_group() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/cgroup").ok()?;
    let own = text.lines().find_map(|line| line.strip_prefix("0::/"))?;
    let mut folder = Path::new("/sys/fs/cgroup").join(own);
    let number = |path: &Path| std::fs::read_to_string(path).ok()?.trim().parse::<u64>().ok();
    let mut least = None;
    while folder.starts_with("/sys/fs/cgroup") {
        if let (Some(limit), Some(used)) = (number(&folder.join("memory.max")), number(&folder.join("memory.current")))
        {
            let left = limit.saturating_sub(used);
            least = Some(least.map_or(left, |least: u64| least.min(left)));
        }
        if !folder.pop() {
            break;
        }
    }
    least
}

/// What is left below the process's own limit on its data.
fn of_limit() -> Option<u64> {
    let limits = std::fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max data size"))?;
    let limit: u64 = line.split_whitespace().next()?.parse().ok()?;
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let used = status.lines().find_map(|line| line.strip_prefix("VmData:"))?;
    let used: u64 = used.split_whitespace().next()?.parse().ok()?;
    Some(limit.saturating_sub(used * 1024))
}

/// Bytes that an ordinary user may still write to the disk behind a path that exists. `None` where the system does not say.
#[cfg(unix)]
pub fn free_disk_bytes(path: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(path).ok()?;
    Some(disk.f_bavail * disk.f_frsize)
}

/// Elsewhere nobody is asked.
#[cfg(not(unix))]
pub fn free_disk_bytes(_path: &Path) -> Option<u64> {
    None
}

/// Refuses work that needs more memory than there is.
///
/// # Errors
/// [`Error::Config`] with both figures.
pub fn check_memory(what: &str, needed: u64) -> Result<()> {
    let Some(free) = free_memory_bytes().filter(|&free| free < needed) else { return Ok(()) };
    Err(ConfigError::new("memory", format!("{} for {what}", size(needed)), format!("{} free", size(free)))
        .hint("lower train.batch_size or network.base_channels, or run where there is more memory")
        .into())
}

/// Refuses work that needs more room on the disk than there is.
///
/// # Errors
/// [`Error::Io`] with both figures.
pub fn check_disk(folder: &Path, what: &str, needed: u64) -> Result<()> {
    let Some(free) = free_disk_bytes(folder).filter(|&free| free < needed) else { return Ok(()) };
    let words = format!(
        "{} are free, {} are needed for {what} (hint: make room, or name a folder on another disk)",
        size(free),
        size(needed)
    );
    Err(Error::io(folder, "begin there", std::io::Error::new(ErrorKind::StorageFull, words)))
}

fn size(bytes: u64) -> String {
    match bytes {
        0..1_048_576 => format!("{:.0} KiB", bytes as f64 / 1024.0),
        1_048_576..1_073_741_824 => format!("{:.0} MiB", bytes as f64 / 1_048_576.0),
        _ => format!("{:.1} GiB", bytes as f64 / 1_073_741_824.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_there_can_be_is_refused_and_little_is_not() {
        let folder = tempfile::tempdir().unwrap();
        check_disk(folder.path(), "nothing", 1).unwrap();
        check_memory("nothing", 1).unwrap();
        if cfg!(target_os = "linux") {
            let refused = check_disk(folder.path(), "all", u64::MAX).unwrap_err();
            assert!(refused.exit_code() == 74 && refused.to_string().contains("are needed for all"), "{refused}");
            let refused = check_memory("all", u64::MAX).unwrap_err();
            assert!(refused.exit_code() == 78 && refused.to_string().contains("GiB free"), "{refused}");
        }
    }
}
