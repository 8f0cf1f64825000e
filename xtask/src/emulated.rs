//! The kernels' tests on a processor that this machine does not have: Bochs emulates one with AVX-512 and its bf16, boots a
//! Linux kernel on it, and the tests run as the only programs there.
//!
//! Needs `bochs` 3.0 (Debian 13's `bochs-term`), `xorriso`, `isolinux`, a static `busybox` and the file of a Linux kernel. The emulated
//! processor has AMX too, but not the feature by which Linux lends its tiles (XFD): AMX is hidden from a kernel as it comes. With `--amx` the
//! kernel must be one that lends tiles to every program: Linux 6.12 with `XFEATURE_MASK_USER_DYNAMIC` as `0ULL`
//! (`arch/x86/include/asm/fpu/xstate.h`), without the assertion on it in `arch/x86/kernel/fpu/core.c`, and with `4 * PAGE_SIZE` bytes of
//! padding in `union fpregs_state` (`types.h` beside the first): with a page it switches off all registers beyond SSE.
//! There tiles are unconfigured after a switch of threads, in any program, so that tests on several end with an illegal instruction.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// Bochs's name for a processor with AVX-512, its bf16, and AMX.
const PROCESSOR: &str = "sapphire_rapids";
const MEMORY_MIB: usize = 1024;
/// Some tests take a quarter of an hour each; all of them have not been run in one go.
const DEADLINE: Duration = Duration::from_secs(3 * 3600);
const TARGET: &str = "x86_64-unknown-linux-gnu";
/// Where Debian puts what begins a disc.
const LOADER: [&str; 2] = ["/usr/lib/ISOLINUX/isolinux.bin", "/usr/lib/syslinux/modules/bios/ldlinux.c32"];
/// Bochs 3.0 ends where it leaves system management with five levels of page tables, and reports jumps that are sound.
const KERNEL_SETTINGS: &str = "console=ttyS0 quiet mitigations=off no5lvl ibt=off";
/// Hides AMX from a kernel that cannot lend it.
const WITHOUT_AMX: &str = "clearcpuid=amx_tile";
/// What [`INIT`] writes before the code a test program ended with.
const ENDED: &str = "ended with code";

