//! Prints the planted truth of a preset: `preset_card standard 1` (preset, seed).

use spikereel_synth::cortex::{CortexConfig, generate};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let preset = arguments.next().unwrap_or_else(|| "standard".into());
    let seed = arguments.next().map_or(Ok(1), |text| text.parse())?;
    let config = CortexConfig::preset(&preset)?.with_sessions(1, 1);
    let recordings = generate(&config, seed)?;
    let truth = recordings[0].truth.as_ref().ok_or("no truth")?;
    println!("preset {preset}, seed {seed}, {} observer trials", truth.n_observer_trials);
    println!("64-way accuracy {:.3}", truth.condition_accuracy);
    println!("within-condition correlation {:.3}", truth.within_condition_correlation);
    for feature in &truth.features {
        let all = feature.coalition_accuracy.len() - 1;
        println!(
            "\n{}: all regions {:.3}, chance {}",
            feature.feature, feature.coalition_accuracy[all], feature.chance
        );
        let top = &truth.regions[feature.top_region_idx];
        println!("top region when left out: {top}, margin {:.3}", feature.top_margin);
        println!("region   tuning   alone  shapley    drop");
        for (region_idx, region) in truth.regions.iter().enumerate() {
            println!(
                "{:7} {:7.3} {:7.3} {:8.3} {:7.3}",
                region.0,
                feature.tuning[region_idx],
                feature.coalition_accuracy[1 << region_idx],
                feature.shapley[region_idx],
                feature.drop_when_left_out[region_idx]
            );
        }
    }
    Ok(())
}
