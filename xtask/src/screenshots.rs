//! Opens a report in headless Chromium and says what a reader would notice: pictures, console messages, outside
//! requests, sideways scrolling.
//!
//! The page stands in a frame of the wanted width, since Chromium's own windows do not get narrower than 500 px. Needs
//! `chromium` (Debian's package) on the path, or its path in the variable `CHROMIUM`.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Widths of a desktop window and of a phone.
const WIDTHS_PX: [u32; 2] = [1280, 400];
/// Taller pages are cut off in the picture; Chromium gives up on much larger ones.
const MAX_HEIGHT_PX: u32 = 16_000;
/// How much of the page's own time passes before it is looked at.
const SETTLE_MILLIS: u32 = 3000;

/// What was seen at one width.
#[derive(Debug, Default, PartialEq, Eq)]
struct Seen {
    scroll_width_px: u32,
    scroll_height_px: u32,
    console: Vec<String>,
    outside_requests: Vec<String>,
}

/// Saves `OUT/report-WIDTH.png` for each width.
///
/// # Errors
/// Where Chromium cannot be run, and where the page logs to the console, asks for anything outside its folder, or is
/// wider than its window.
pub fn run(report: &Path, out: &Path) -> Result<(), String> {
    let page = report.join("index.html");
    let page = page.canonicalize().map_err(|error| format!("{}: {error}", page.display()))?;
    std::fs::create_dir_all(out).map_err(|error| format!("{}: {error}", out.display()))?;
    let out = out.canonicalize().map_err(|error| format!("{}: {error}", out.display()))?;
    let mut faults = Vec::new();
    for width_px in WIDTHS_PX {
        let seen = look(&page, width_px, &out)?;
        let picture = out.join(format!("report-{width_px}.png"));
        let height_px = seen.scroll_height_px.clamp(1, MAX_HEIGHT_PX);
        take_picture(&page, [width_px, height_px], &picture, &out)?;
        println!("{}: page of {} x {} px", picture.display(), seen.scroll_width_px, seen.scroll_height_px);
        faults.extend(seen.console.iter().map(|message| format!("{width_px} px: console: {message}")));
        faults.extend(seen.outside_requests.iter().map(|url| format!("{width_px} px: outside request: {url}")));
        if seen.scroll_width_px > width_px {
            faults.push(format!("{width_px} px: the page is {} px wide and scrolls sideways", seen.scroll_width_px));
        }
    }
    faults.iter().for_each(|fault| println!("{fault}"));
    match faults.len() {
        0 => Ok(()),
        n_faults => Err(format!("{n_faults} faults in {}", page.display())),
    }
}

fn look(page: &Path, width_px: u32, out: &Path) -> Result<Seen, String> {
    let scratch = Scratch::new(out)?;
    let wrapper = scratch.wrapper(page, [width_px, 900])?;
    let net_log = scratch.0.join("net.json");
    let output = chromium(&scratch)
        .args(["--enable-logging=stderr", "--dump-dom"])
        .arg(format!("--log-net-log={}", net_log.display()))
        .arg(&wrapper)
        .output()
        .map_err(not_started)?;
    let dom = String::from_utf8_lossy(&output.stdout);
    let log = String::from_utf8_lossy(&output.stderr);
    let net_log = std::fs::read_to_string(&net_log).map_err(|error| format!("Chromium's network log: {error}"))?;
    read_seen(&dom, &log, &net_log).ok_or_else(|| format!("Chromium did not lay the page out:\n{log}"))
}

fn take_picture(page: &Path, size_px: [u32; 2], picture: &Path, out: &Path) -> Result<(), String> {
    let scratch = Scratch::new(out)?;
    let wrapper = scratch.wrapper(page, size_px)?;
    let output = chromium(&scratch)
        .arg(format!("--window-size={},{}", size_px[0], size_px[1]))
        .arg(format!("--screenshot={}", picture.display()))
        .arg(&wrapper)
        .output()
        .map_err(not_started)?;
    match picture.is_file() {
        true => Ok(()),
        false => Err(format!("Chromium made no picture:\n{}", String::from_utf8_lossy(&output.stderr))),
    }
}

