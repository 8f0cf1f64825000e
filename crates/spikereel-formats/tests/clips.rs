//! Clips from picture files, held to the pixels that Pillow, imageio and tifffile wrote.

mod common;

use common::bundles::*;
use spikereel_formats::{VideoSource, sha256_file};
use std::fs;
use std::process::Command;

/// A recording of six trials whose clips are these.
fn sidecar(clips: &str, more: &str, timeline: &str) -> String {
    format!(
        "format = 1\nfiles = [\"day.mat\"]\n[spikes]\ncounts = \"counts\"\naxes = [\"site\", \"trial\", \"bin\"]\nbins = {{ start_secs = 0.0, \
         width_secs = 0.1 }}\n[sites]\nregion = \"regs\"\n[trials]\nfactors = [\"session.contrast\"]\n[video]\nclips = {clips}\n{more}\n[timeline]\n\
         frame_rate_hz = 10.0\nstart_secs = 0.0\n{timeline}\n"
    )
}

/// Every trial shows the first clip.
const FIRST: &str = "clip_of_trial = \"t.csv:clip\"";

fn clip(folder: &Folder, name: &str, more: &str) -> ([usize; 5], Vec<u8>) {
    folder.put("t.csv", format!("clip,x\n{}", "0,1\n".repeat(6)));
    let sidecar = sidecar(&format!("[\"{name}\"]"), &format!("{FIRST}\n{more}"), "")
        .replace("\"day.mat\"", "\"day.mat\", \"t.csv\"");
    let (_, extras) = folder.read(&sidecar).unwrap_or_else(|error| panic!("{name}: {error}"));
    let VideoSource::Clips { pool, .. } = extras.video else { panic!("clips") };
    (pool.shape(), pool.bytes().to_vec())
}

#[test]
fn pictures_of_every_kind_are_the_pixels_that_were_saved() {
    let folder = Folder::new();
    for (name, expected) in [
        ("rgb", "frames"),
        ("rgba", "frames"),
        ("tif", "frames"),
        ("pages.tif", "frames"),
        ("gray", "gray"),
        ("deep", "deep"),
        ("deep.tiff", "deep"),
        ("white.tiff", "white"),
        ("palette", "palette"),
        ("ink", "ink"),
        ("merged.gif", "merged"),
        ("moving.gif", "moving"),
    ] {
        let (shape, pixels) = clip(&folder, &format!("clips/{name}"), "");
        assert_eq!((shape, pixels == bytes(expected)), ([1, 5, 6, 8, 3], true), "{name}");
    }
}

#[test]
fn frames_are_reduced_to_the_mean_of_the_area_that_a_pixel_covers() {
    let folder = Folder::new();
    assert_eq!(clip(&folder, "clips/rgb", "frame_px = 5"), ([1, 5, 5, 5, 3], bytes("shrunk")));
    assert_eq!(clip(&folder, "clips/rgb", "frame_px = 2"), ([1, 5, 2, 2, 3], bytes("halved")));
    // The same frames from an array.
    fs::copy(folder.path("held.npz"), folder.path("h.npz")).unwrap();
    let of_array = sidecar("[]", "", "")
        .replace(
            "clips = []",
            "array = \"six\"\naxes = [\"trial\", \"frame\", \"height\", \"width\", \"rgb\"]\nframe_px = 5",
        )
        .replace("\"day.mat\"", "\"day.mat\", \"six.npy\"");
    let frames: Vec<u8> = bytes("frames").repeat(6);
    folder.put("six.npy", common::npy("|u1", false, &[6, 5, 6, 8, 3], &frames));
    let VideoSource::Clips { pool, .. } = folder.read(&of_array).unwrap().1.video else { panic!("clips") };
    assert_eq!((pool.shape(), pool.clip(5)), ([6, 5, 5, 5, 3], bytes("shrunk").as_slice()));
}

