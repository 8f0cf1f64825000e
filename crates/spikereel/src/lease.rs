//! Who works in a run folder: one process at a time, on any host that sees the folder.
//!
//! On one host the system's lock on the file `lock` is the whole truth: it is held as long as the process lives, and no longer. Across hosts
//! locks are not always passed on, so the holder also keeps `lease.json`: who it is, and a count that grows every two seconds. A lease
//! from another host is taken over only after its count was seen to stand still. No clock is compared and no file's time is read.

use crate::{Error, Result};
use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The lock's and the lease's files; a folder that holds nothing else counts as empty.
pub const FILES: [&str; 2] = ["lock", LEASE];

const LEASE: &str = "lease.json";
/// Between two counts.
const BEAT: Duration = Duration::from_secs(2);
/// So long a count must stand still before another host's lease is taken over: ten beats, and what network file systems keep in memory.
const SILENCE: Duration = Duration::from_secs(20);
/// How long a holder is given to write its name; a refusal comes in under a second all the same.
const INTRODUCTION: Duration = Duration::from_millis(500);
/// The file never grows or shrinks, so that a full disk does not stop the count.
const N_BYTES: usize = 1024;

/// What a process is at, for those who look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Doing {
    /// The stage, such as `training`.
    pub stage: String,
    /// Steps done of it.
    pub n_done: u64,
    /// Steps in all.
    pub n_total: u64,
    /// The figure of the moment, such as the loss.
    pub figure: String,
    /// Seconds left of the stage at the rate so far.
    pub secs_left: Option<u64>,
}

/// What `lease.json` says of its holder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// Its host's name.
    pub host: String,
    /// Its process number there.
    pub process: u32,
    /// Its job in a scheduler, if it runs in one.
    pub job: Option<String>,
    /// The host's boot, where the system names it: equal boots mean one kernel, where the lock tells the truth.
    boot: Option<String>,
    /// Different for every lease.
    token: String,
    /// Grows as long as the holder lives.
    beat: u64,
    /// What it does.
    #[serde(default)]
    pub doing: Option<Doing>,
}

impl std::fmt::Display for Holder {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "process {} on {}", self.process, self.host)?;
        self.job.iter().try_for_each(|job| write!(out, ", job {job}"))
    }
}

impl Holder {
    fn of_this_process() -> Self {
        let nanos = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos());
        let (host, process) = (host(), std::process::id());
        static N_LEASES: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
        let number = N_LEASES.fetch_add(1, Ordering::Relaxed);
        let token = format!("{host}/{process}/{number}/{nanos}");
        Self { host, process, job: job(), boot: boot(), token, beat: 0, doing: None }
    }

    /// Its count.
    pub fn beat(&self) -> u64 {
        self.beat
    }

    /// False where it is a process of this host that has ended.
    pub fn may_live(&self) -> bool {
        let proc = Path::new("/proc");
        !self.is_of_this_host() || !proc.join("self").exists() || proc.join(self.process.to_string()).exists()
    }

    fn is_of_this_host(&self) -> bool {
        match (&self.boot, boot()) {
            (Some(own), Some(here)) => *own == here,
            _ => self.host == host(),
        }
    }

    fn read(folder: &Path) -> Option<Self> {
        let text = std::fs::read_to_string(folder.join(LEASE)).ok()?;
        serde_json::from_str(text.trim_end()).ok()
    }

    fn write(&self, file: &mut File) -> std::io::Result<()> {
        let mut bytes = serde_json::to_vec(self).map_err(std::io::Error::other)?;
        bytes.resize(bytes.len().max(N_BYTES - 1), b' ');
        bytes.push(b'\n');
        file.rewind()?;
        file.write_all(&bytes)
    }
}

/// A lease that is held until dropped.
#[derive(Debug)]
pub struct Lease {
    folder: PathBuf,
    lost: Arc<AtomicBool>,
    doing: Arc<Mutex<Option<Doing>>>,
    end: Option<Sender<()>>,
    beating: Option<JoinHandle<()>>,
    lock: Identity,
    _lock: File,
}

