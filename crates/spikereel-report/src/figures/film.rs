//! Film strips: a few frames of each clip, the truth above what was decoded, under a bar of the trial's phases.

use super::{Figure, PANEL_WIDTH_PT, Panel};
use crate::Result;
use crate::schema::{Clip, Report, Videos};
use crate::sheet::{data_uri_from_rgb, decode_sheet};
use crate::svg::{Anchor, Fill, Label, Paint, Svg};
use crate::tables::{Cell, Table};
use crate::text::{number, shortened};

/// Strips in the figure; the player shows all.
const MAX_STRIPS: usize = 6;
/// Frames in a strip.
const MAX_FRAMES: usize = 8;
const LEFT_PT: f64 = 34.0;
const TOP_PT: f64 = 28.0;
const GAP_PT: f64 = 1.5;

pub(super) fn figure(report: &Report) -> Result<Option<Figure>> {
    let Some(videos) = report.videos.as_ref().filter(|videos| !videos.clips.is_empty()) else { return Ok(None) };
    let n_strips = videos.clips.len().min(MAX_STRIPS);
    // Spread over all clips, so that strips do not all show the first level of the slowest factor.
    let clips: Vec<&Clip> = (0..n_strips).map(|n| &videos.clips[n * videos.clips.len() / n_strips]).collect();
    let panels = clips.iter().map(|clip| panel(videos, clip)).collect::<Result<Vec<_>>>()?;
    let mut table = Table::new(&["clip", "track", "frame", "time_secs"]);
    for clip in &clips {
        for track in &videos.tracks {
            for frame_idx in frame_idxs(videos.n_frames) {
                table.rows.push(vec![
                    Cell::Text(clip.label.clone()),
                    Cell::Text(track.clone()),
                    Cell::Count(frame_idx as u64),
                    Cell::Number(Some(frame_idx as f64 / videos.frame_rate_hz)),
                ]);
            }
        }
    }
    let reading = format!(
        "{} of {} frames, equally spaced; numbers are seconds from the first frame; the bar shows the trial's phases.",
        frame_idxs(videos.n_frames).len(),
        videos.n_frames
    );
    let title = "True and decoded frames".into();
    Ok(Some(Figure { slug: "film-strips".into(), title, reading, panels, table }))
}

/// Frames of a strip: the middles of equal parts.
fn frame_idxs(n_frames: usize) -> Vec<usize> {
    let n = n_frames.min(MAX_FRAMES);
    (0..n).map(|idx| (2 * idx + 1) * n_frames / (2 * n)).collect()
}

fn panel(videos: &Videos, clip: &Clip) -> Result<Panel> {
    let frames = frame_idxs(videos.n_frames);
    let cell_pt = (PANEL_WIDTH_PT - LEFT_PT + GAP_PT) / frames.len() as f64;
    let width_pt = cell_pt - GAP_PT;
    let height_pt = width_pt * videos.height as f64 / videos.width as f64;
    let mut svg = Svg::new(PANEL_WIDTH_PT, TOP_PT + (height_pt + GAP_PT) * videos.tracks.len() as f64);
    draw_phases(&mut svg, videos);
    let n_decimals = if videos.n_frames as f64 / videos.frame_rate_hz < 2.0 { 2 } else { 1 };
    for (column_idx, &frame_idx) in frames.iter().enumerate() {
        let x = LEFT_PT + column_idx as f64 * cell_pt + width_pt / 2.0;
        let time = number(frame_idx as f64 / videos.frame_rate_hz, n_decimals);
        svg.text(x, TOP_PT - 3.0, &time, Label::new(5.5).anchor(Anchor::Middle).paint(Paint::Muted));
    }
    for (track_idx, (track, sheet)) in videos.tracks.iter().zip(&clip.sheets).enumerate() {
        let sheet = decode_sheet(sheet, videos.n_frames)?;
        let y = TOP_PT + track_idx as f64 * (height_pt + GAP_PT);
        svg.text(0.0, y + height_pt / 2.0 + 2.2, &shortened(track, 10), Label::new(6.5));
        for (column_idx, &frame_idx) in frames.iter().enumerate() {
            let uri = data_uri_from_rgb(sheet.frame(frame_idx), sheet.height, sheet.width)?;
            svg.picture(LEFT_PT + column_idx as f64 * cell_pt, y, width_pt, height_pt, &uri);
        }
    }
    let description = format!("Film strip of {}: {}", clip.label, videos.tracks.join(" above "));
    Ok(Panel { title: clip.label.clone(), description, svg })
}

fn draw_phases(svg: &mut Svg, videos: &Videos) {
    let x_of = |frame: usize| LEFT_PT + (PANEL_WIDTH_PT - LEFT_PT) * frame as f64 / videos.n_frames as f64;
    let mut start = 0;
    for (idx, phase) in videos.phases.iter().enumerate() {
        let (left, right) = (x_of(start), x_of(start + phase.n_frames));
        svg.rect(left, 14.0, right - left - 0.75, 1.75, Fill::new(phase_paint(idx)));
        start += phase.n_frames;
    }
}

/// The color of a phase, by position.
pub(super) fn phase_paint(phase_idx: usize) -> Paint {
    [Paint::Faint, Paint::Orange, Paint::Blue, Paint::Green, Paint::Vermilion][phase_idx % 5]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_of_a_strip_are_spread_and_exist() {
        assert_eq!(frame_idxs(45), [2, 8, 14, 19, 25, 30, 36, 42]);
        assert_eq!(frame_idxs(1), [0]);
        assert_eq!(frame_idxs(3), [0, 1, 2]);
    }
}