#[test]
fn clips_of_several_kinds_stand_side_by_side_and_every_file_is_an_input() {
    let folder = Folder::new();
    let names =
        r#"["clips/rgb", "clips/merged.gif", "clips/pages.tif", "clips/gray", "clips/moving.gif", "clips/rgba/"]"#;
    let (_, extras) = folder.read(&sidecar(names, "", "n_frames = 5")).unwrap();
    let VideoSource::Clips { pool, clip_of_trial, timeline } = extras.video else { panic!("clips") };
    assert_eq!((pool.n_clips(), timeline.n_frames, clip_of_trial), (6, 5, vec![0, 1, 2, 3, 4, 5]));
    assert_eq!((pool.clip(1), pool.clip(3)), (bytes("merged").as_slice(), bytes("gray").as_slice()));
    assert_eq!(extras.inputs.len(), 2 + 5 + 1 + 1 + 5 + 1 + 5);
    let input = |name: &str| extras.inputs.iter().find(|file| file.name == name).unwrap();
    assert_eq!(input("clips/rgb/frame_10.png").sha256, sha256_file(&folder.path("clips/rgb/frame_10.png")).unwrap());
    assert_eq!(input("clips/rgba/frame_8.png").sha256, sha256_file(&folder.path("clips/rgba/frame_8.png")).unwrap());
}

#[test]
fn clips_of_other_lengths_and_sizes_are_named() {
    let folder = Folder::new();
    let six = |second: &str| {
        format!("[\"clips/rgb\", \"{second}\", \"clips/rgb\", \"clips/rgb\", \"clips/rgb\", \"clips/rgb\"]")
    };
    fs::create_dir(folder.path("short")).unwrap();
    fs::copy(folder.path("clips/rgb/frame_8.png"), folder.path("short/1.png")).unwrap();
    assert_eq!(
        folder.error(&sidecar(&six("short"), "", "")),
        "a.toml: video.clips `short`, frames: expected 5, as `clips/rgb` has, got 1 (hint: every clip needs every frame: add the missing ones, or \
         set timeline.n_frames to what all clips have and cut the others)"
    );
    assert_eq!(
        folder.error(&sidecar(&six("clips/merged.gif"), "", "n_frames = 6")),
        "a.toml: video.clips `clips/rgb`, frames: expected 6, as the timeline has, got 5 (hint: every clip needs every frame: add the missing \
         ones, or set timeline.n_frames to what all clips have and cut the others)"
    );
    assert_eq!(
        folder.error(&sidecar("[\"clips/merged.gif\"]", "", "phases = [{ phase = \"stimulus\", n_frames = 6 }]")),
        "a.toml: video.clips `clips/merged.gif`, frames: expected 6, as the timeline has, got 5 (4 pictures, each for as long as it is shown) \
         (hint: every clip needs every frame: add the missing ones, or set timeline.n_frames to what all clips have and cut the others)"
    );
    assert_eq!(
        folder.error(&sidecar(&six("clips/rgb"), "", "n_frames = 4")),
        "a.toml: video.clips `clips/rgb`, frames: expected 4, as the timeline has, got 5 at least (hint: cut the clip, or set timeline.n_frames to \
         what all clips have)"
    );
    let png = common::png(3, 2);
    folder.put("clips/gray/frame_9.png", png);
    assert_eq!(
        folder.error(&sidecar(&six("clips/gray"), "", "")),
        "a.toml: video.clips `clips/gray`, frame `frame_9.png`, size: expected frames of one size, 6 x 8 as the first, got 2 x 3 (hint: save all \
         frames in one size, or give `video.frame_px`, which reduces each to a square)"
    );
    assert!(folder.read(&sidecar(&six("clips/gray"), "frame_px = 2", "")).is_ok());
    assert!(
        folder
            .error(&sidecar(&six("clips/rgb"), "frame_px = 9", ""))
            .contains("frames are only reduced: give a smaller frame_px (--frame-px)")
    );
}