/// Reads the three records of one visit; nothing where the wrapper's script did not run to its end.
fn read_seen(dom: &str, log: &str, net_log: &str) -> Option<Seen> {
    let size = dom.split_once("<title>")?.1.split_once("</title>")?.0;
    let (width, height) = size.split_once('x')?;
    let console = log.lines().filter_map(|line| Some(line.split_once(":CONSOLE:")?.1.to_owned())).collect();
    // The log holds one event a line; a request made by a page names its initiator, one of the browser's own does not.
    let is_of_page =
        |line: &&str| line.contains("\"initiator\":\"") && !line.contains("\"initiator\":\"not an origin\"");
    let url = |line: &str| line.split_once("\"url\":\"")?.1.split_once('"').map(|(url, _)| url.to_owned());
    let mut outside_requests: Vec<String> = net_log
        .lines()
        .filter(is_of_page)
        .filter_map(url)
        .filter(|url| ["http:", "https:", "ws:", "wss:"].iter().any(|scheme| url.starts_with(scheme)))
        .collect();
    outside_requests.dedup();
    Some(Seen {
        scroll_width_px: width.parse().ok()?,
        scroll_height_px: height.parse().ok()?,
        console,
        outside_requests,
    })
}

fn chromium(scratch: &Scratch) -> Command {
    let mut command = Command::new(std::env::var("CHROMIUM").unwrap_or_else(|_| "chromium".into()));
    command
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"])
        .args(["--disable-component-update", "--disable-sync", "--allow-file-access-from-files", "--hide-scrollbars"])
        .arg("--host-resolver-rules=MAP * ~NOTFOUND") // nothing leaves the machine; requests are still logged
        .arg(format!("--user-data-dir={}", scratch.0.join("profile").display()))
        .arg(format!("--virtual-time-budget={SETTLE_MILLIS}"))
        .stdin(Stdio::null());
    command
}

fn not_started(error: std::io::Error) -> String {
    format!("chromium: {error} (hint: install Debian's package chromium, or name the program in CHROMIUM)")
}

/// A folder of its own for one visit, removed afterwards.
struct Scratch(PathBuf);

impl Scratch {
    fn new(out: &Path) -> Result<Self, String> {
        let folder = out.join(".chromium");
        std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        Ok(Self(folder))
    }

    /// A page that shows `page` in a frame of the given size and leaves the page's own size in its title.
    fn wrapper(&self, page: &Path, [width_px, height_px]: [u32; 2]) -> Result<PathBuf, String> {
        let path = self.0.join("wrapper.html");
        let source = page.display().to_string().replace('%', "%25").replace('#', "%23").replace('?', "%3F");
        let source = source.replace('&', "&amp;").replace('"', "&quot;");
        let html = format!(
            "<!doctype html><body style=\"margin:0\">\n\
             <iframe id=\"page\" src=\"file://{source}\" style=\"border:0;display:block;width:{width_px}px;height:{height_px}px\">\
             </iframe>\n<script>\nonload = () => setTimeout(() => {{\n\
             const root = document.getElementById(\"page\").contentDocument.documentElement;\n\
             document.title = `${{root.scrollWidth}}x${{root.scrollHeight}}`;\n}}, 1000);\n</script>\n"
        );
        std::fs::write(&path, html).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // A leftover folder harms nothing, and there is no one to tell.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOM: &str = "<html><head><title>400x812</title></head></html>";

    #[test]
    fn console_messages_and_requests_of_the_page_are_told_from_the_browsers_own() {
        let log = "[1:2:ERROR:dbus/bus.cc:405] no bus\n[1:1:INFO:CONSOLE:2] \"boom\", source: file:///index.html (2)\n";
        let net_log = concat!(
            "{\"params\":{\"initiator\":\"not an origin\",\"url\":\"https://update.example/\"}},\n",
            "{\"params\":{\"url\":\"https://time.example/\"}},\n",
            "{\"params\":{\"initiator\":\"file://\",\"url\":\"file:///figures/a.svg\"}},\n",
            "{\"params\":{\"initiator\":\"file://\",\"url\":\"http://font.example/a.woff\"}},\n",
        );
        let seen = read_seen(DOM, log, net_log).expect("a laid out page");
        assert_eq!(seen.console, ["2] \"boom\", source: file:///index.html (2)"]);
        assert_eq!(seen.outside_requests, ["http://font.example/a.woff"]);
        assert_eq!([seen.scroll_width_px, seen.scroll_height_px], [400, 812]);
    }

    #[test]
    fn a_page_that_was_not_laid_out_is_no_clean_page() {
        assert_eq!(read_seen("<html><head></head></html>", "", ""), None);
    }

    #[test]
    fn a_missing_report_is_named() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let error = run(folder.path(), folder.path()).expect_err("no page");
        assert!(error.contains("index.html"), "{error}");
    }
}
