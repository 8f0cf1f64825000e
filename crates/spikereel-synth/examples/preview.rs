//! Writes preview frames as raw bytes, for looking at: `preview FOLDER` makes `clips.u8` `[6, 45, 32, 32, 3]` (four
//! cues, then fast motion up and rightwards-down), `large.u8` `[2, 45, 96, 96, 3]` and `gabor.u8` `[16, 32, 32, 3]`.

use spikereel_data::rng::stream;
use spikereel_synth::stimulus::{
    Cue, GaborConfig, Speed, StimulusConfig, gabor_condition_table, gabor_pool, render_clip,
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::path::PathBuf::from(std::env::args().nth(1).ok_or("give a folder")?);
    let config = StimulusConfig::default();
    let mut clips = Vec::new();
    for (i, cue) in Cue::ALL.into_iter().enumerate() {
        let angle = [90.0, 30.0, -30.0, -90.0][i];
        clips.extend(render_clip(&config, cue, angle, angle, Speed::Slow, &mut stream(1, &format!("preview/{i}")))?);
    }
    for angle in [90.0, -30.0] {
        clips.extend(render_clip(&config, Cue::Cross, angle, angle, Speed::Fast, &mut stream(2, "preview"))?);
    }
    std::fs::write(folder.join("clips.u8"), clips)?;
    let large = StimulusConfig { canvas_px: 384, out_px: 96, ..config };
    let mut clips = Vec::new();
    for cue in [Cue::Quatrefoil, Cue::Triangle] {
        clips.extend(render_clip(&large, cue, 30.0, -30.0, Speed::Slow, &mut stream(3, "preview"))?);
    }
    std::fs::write(folder.join("large.u8"), clips)?;
    let gabor = GaborConfig { n_frames: 1, ..GaborConfig::default() };
    std::fs::write(folder.join("gabor.u8"), gabor_pool(&gabor, &gabor_condition_table())?.bytes())?;
    Ok(())
}
