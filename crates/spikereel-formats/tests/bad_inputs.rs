//! Ten kinds of bad data, each with the one message that a person reads.

mod common;

use common::*;
use spikereel_formats::read_recording;

fn counts_with(value: f64) -> Vec<u8> {
    let mut values = vec![1.0; N_TRIALS * N_BINS * N_SITES];
    values[2 * N_BINS * N_SITES + N_SITES + 2] = value; // trial 2, bin 1, site 2
    f64s(&[N_TRIALS, N_BINS, N_SITES], &values)
}

#[test]
fn a_good_recording_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let (recording, _) = read_recording(&put(folder.path(), &good(), SIDECAR)).unwrap();
    assert_eq!((recording.n_trials(), recording.n_sites(), recording.conditions.len()), (6, 3, 3));
}

#[test]
fn counts_that_are_nan_infinite_or_negative() {
    assert_eq!(
        error(&with("counts", counts_with(f64::NAN)), SIDECAR),
        "a.toml: spikes.counts `counts`, spikes: expected finite values, got NaN at trial 2, bin 1, site 2"
    );
    assert_eq!(
        error(&with("counts", counts_with(f64::INFINITY)), SIDECAR),
        "a.toml: spikes.counts `counts`, spikes: expected finite values, got inf at trial 2, bin 1, site 2"
    );
    assert_eq!(
        error(&with("counts", counts_with(-1.0)), SIDECAR),
        "a.toml: spike counts: expected finite numbers of 0 or more, got -1 at trial 2, bin 1, site 2 (hint: drop the trial or the site, \
         or repair the count)"
    );
}

#[test]
fn site_ids_twice() {
    let sidecar = SIDECAR.replace("region = \"region\"", "region = \"region\"\nids = [\"u1\", \"u2\", \"u1\"]");
    assert_eq!(
        error(&good(), &sidecar),
        "a.toml: site ids: expected each id once, got `u1` twice, again at site 2 (hint: give each site its own id, or leave the ids out to \
         number them)"
    );
}

#[test]
fn a_region_that_is_not_there() {
    let sidecar = SIDECAR.replace("region = \"region\"", "region = \"region\"\ndrop_regions = [\"root\"]");
    assert_eq!(
        error(&good(), &sidecar),
        "a.toml: sites.drop_regions: expected a region of this recording: MT, V4, got `root`"
    );
}

#[test]
fn a_region_without_a_name() {
    assert_eq!(
        error(&with("region", texts(&["V4", "", "MT"])), SIDECAR),
        "a.toml: sites.region: expected a name for every site, got an empty name at site 1 (hint: label the site; sites without a region can \
         be labeled and then dropped by `drop_regions`)"
    );
}

#[test]
fn a_trial_without_video() {
    let video = "[video]\narray = \"video\"\naxes = [\"trial\", \"frame\", \"height\", \"width\", \"rgb\"]\n[timeline]\nframe_rate_hz = 10.0\n\
                 start_secs = 0.0\n";
    let clips = |n: usize| u8s(&[n, 1, 2, 2, 3], &vec![9; n * 12]);
    assert_eq!(
        error(&with("video", clips(5)), &format!("{SIDECAR}{video}")),
        "a.toml: video.array `video`, trial axis: expected 6 clips, one a trial, got 5 (hint: every trial needs a video; where trials share \
         clips, name an array in `video.clip_of_trial`)"
    );
    let mut arrays = with("video", clips(2));
    arrays.push(("clip", f64s(&[6], &[0.0, 1.0, 0.0, -1.0, 0.0, 1.0])));
    let video = video.replace("[timeline]", "clip_of_trial = \"clip\"\n[timeline]");
    assert_eq!(
        error(&arrays, &format!("{SIDECAR}{video}")),
        "a.toml: video.clip_of_trial `clip`: expected a clip from 0 below 2 for every trial, got -1 at trial 3 (hint: every trial needs a \
         video: drop the trial or add its clip)"
    );
}

#[test]
fn ragged_lengths() {
    assert_eq!(
        error(&with("contrast", f64s(&[5], &[0.0, 0.5, 1.0, 0.0, 0.5])), SIDECAR),
        "a.toml: trials.factors `contrast`, values: expected 6, one a trial, got shape [5]"
    );
}

#[test]
fn no_trials() {
    assert_eq!(
        error(&with("counts", u8s(&[0, N_BINS, N_SITES], &[])), SIDECAR),
        "a.toml: spikes.counts `counts`, spikes, trial axis: expected at least 1, got 0"
    );
}

#[test]
fn one_condition_only() {
    assert_eq!(
        error(&with("contrast", f64s(&[6], &[0.5; 6])), SIDECAR),
        "a.toml: trials.factors: expected at least two conditions, got one, `contrast=0.5`, in all 6 trials (hint: name the factors in which \
         trials differ; one condition leaves nothing to decode)"
    );
}

#[test]
fn names_with_unicode_and_spaces_pass_and_names_with_newlines_do_not() {
    let folder = tempfile::tempdir().unwrap();
    let arrays = with("region", texts(&["área 17", "前頭 葉", "<script>"]));
    let (recording, _) = read_recording(&put(folder.path(), &arrays, SIDECAR)).unwrap();
    let names: Vec<&str> = recording.regions().iter().map(|region| region.0.as_str()).collect();
    assert_eq!(names, ["área 17", "前頭 葉", "<script>"]);
    assert_eq!(
        error(&with("region", texts(&["V4", "V4\nMT", "MT"])), SIDECAR),
        "a.toml: sites.region: expected a name on one line, without control characters, got \"V4\\nMT\" at site 1 (hint: rename it in the \
         arrays, or by `rename_regions` where it is a region)"
    );
}

#[test]
fn axes_transposed() {
    let transposed = u8s(&[N_SITES, N_BINS, N_TRIALS], &[1; N_TRIALS * N_BINS * N_SITES]);
    assert_eq!(
        error(&with("counts", transposed), SIDECAR),
        "a.toml: spikes.counts `counts`, site axis: expected 3 (labels in `region`), got 6 (hint: the shape is [3, 4, 6]: `site` fits axis 0; \
         correct `axes`)"
    );
}