#[test]
fn wrong_clips_are_told_with_a_remedy() {
    let folder = Folder::new();
    let error = |name: &str| folder.error(&sidecar(&format!("[\"{name}\"]"), "", ""));
    fs::create_dir(folder.path("empty")).unwrap();
    folder.put("empty/.hidden.png", "x");
    assert_eq!(
        error("empty"),
        "a.toml: video.clips `empty`, frames: expected files that end in .png, .tif or .tiff, got none (hint: save each frame as a PNG file, \
         numbered in its name)"
    );
    assert!(
        error("../x.gif")
            .starts_with("a.toml: video.clips: expected files in the sidecar's own folder, got `../x.gif`")
    );
    assert!(error(".").contains("expected files in the sidecar's own folder"));
    folder.put("x.gif", "GIF89a").put("x.png", "x").put("x.tif", "II*\0");
    assert!(
        error("x.gif").starts_with("a.toml: video.clips `x.gif`, file: expected a GIF file that can be decoded, got "),
        "{}",
        error("x.gif")
    );
    assert!(error("x.png").contains("expected a PNG file that can be decoded"), "{}", error("x.png"));
    assert!(error("x.tif").contains("expected a TIFF file that can be decoded"), "{}", error("x.tif"));
    // 50,000 x 50,000 pixels in a few bytes.
    let mut huge = b"GIF89a\x50\xc3\x50\xc3\0\0\0".to_vec();
    huge.extend(b",\0\0\0\0\x50\xc3\x50\xc3\0\x02\x01\x44\0;");
    folder.put("huge.gif", huge);
    assert_eq!(
        error("huge.gif"),
        "a.toml: video.clips `huge.gif`, size: expected pictures of 1 to 67108864 pixels, got 50000 x 50000 (hint: reduce the pictures first)"
    );
    let text = folder.error(&sidecar("[\"clips/rgb\"]", "array = \"x\"", ""));
    assert_eq!(
        text,
        "a.toml: video: expected `generator`, `array` or `clips`, got several of them (hint: keep one of them)"
    );
    let text = folder.error(&sidecar("[\"clips/rgb\"]", "axes = [\"frame\"]", ""));
    assert_eq!(text, "a.toml: video: expected `clips` without `axes`, got `axes`, which belong to `array`");
}

#[cfg(unix)]
#[test]
fn links_that_lead_out_of_the_folder_are_not_followed() {
    let (folder, outside) = (Folder::new(), Folder::new());
    std::os::unix::fs::symlink(outside.path("clips/rgb"), folder.path("link")).unwrap();
    fs::create_dir(folder.path("some")).unwrap();
    std::os::unix::fs::symlink(outside.path("clips/rgb/frame_8.png"), folder.path("some/1.png")).unwrap();
    for name in ["link", "some"] {
        let text = folder.error(&sidecar(&format!("[\"{name}\"]"), "", ""));
        assert!(text.contains("a link that leads elsewhere"), "{text}");
    }
}

/// Set where this test binary runs itself with another PATH.
const CHILD: &str = "SPIKEREEL_TEST_MOVIE";

/// Reads a movie in a process of its own, with this folder as the PATH; what it prints.
fn with_path(path: &std::path::Path) -> String {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "a_movie_in_a_process_of_its_own", "--nocapture"])
        .env("PATH", path)
        .env(CHILD, "yes")
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().find_map(|line| line.split_once("MOVIE: ").map(|(_, rest)| rest.to_string())).unwrap_or(text)
}

#[test]
fn a_movie_in_a_process_of_its_own() {
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    let folder = Folder::new();
    folder.put("x.mp4", "no movie").put("t.csv", format!("clip,x\n{}", "0,1\n".repeat(6)));
    let sidecar = sidecar("[\"x.mp4\"]", FIRST, "n_frames = 2").replace("\"day.mat\"", "\"day.mat\", \"t.csv\"");
    folder.put("a.toml", &sidecar);
    match folder.read(&sidecar) {
        Ok((_, extras)) => match extras.video {
            VideoSource::Clips { pool, .. } => {
                println!("MOVIE: {:?} {:?} {}", pool.shape(), pool.bytes(), extras.inputs[3].name)
            }
            _ => println!("MOVIE: no clips"),
        },
        Err(_) => println!("MOVIE: {}", folder.error(&sidecar)),
    }
}