impl Lease {
    /// Takes the folder's lease. At once, but where another host held it last: then it waits until that one's count stood still for twenty
    /// seconds, and tells `say` so.
    ///
    /// # Errors
    /// [`Error::FolderInUse`] with its holder, or an I/O error.
    pub fn take(folder: &Path, say: &dyn Fn(&str)) -> Result<Self> {
        let lock = lock(folder)?;
        if let Some(before) = Holder::read(folder)
            && !before.is_of_this_host()
        {
            say(&format!("{}: held by {before}; waiting {} s for a sign of life", folder.display(), SILENCE.as_secs()));
            wait_for_silence(folder, before)?;
            say("there was none: its work is taken over");
        }
        let path = folder.join(LEASE);
        let mut holder = Holder::of_this_process();
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .and_then(|mut file| holder.write(&mut file).map(|()| file))
            .map_err(|error| Error::io(&path, "write the lease", error))?;
        let lost = Arc::new(AtomicBool::new(false));
        let (end, ended) = channel();
        let doing: Arc<Mutex<Option<Doing>>> = Arc::default();
        let own_doing = Arc::clone(&doing);
        let (own, own_lost, own_lock) = (folder.to_path_buf(), Arc::clone(&lost), identity(lock.metadata()));
        let beating = std::thread::Builder::new()
            .name("lease".into())
            .spawn(move || {
                while ended.recv_timeout(BEAT) == Err(RecvTimeoutError::Timeout) {
                    match Holder::read(&own) {
                        // Another host could not see the lock and took over: from now on the folder is its own.
                        Some(other) if other.token != holder.token => return own_lost.store(true, Ordering::SeqCst),
                        // Removed by hand, or half read: the next beat writes it again.
                        _ => holder.beat += 1,
                    }
                    holder.doing = own_doing.lock().unwrap_or_else(PoisonError::into_inner).clone();
                    if identity(std::fs::metadata(own.join(FILES[0]))) != own_lock {
                        continue;
                    }
                    if !own.join(LEASE).exists() {
                        let again = OpenOptions::new().create(true).truncate(false).write(true).open(own.join(LEASE));
                        file = if let Ok(again) = again { again } else { continue };
                    }
                    // A beat that cannot be written is made up for by the next.
                    let _ = holder.write(&mut file);
                }
            })
            .map_err(|error| Error::io(&path, "start a thread for the lease", error))?;
        let identity = identity(lock.metadata());
        let folder = folder.to_path_buf();
        Ok(Self { folder, lost, doing, end: Some(end), beating: Some(beating), lock: identity, _lock: lock })
    }

    /// Refuses to go on where another process has taken the folder over, or somebody has moved it away.
    ///
    /// # Errors
    /// [`Error::FolderInUse`], or [`Error::Io`] where the folder is no longer what it was.
    pub fn check(&self) -> Result<()> {
        check(&self.folder, &self.lost, self.lock)
    }

    /// Where what the process is at can be noted; whoever looks sees it with the next count.
    pub fn doing(&self) -> Arc<Mutex<Option<Doing>>> {
        Arc::clone(&self.doing)
    }

    /// The same for another thread.
    pub fn checker(&self) -> impl Fn() -> Result<()> + Send + Sync + 'static {
        let (folder, lost, lock) = (self.folder.clone(), Arc::clone(&self.lost), self.lock);
        move || check(&folder, &lost, lock)
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(beating) = self.beating.take() {
            let _ = beating.join();
        }
        if self.check().is_ok() {
            let _ = std::fs::remove_file(self.folder.join(LEASE));
        }
    }
}

/// Removes the lease of a folder whose process is about to end without dropping it.
pub fn release(folder: &Path) {
    let is_own = |holder: Holder| holder.process == std::process::id() && holder.is_of_this_host();
    if Holder::read(folder).is_some_and(is_own) {
        let _ = std::fs::remove_file(folder.join(LEASE));
    }
}

/// Who holds a folder at this moment, as far as its lease says; for a reader that takes no lease itself.
pub fn holder(folder: &Path) -> Option<Holder> {
    Holder::read(folder)
}

/// This process, in the words of a [`Holder`].
pub fn this_process() -> String {
    static WORDS: OnceLock<String> = OnceLock::new();
    WORDS.get_or_init(|| Holder::of_this_process().to_string()).clone()
}

/// What tells a file from another of its name; nothing where the system has no such thing.
type Identity = Option<(u64, u64)>;

#[cfg(unix)]
fn identity(file: std::io::Result<std::fs::Metadata>) -> Identity {
    use std::os::unix::fs::MetadataExt;
    file.ok().map(|file| (file.dev(), file.ino()))
}

#[cfg(not(unix))]
fn identity(_file: std::io::Result<std::fs::Metadata>) -> Identity {
    None
}

fn check(folder: &Path, lost: &AtomicBool, lock: Identity) -> Result<()> {
    if !lost.load(Ordering::SeqCst) {
        if identity(std::fs::metadata(folder.join(FILES[0]))) == lock {
            return Ok(());
        }
        let words = "the folder, or the file `lock` in it, was moved or removed while this process worked there (hint: go on where the folder is now)";
        return Err(Error::io(folder, "go on there", std::io::Error::other(words)));
    }
    let holder = Holder::read(folder).map_or_else(|| "another host's".into(), |holder| holder.to_string());
    Err(Error::FolderInUse { path: folder.to_path_buf(), holder })
}

