//! Movies, by way of the program ffmpeg where there is one: frames come through a pipe, at the timeline's rate or as
//! they are stored.
//!
//! Only files are opened, and only as movies: playlists and scripts, which could name other files, are not among the formats.

use super::frame::{Frame, check_size};
use super::sink::Sink;
use spikereel_data::{DataError, Result};
use std::io::{BufReader, ErrorKind, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// Containers that ffmpeg may take a file for.
const FORMATS: &str =
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,mpegvideo,ogg,asf,flv,ivf,m4v,h264,hevc,dv,mxf,nut";
/// Letters of ffmpeg's own message that are kept.
const MAX_MESSAGE: u64 = 64 << 10;

/// Reads a movie as a clip.
pub(super) fn read(path: &Path, frame_rate_hz: Option<f64>, sink: &mut Sink) -> Result<()> {
    let mut ffmpeg = Running::start(path, frame_rate_hz, sink.n_frames())?;
    let Some(pipe) = ffmpeg.child.stdout.take() else {
        return Err(failed("no pipe"));
    };
    let messages = ffmpeg.child.stderr.take().map(|pipe| {
        std::thread::spawn(move || {
            let mut text = Vec::new();
            let mut pipe = pipe;
            let _ = (&mut pipe).take(MAX_MESSAGE).read_to_end(&mut text);
            let _ = std::io::copy(&mut pipe, &mut std::io::sink());
            String::from_utf8_lossy(&text).into_owned()
        })
    });
    let mut pipe = BufReader::with_capacity(1 << 20, pipe);
    while let Some(frame) = next(&mut pipe)? {
        if !sink.push(&frame, 1)? {
            return Ok(());
        }
    }
    let status = ffmpeg.child.wait().map_err(failed)?;
    let message = messages.and_then(|thread| thread.join().ok()).unwrap_or_default();
    if status.success() {
        return Ok(());
    }
    let last = message.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("no message").trim();
    // ffmpeg names the file as it was given; the error does so already.
    let last =
        last.rsplit_once("file:").map_or(last, |(_, rest)| rest.rsplit_once(": ").map_or(rest, |(_, rest)| rest));
    Err(failed(last.escape_debug()))
}

fn failed(got: impl std::fmt::Display) -> DataError {
    DataError::new("file", "a movie that ffmpeg can read", got.to_string())
        .hint("play it with ffplay, or export its frames as a folder of PNG files")
}

/// The program, ended when dropped.
struct Running {
    child: Child,
}

impl Running {
    fn start(path: &Path, frame_rate_hz: Option<f64>, n_frames: Option<usize>) -> Result<Self> {
        let mut input = std::ffi::OsString::from("file:");
        input.push(path);
        let mut command = Command::new("ffmpeg");
        command.args(["-nostdin", "-v", "error", "-protocol_whitelist", "file", "-format_whitelist", FORMATS, "-i"]);
        command.arg(input).args(["-map", "0:v:0"]);
        match frame_rate_hz {
            Some(rate) => command.args(["-vf", &format!("fps={rate}")]),
            // Every stored frame once, whatever its time.
            None => command.args(["-fps_mode", "passthrough"]),
        };
        if let Some(n_frames) = n_frames {
            // One more tells that a movie is too long.
            command.args(["-frames:v", &n_frames.saturating_add(1).to_string()]);
        }
        command.args(["-f", "image2pipe", "-c:v", "ppm", "-pix_fmt", "rgb24", "pipe:1"]);
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        match child {
            Ok(child) => Ok(Self { child }),
            Err(error) if error.kind() == ErrorKind::NotFound => Err(DataError::new(
                "file",
                "a folder of PNG or TIFF frames, a GIF or a TIFF file, or the program `ffmpeg` to read it",
                "no `ffmpeg` on the PATH",
            )
            .hint("install ffmpeg, or export the frames as a folder of PNG files")),
            Err(error) => Err(failed(format!("ffmpeg could not be started: {error}"))),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The next frame of a row of PPM pictures: `P6`, width, height and 255, a blank after each, then the bytes.
fn next(pipe: &mut impl Read) -> Result<Option<Frame>> {
    let mut words = [const { String::new() }; 4];
    for (at, word) in words.iter_mut().enumerate() {
        loop {
            let mut byte = [0];
            let n_read = pipe.read(&mut byte).map_err(failed)?;
            match (n_read, byte[0]) {
                (0, _) if at == 0 && word.is_empty() => return Ok(None),
                (0, _) => return Err(failed("a frame that is cut off")),
                (_, b' ' | b'\n') if !word.is_empty() => break,
                (_, byte) if byte.is_ascii_alphanumeric() && word.len() < 10 => word.push(char::from(byte)),
                _ => return Err(failed("something else than frames")),
            }
        }
    }
    let [kind, width, height, top] = &words;
    let (Ok(width), Ok(height)) = (width.parse(), height.parse()) else {
        return Err(failed("something else than frames"));
    };
    if (kind.as_str(), top.as_str()) != ("P6", "255") {
        return Err(failed("something else than frames"));
    }
    let (height, width) = check_size(height, width)?;
    let mut rgb = vec![0; height * width * 3];
    pipe.read_exact(&mut rgb).map_err(|_| failed("a frame that is cut off"))?;
    Ok(Some(Frame { height, width, rgb }))
}