#[cfg(unix)]
#[test]
fn without_ffmpeg_and_with_a_false_one() {
    use std::os::unix::fs::PermissionsExt;
    let bin = tempfile::tempdir().unwrap();
    assert_eq!(
        with_path(bin.path()),
        "a.toml: video.clips `x.mp4`, file: expected a folder of PNG or TIFF frames, a GIF or a TIFF file, or the program `ffmpeg` to read it, got no \
         `ffmpeg` on the PATH (hint: install ffmpeg, or export the frames as a folder of PNG files)"
    );
    let ffmpeg = |script: &str| {
        let path = bin.path().join("ffmpeg");
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        with_path(bin.path())
    };
    let two = "printf 'P6\\n2 1\\n255\\nabcdef'; printf 'P6\\n2 1\\n255\\nghijkl'";
    assert_eq!(ffmpeg(two), "[1, 2, 1, 2, 3] [97, 98, 99, 100, 101, 102, 103, 104, 105, 106, 107, 108] x.mp4");
    let hint = "(hint: play it with ffplay, or export its frames as a folder of PNG files)";
    let start = "a.toml: video.clips `x.mp4`, file: expected a movie that ffmpeg can read, got ";
    assert_eq!(
        ffmpeg("echo 'a.mp4: moov atom not found' >&2; exit 1"),
        format!("{start}a.mp4: moov atom not found {hint}")
    );
    assert_eq!(ffmpeg("printf 'P6\\n2 1\\n255\\nabc'"), format!("{start}a frame that is cut off {hint}"));
    assert_eq!(ffmpeg("echo hello!"), format!("{start}something else than frames {hint}"));
    assert!(
        ffmpeg("printf 'P6\\n99999 99999\\n255\\n'")
            .contains("expected pictures of 1 to 67108864 pixels, got 99999 x 99999")
    );
    assert!(ffmpeg("printf 'P6\\n2 1\\n255\\nabcdef'").contains("expected 2, as the timeline has, got 1"));
    let endless = "while :; do printf 'P6\\n2 1\\n255\\nabcdef'; done";
    assert!(ffmpeg(endless).contains("expected 2, as the timeline has, got 3 at least"));
}

#[test]
fn a_real_movie_is_read_where_ffmpeg_is_at_hand() {
    let folder = Folder::new();
    let make = |name: &str, codec: &[&str]| {
        let frames = folder.path("clips/rgb/frame_%d.png");
        let mut command = Command::new("ffmpeg");
        command.args(["-v", "error", "-framerate", "10", "-start_number", "8", "-i"]).arg(frames);
        command.args(codec).arg(folder.path(name)).output().is_ok_and(|output| output.status.success())
    };
    if !make("exact.mkv", &["-c:v", "ffv1", "-pix_fmt", "bgr0"]) {
        println!("ffmpeg is not at hand: nothing checked");
        return;
    }
    // Without loss: the same pixels.
    assert_eq!(clip(&folder, "exact.mkv", ""), ([1, 5, 6, 8, 3], bytes("frames")));
    // At another rate, frames are repeated.
    let twice = sidecar("[\"exact.mkv\"]", FIRST, "n_frames = 10")
        .replace("frame_rate_hz = 10.0", "frame_rate_hz = 20.0")
        .replace("\"day.mat\"", "\"day.mat\", \"t.csv\"");
    let VideoSource::Clips { pool, .. } = folder.read(&twice).unwrap().1.video else { panic!("clips") };
    let frames = bytes("frames");
    let expected: Vec<u8> = frames.chunks_exact(6 * 8 * 3).flat_map(|frame| frame.repeat(2)).collect();
    assert_eq!(pool.bytes(), expected);
    if make("lossy.mp4", &["-c:v", "mpeg4", "-q:v", "2"]) {
        assert_eq!(clip(&folder, "lossy.mp4", "").0, [1, 5, 6, 8, 3]);
    }
    folder.put("list.m3u8", "#EXTM3U\n#EXTINF:1,\nexact.mkv\n#EXT-X-ENDLIST\n");
    let text = folder.error(&sidecar("[\"list.m3u8\"]", "", ""));
    assert!(
        text.starts_with("a.toml: video.clips `list.m3u8`, file: expected a movie that ffmpeg can read, got "),
        "{text}"
    );
    println!("{text}");
}