/// First and only script of the emulated machine. Everything goes to the serial port, which is a file here and takes a while to write what
/// it was given.
const INIT: &str = "\
#!/bin/busybox sh
/bin/busybox mount -t devtmpfs none /dev
/bin/busybox mount -t proc none /proc
exec >/dev/ttyS0 2>&1
/bin/busybox grep -m 1 -o -w -e FLAG /proc/cpuinfo
export SPIKEREEL_ISA=INSTRUCTIONS
for test in /tests/*; do
    echo \"begins $test\"
    $test --test-threads 1 FILTER
    echo \"ended with code $?\"
done
/bin/busybox sleep 2
/bin/busybox poweroff -f
";

const NO_KERNEL: &str = "emulated: the file of a Linux kernel comes first, such as /boot/vmlinuz-6.12-amd64";
/// The test that fails where `SPIKEREEL_ISA` names what is not there; it always runs.
const IS_THERE: &str = "the_instructions_that_are_asked_for_are_there";

/// A command of this check: what runs, and how the machine is made.
#[derive(Debug)]
struct Plan<'a> {
    kernel: &'a Path,
    bochs: &'a str,
    amx: bool,
    filter: Vec<&'a str>,
}

impl<'a> Plan<'a> {
    fn new(arguments: &'a [&'a str]) -> Result<Self, String> {
        let [kernel, rest @ ..] = arguments else {
            return Err(NO_KERNEL.into());
        };
        if kernel.starts_with("--") {
            return Err(NO_KERNEL.into());
        }
        let mut plan = Self { kernel: Path::new(kernel), bochs: "bochs", amx: false, filter: Vec::new() };
        let mut words = rest.iter();
        while let Some(&word) = words.next() {
            match word {
                "--bochs" => {
                    let program = words.next().filter(|word| !word.starts_with("--"));
                    plan.bochs = program.ok_or("emulated: --bochs needs a program")?;
                }
                "--amx" => plan.amx = true,
                option if option.starts_with("--") => return Err(format!("emulated: {option} is not known")),
                word => plan.filter.push(word),
            }
        }
        Ok(plan)
    }

    /// What Linux calls the instructions that are asked for.
    fn flag(&self) -> &'static str {
        if self.amx { "amx_bf16" } else { "avx512_bf16" }
    }

    /// What `SPIKEREEL_ISA` calls them: [`IS_THERE`] fails where they are missing.
    fn instructions(&self) -> &'static str {
        if self.amx { "amx" } else { "avx512bf16" }
    }
}

/// `emulated KERNEL [--bochs BOCHS] [--amx] [WORD ...]`: runs the kernels' tests, or those whose names hold a word.
///
/// # Errors
/// Where a tool is missing, the emulated processor lacks the instructions, or a test fails.
pub fn run(root: &Path, arguments: &[&str]) -> Result<(), String> {
    let plan = Plan::new(arguments)?;
    let tests = build(root)?;
    let folder = std::env::temp_dir().join(format!("spikereel-emulated-{}", std::process::id()));
    let outcome = boot(&plan, &tests, &folder);
    fs::remove_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    judge(&outcome?, plan.flag(), tests.len())
}

/// Test programs of the kernels, linked statically.
fn build(root: &Path) -> Result<Vec<PathBuf>, String> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let output = Command::new(&cargo)
        .args([
            "test",
            "--release",
            "--package",
            "spikereel-kernels",
            "--lib",
            "--tests",
            "--no-run",
            "--message-format=json-render-diagnostics",
        ])
        .args(["--target", TARGET, "--target-dir", "target/static"])
        .env("RUSTFLAGS", "-C target-feature=+crt-static -C strip=debuginfo")
        .current_dir(root)
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("{cargo}: {error}"))?;
    let tests: Vec<PathBuf> = String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .filter(|message| message["profile"]["test"] == true)
        .filter_map(|message| message["executable"].as_str().map(PathBuf::from))
        .collect();
    if output.status.success() && !tests.is_empty() { Ok(tests) } else { Err("the tests were not built".into()) }
}

/// Makes the disc, runs the machine to its end, and gives what it wrote to its serial port.
fn boot(plan: &Plan, tests: &[PathBuf], folder: &Path) -> Result<String, String> {
    let disc = folder.join("disc");
    let memory = folder.join("memory");
    let put = |from: &Path, to: PathBuf| {
        fs::copy(from, &to).map(drop).map_err(|error| format!("{} to {}: {error}", from.display(), to.display()))
    };
    for part in ["bin", "dev", "proc", "tmp", "tests"] {
        fs::create_dir_all(memory.join(part)).map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    fs::create_dir_all(&disc).map_err(|error| format!("{}: {error}", disc.display()))?;
    let write =
        |path: PathBuf, text: String| fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()));

    pipe(folder, "! ldd \"$(command -v busybox)\" >/dev/null 2>&1")
        .map_err(|_| "a static busybox is needed (Debian's busybox-static)")?;
    put(&which("busybox")?, memory.join("bin/busybox"))?;
    for test in tests {
        let name = test.file_name().ok_or("a test without a name")?;
        put(test, memory.join("tests").join(name))?;
    }
    let init = INIT.replace("INSTRUCTIONS", plan.instructions()).replace("FLAG", plan.flag());
    let filter = if plan.filter.is_empty() { String::new() } else { format!("{IS_THERE} {}", plan.filter.join(" ")) };
    write(memory.join("init"), init.replace("FILTER", &filter))?;
    pipe(&memory, "chmod +x init && find . | busybox cpio -o -H newc | gzip -1 > ../disc/memory.gz")?;

    put(plan.kernel, disc.join("kernel"))?;
    for part in LOADER.map(Path::new) {
        put(part, disc.join(part.file_name().unwrap_or_default()))?;
    }
    write(
        disc.join("isolinux.cfg"),
        format!(
            "default linux\nlabel linux\n kernel kernel\n initrd memory.gz\n append {KERNEL_SETTINGS} {}\n",
            if plan.amx { "" } else { WITHOUT_AMX }
        ),
    )?;
    pipe(
        folder,
        "xorriso -as mkisofs -quiet -o disc.iso -b isolinux.bin -no-emul-boot -boot-load-size 4 -boot-info-table disc",
    )?;

    write(folder.join("machine"), machine())?;
    println!("> {} on an emulated {PROCESSOR}: a minute until Linux is up, then a test after the other", plan.bochs);
    // It draws its screen on a terminal, which `script` plays; nobody looks at it.
    let mut child = Command::new("script")
        .args(["-q", "-e", "-c", &format!("{} -q -unlock -f machine", plan.bochs), "/dev/null"])
        .current_dir(folder)
        .env("TERM", "xterm")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| format!("script: {error} (Debian's bsdutils)"))?;
    match wait(&mut child)? {
        Some(status) => println!("> ended: {status}"),
        None => println!("> stopped after {} s", DEADLINE.as_secs()),
    }
    let serial = fs::read(folder.join("serial"))
        .or_else(|error| {
            fs::read(folder.join("log")).map(|log| [format!("nothing ran: {error}\n").into_bytes(), log].concat())
        })
        .map_err(|error| {
            format!("{}: {error} (is there {}, of Debian 13's bochs-term?)", folder.display(), plan.bochs)
        })?;
    Ok(String::from_utf8_lossy(&serial).into_owned())
}

/// How it ended; `None` where it had to be stopped.
fn wait(child: &mut Child) -> Result<Option<ExitStatus>, String> {
    let began = Instant::now();
    loop {
        match child.try_wait().map_err(|error| format!("script: {error}"))? {
            Some(status) => return Ok(Some(status)),
            None if began.elapsed() > DEADLINE => {
                child.kill().and_then(|()| child.wait()).map_err(|error| format!("script: {error}"))?;
                return Ok(None);
            }
            None => std::thread::sleep(Duration::from_secs(1)),
        }
    }
}

/// Bochs's description of the machine.
fn machine() -> String {
    format!(
        "config_interface: textconfig\n\
         display_library: term\n\
         cpu: model={PROCESSOR}, count=1, ips=100000000\n\
         memory: guest={MEMORY_MIB}, host={MEMORY_MIB}\n\
         romimage: file=$BXSHARE/BIOS-bochs-latest\n\
         vgaromimage: file=$BXSHARE/VGABIOS-lgpl-latest\n\
         ata0-master: type=cdrom, path=disc.iso, status=inserted\n\
         boot: cdrom\n\
         com1: enabled=1, mode=file, dev=serial\n\
         log: log\n\
         panic: action=fatal\n"
    )
}

/// Shows what the machine wrote and holds it to: the instructions, and as many programs that ended well as were put there.
fn judge(serial: &str, flag: &str, n_programs: usize) -> Result<(), String> {
    print!("{serial}");
    if !serial.lines().any(|line| line.trim() == flag) {
        return Err(format!("the emulated processor has no {flag}"));
    }
    if !serial.lines().any(|line| line.contains(IS_THERE) && line.trim().ends_with("... ok")) {
        return Err(format!("the engine does not take {flag} there"));
    }
    let codes: Vec<&str> = serial.lines().filter_map(|line| line.trim().strip_prefix(ENDED)).map(str::trim).collect();
    let n_good = codes.iter().filter(|&&code| code == "0").count();
    if n_good != n_programs || codes.len() != n_programs {
        return Err(format!("{n_good} of {n_programs} test programs ended well"));
    }
    let passed = serial.lines().filter_map(|line| line.trim().strip_prefix("test result: ok. ")?.split_once(" passed"));
    // One of them is always there, whatever the words say.
    if passed.filter_map(|(n, _)| n.parse::<usize>().ok()).sum::<usize>() <= 1 {
        return Err("no test ran".into());
    }
    Ok(())
}

/// Where a program stands.
fn which(program: &str) -> Result<PathBuf, String> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .map(|folder| folder.join(program))
        .find(|path| path.is_file())
        .ok_or_else(|| format!("{program} is not installed"))
}

fn pipe(folder: &Path, line: &str) -> Result<(), String> {
    let status = Command::new("sh").args(["-c", line]).current_dir(folder).status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{line} ended with {status}")),
        Err(error) => Err(format!("sh: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_without_the_instructions_or_with_a_failed_program_is_told() {
        let flag = "avx512_bf16";
        let good = "avx512_bf16\r\nbegins /tests/a\r\ntest IS_THERE ... ok\r\ntest result: ok. 7 passed; 0 failed\r\nended with code 0\r\nended with code 0\r\n";
        let good = &good.replace("IS_THERE", &format!("arch::tests::{IS_THERE}"));
        assert_eq!(judge(good, flag, 2), Ok(()));
        assert!(judge(&good.replace("... ok", "... FAILED"), flag, 2).is_err());
        assert_eq!(judge(good, flag, 3), Err("2 of 3 test programs ended well".into()));
        assert!(judge(&good.replacen("code 0", "code 101", 1), flag, 2).is_err());
        assert_eq!(judge(&good.replace("7 passed", "1 passed"), flag, 2), Err("no test ran".into()));
        assert_eq!(judge(good, "amx_bf16", 2), Err("the emulated processor has no amx_bf16".into()));
    }

    #[test]
    fn arguments_are_a_kernel_an_emulator_instructions_and_words() {
        assert!(Plan::new(&[]).is_err());
        assert!(Plan::new(&["--amx", "vmlinuz"]).is_err());
        assert!(Plan::new(&["vmlinuz", "--bochs"]).is_err());
        assert!(Plan::new(&["vmlinuz", "--bochs", "--amx"]).is_err());
        assert!(Plan::new(&["vmlinuz", "--avx"]).is_err());
        let plan = Plan::new(&["vmlinuz", "--bochs", "b", "--amx", "spectral"]).expect("a plan");
        assert_eq!((plan.bochs, plan.flag(), plan.filter), ("b", "amx_bf16", vec!["spectral"]));
        let plan = Plan::new(&["vmlinuz"]).expect("a plan");
        assert_eq!((plan.bochs, plan.flag()), ("bochs", "avx512_bf16"));
    }
}
