//! Movies that stand in files beside an NWB file give the same dataset as the same frames inside it.

mod common;
#[path = "common/session.rs"]
mod session;

use common::{code, done_in, run_in, stderr, temporary};
use session::{Movie, Session};
use std::path::Path;
use std::process::Command;
use tiff::encoder::TiffEncoder;
use tiff::encoder::colortype::RGB8;

const FLAGS: [&str; 11] = [
    "--align",
    "stim_on",
    "--factor",
    "cue",
    "--window",
    "0",
    "0.6",
    "--video",
    "stimulus/presentation/movie",
    "--frame-px",
    "16",
];
const N_FRAMES: usize = 100;
const FRAME_LEN: usize = 32 * 32 * 3;

fn with_movie(external: Option<&'static str>) -> Session {
    let session = Session::default();
    let movie = session.movie.clone().expect("one by default");
    Session { movie: Some(Movie { external, ..movie }), ..session }
}

/// The frames that [`Session::write`] stores.
fn frames() -> Vec<u8> {
    (0..N_FRAMES * FRAME_LEN).map(|at| (at % 251) as u8).collect()
}

fn write_tiff(path: &Path, n_frames: usize) {
    let mut tiff = TiffEncoder::new(std::fs::File::create(path).unwrap()).unwrap();
    frames().chunks_exact(FRAME_LEN).take(n_frames).for_each(|frame| tiff.write_image::<RGB8>(32, 32, frame).unwrap());
}

fn import(folder: &Path, made: &str) -> std::process::Output {
    run_in(folder, &[&["import", "a.nwb"], &FLAGS[..], &["--out", made]].concat())
}

#[test]
fn frames_of_a_file_beside_are_those_of_the_file_itself() {
    let folder = temporary();
    let path = |name: &str| folder.path().join(name);
    with_movie(None).write(&path("a.nwb"));
    assert_eq!(code(&import(folder.path(), "inside")), 0);
    let read = |made: &str, name: &str| std::fs::read(path(made).join(name)).unwrap();
    let mut kinds = vec![("movie.tif", "tiff")];
    write_tiff(&path("movie.tif"), N_FRAMES);
    let mut ffmpeg = Command::new("ffmpeg");
    ffmpeg.args([
        "-v",
        "error",
        "-framerate",
        "30",
        "-i",
        "movie-%03d.ppm",
        "-c:v",
        "ffv1",
        "-pix_fmt",
        "bgr0",
        "movie.avi",
    ]);
    ffmpeg.current_dir(folder.path());
    for (at, frame) in frames().chunks_exact(FRAME_LEN).enumerate() {
        std::fs::write(path(&format!("movie-{at:03}.ppm")), [b"P6 32 32 255\n", frame].concat()).unwrap();
    }
    match ffmpeg.status() {
        Ok(status) if status.success() => kinds.push(("movie.avi", "avi")),
        _ => eprintln!("no ffmpeg: movies that need it are not tried"),
    }
    for (file, made) in kinds {
        with_movie(Some(file)).write(&path("a.nwb"));
        let output = import(folder.path(), made);
        assert_eq!(code(&output), 0, "{file}: {}", stderr(&output));
        for name in ["spikes.bin", "video.bin", "split.json"] {
            assert!(read("inside", name) == read(made, name), "{name} of {file}");
        }
        let manifest = String::from_utf8(read(made, "dataset.json")).unwrap();
        assert!(manifest.contains(file), "{file} is no input: {manifest}");
        let text = done_in(folder.path(), &["inspect", "a.nwb"]);
        assert!(text.contains(file), "{text}");
    }
    // A changed movie is another input.
    with_movie(Some("movie.tif")).write(&path("a.nwb"));
    write_tiff(&path("movie.tif"), N_FRAMES - 1);
    let output = run_in(folder.path(), &["import", "tiff/dataset.toml", "--out", "again"]);
    assert!(code(&output) == 65 && stderr(&output).contains("movie.tif"), "{}", stderr(&output));
}

#[test]
fn a_movie_beside_is_looked_for_by_its_name_and_never_elsewhere() {
    let folder = temporary();
    let path = |name: &str| folder.path().join(name);
    std::fs::create_dir_all(path("day")).unwrap();
    write_tiff(&path("movie.tif"), N_FRAMES);
    let day = path("day");
    with_movie(Some("C:\\films\\movie.tif")).write(&day.join("a.nwb"));
    let output = import(&day, "made");
    assert!(code(&output) == 65 && stderr(&output).contains("put `movie.tif` into the folder"), "{}", stderr(&output));
    with_movie(Some("../movie.tif")).write(&day.join("a.nwb"));
    let output = import(&day, "made");
    assert!(code(&output) == 65 && stderr(&output).contains("put `movie.tif` into the folder"), "{}", stderr(&output));
    write_tiff(&day.join("movie.tif"), N_FRAMES);
    let output = import(&day, "made");
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    #[cfg(unix)]
    {
        std::fs::remove_file(day.join("movie.tif")).unwrap();
        std::os::unix::fs::symlink("../movie.tif", day.join("movie.tif")).unwrap();
        let output = import(&day, "again");
        assert!(code(&output) == 65 && stderr(&output).contains("leads elsewhere"), "{}", stderr(&output));
    }
}