fn wait_for_silence(folder: &Path, before: Holder) -> Result<()> {
    let began = Instant::now();
    while began.elapsed() < SILENCE {
        std::thread::sleep(Duration::from_millis(250));
        match Holder::read(folder) {
            Some(now) if now != before => {
                return Err(Error::FolderInUse { path: folder.to_path_buf(), holder: now.to_string() });
            }
            Some(_) => {}
            None => return Ok(()), // given back meanwhile
        }
    }
    Ok(())
}

fn lock(folder: &Path) -> Result<File> {
    let path = folder.join(FILES[0]);
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(|error| Error::io(&path, "open the lock", error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            // Who has just taken the lock needs a moment to say who it is.
            let began = Instant::now();
            while Holder::read(folder).is_none() && began.elapsed() < INTRODUCTION {
                std::thread::sleep(Duration::from_millis(10));
            }
            let holder = Holder::read(folder).map_or_else(|| "just started".into(), |holder| holder.to_string());
            Err(Error::FolderInUse { path: folder.to_path_buf(), holder })
        }
        Err(TryLockError::Error(error)) => Err(Error::io(&path, "lock the run folder", error)),
    }
}

fn host() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let name = name.or_else(|| std::env::var("HOSTNAME").ok()).or_else(|| std::env::var("COMPUTERNAME").ok());
    name.map_or_else(|| "this host".into(), |name| name.trim().chars().take(64).collect())
}

fn boot() -> Option<String> {
    let id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(id.trim().to_string())
}

/// The job's number as Slurm, PBS, LSF and Grid Engine tell it.
fn job() -> Option<String> {
    let of = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty() && value != "undefined");
    if let (Some(array), Some(task)) = (of("SLURM_ARRAY_JOB_ID"), of("SLURM_ARRAY_TASK_ID")) {
        return Some(format!("{array}_{task}"));
    }
    let id = ["SLURM_JOB_ID", "PBS_JOBID", "LSB_JOBID", "JOB_ID"].into_iter().find_map(of)?;
    Some(id.chars().take(64).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn silent(_: &str) {}

    #[test]
    fn a_held_folder_is_refused_with_its_holder_and_free_again_afterwards() {
        let folder = tempfile::tempdir().unwrap();
        let held = Lease::take(folder.path(), &silent).unwrap();
        let refused = Lease::take(folder.path(), &silent).unwrap_err();
        assert!(refused.to_string().contains(&format!("process {} on {}", std::process::id(), host())), "{refused}");
        drop(held);
        assert!(!folder.path().join(LEASE).exists());
        Lease::take(folder.path(), &silent).unwrap();
    }

    #[test]
    fn a_killed_process_of_this_host_leaves_nothing_that_stops_the_next() {
        let folder = tempfile::tempdir().unwrap();
        let left = Holder { process: 1, token: "other".into(), ..Holder::of_this_process() };
        left.write(&mut File::create(folder.path().join(LEASE)).unwrap()).unwrap();
        let began = Instant::now();
        Lease::take(folder.path(), &silent).unwrap();
        assert!(began.elapsed() < SILENCE / 4);
    }

    #[test]
    fn a_living_lease_of_another_host_is_refused_and_one_that_appears_is_obeyed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(LEASE);
        let of_other = |beat| Holder {
            host: "node7".into(),
            boot: Some("another boot".into()),
            token: "theirs".into(),
            job: Some("12_3".into()),
            beat,
            ..Holder::of_this_process()
        };
        of_other(1).write(&mut File::create(&path).unwrap()).unwrap();
        let beating = {
            let path = path.clone();
            std::thread::spawn(move || {
                std::thread::sleep(Duration::from_millis(600));
                of_other(2).write(&mut OpenOptions::new().write(true).open(&path).unwrap()).unwrap();
            })
        };
        let refused = Lease::take(folder.path(), &silent).unwrap_err().to_string();
        beating.join().unwrap();
        assert!(refused.contains("on node7, job 12_3"), "{refused}");

        std::fs::remove_file(&path).unwrap();
        let held = Lease::take(folder.path(), &silent).unwrap();
        held.check().unwrap();
        of_other(3).write(&mut OpenOptions::new().write(true).open(&path).unwrap()).unwrap();
        std::thread::sleep(BEAT + Duration::from_millis(500));
        assert!(matches!(held.check(), Err(Error::FolderInUse { .. })));
        drop(held);
        assert_eq!(Holder::read(folder.path()).unwrap().token, "theirs", "another's lease is not removed");
    }
}
