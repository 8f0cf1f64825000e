//! Sites one by one: ablation and integrated gradients of the same margin, and whether they agree.

use super::Context;
use super::attribution::{Bar, blank, lacking, networks, row, runs, sizes};
use crate::Result;
use spikereel_analysis::study::{SiteMap, SiteMapFeature, SiteMapOptions, site_map};
use spikereel_data::rng::derive_seed;
use spikereel_data::{Dataset, WithInputGradient};
use spikereel_report::schema::{AxisSpec, CategoryPoint, Chart, ChartPanel, DataTable, PanelBody, Section, TableCell};

/// Maps what each site is worth.
///
/// # Errors
/// Divergence, an I/O error.
pub fn study(context: &Context<'_>) -> Result<Section> {
    let question = "Which sites do decoded videos depend on, and do ablation and gradients name the same ones?";
    let mut section = blank("sites", "Sites one by one", question);
    let dataset = &context.main.dataset;
    let has_levels = context.main.readouts.iter().any(|readout| {
        readout.factor().is_some_and(|factor| dataset.conditions.factor_idx(factor).is_some()) && !readout.is_pooled()
    });
    let why = lacking(context).or_else(|| {
        (!has_levels).then(|| {
            "Not done: the margin that sites are mapped by needs a feature with levels, and there is none.".into()
        })
    });
    if let Some(why) = why {
        section.findings.push(why);
        return Ok(section);
    }
    let networks = networks(context)?;
    let runs = runs(&networks, context.probed);
    let gradients: Vec<&dyn WithInputGradient> =
        networks.iter().map(|(_, decoder)| decoder as &dyn WithInputGradient).collect();
    let options = SiteMapOptions {
        n_steps: context.sizes.n_gradient_steps,
        n_replicates: context.sizes.n_bootstrap,
        seed: derive_seed(context.seed, "study/sites"),
        ..SiteMapOptions::default()
    };
    let mut bar = Bar::new("sites", context.progress);
    let map = site_map(&runs, &gradients, &context.main.readouts, &options, &mut |done, total| bar.step(done, total))?;
    let more = format!(", {} steps of integrated gradients", context.sizes.n_gradient_steps);
    section.sizes = sizes(context, map.n_trials, map.networks.len(), &more);
    section.findings = map.features.iter().map(|feature| agreement(dataset, feature)).collect();
    section.caveats = vec![
        "Both maps are of the margin: 1/2 for the mean training video of the true level, -1/2 for the mean of the others. Ablation sets one \
         site to 0 while all others stay; gradients follow the line from 0 to the trial."
            .into(),
        format!(
            "Integrated gradients miss the margin they should add up to by {} on average, of {}.",
            list(map.features.iter().map(|feature| feature.completeness_error)),
            list(map.features.iter().map(|feature| feature.margin))
        ),
    ];
    section.charts = vec![scatter(dataset, &map), agreements(&map)];
    section.tables = vec![table(dataset, &map)];
    Ok(section)
}

fn list(values: impl Iterator<Item = f64>) -> String {
    values.map(|value| format!("{value:.3}")).collect::<Vec<_>>().join(", ")
}

fn agreement(dataset: &Dataset, feature: &SiteMapFeature) -> String {
    let top = (0..feature.ablation.len()).max_by(|&a, &b| feature.ablation[a].total_cmp(&feature.ablation[b]));
    let top = top.map_or_else(String::new, |at| {
        let site = &dataset.sites[at];
        format!(" The site whose loss costs most is {} in {}.", site.id, site.region)
    });
    match &feature.agreement {
        Some(test) if test.interval_95[0] > 0.0 || test.interval_95[1] < 0.0 => format!(
            "{}: Spearman correlation of ablation with integrated gradients over sites {}.{top}",
            feature.feature,
            super::attribution::effect(test)
        ),
        _ => format!("{}: agreement of the two maps is not resolvable at this size.{top}", feature.feature),
    }
}

fn scatter(dataset: &Dataset, map: &SiteMap) -> Chart {
    let panel = |feature: &SiteMapFeature| {
        let points = (0..feature.ablation.len()).map(|site| CategoryPoint {
            x: feature.ablation[site],
            y: feature.integrated[site],
            category: dataset.region_of_site()[site],
        });
        let axis = |label: &str| AxisSpec { label: label.into(), reference: Some(0.0), range: None };
        ChartPanel {
            title: feature.feature.clone(),
            body: PanelBody::Points {
                x: axis("Margin lost by ablation"),
                y: axis("Integrated gradients"),
                categories: dataset.regions().iter().map(ToString::to_string).collect(),
                points: points.collect(),
            },
        }
    };
    Chart {
        slug: "maps".into(),
        title: "Ablation against integrated gradients".into(),
        reading:
            "One point a site, mean over test trials and networks. Points on a rising line: both name the same sites."
                .into(),
        panels: map.features.iter().map(panel).collect(),
    }
}

fn agreements(map: &SiteMap) -> Chart {
    let rows = map.features.iter().filter_map(|feature| {
        let test = feature.agreement.as_ref()?;
        Some(row(&feature.feature, "", test, test.interval_95[0] > 0.0, None))
    });
    let axis =
        AxisSpec { label: "Spearman correlation over sites".into(), reference: Some(0.0), range: Some([-1.0, 1.0]) };
    let body = PanelBody::Intervals { axis, rows: rows.collect() };
    Chart {
        slug: "agreement".into(),
        title: "Agreement of the two maps".into(),
        reading: "With 95 % intervals over trials and networks.".into(),
        panels: vec![ChartPanel { title: "Ablation and integrated gradients".into(), body }],
    }
}

fn table(dataset: &Dataset, map: &SiteMap) -> DataTable {
    let mut columns: Vec<String> = ["site", "session", "region"].map(String::from).to_vec();
    for feature in &map.features {
        for what in ["ablation", "gradients", "size of gradients"] {
            columns.push(format!("{}, {what}", feature.feature));
        }
    }
    let row = |site: usize| -> Vec<TableCell> {
        let own = &dataset.sites[site];
        let names = [own.id.as_str().into(), own.session.as_str().into(), own.region.to_string().into()];
        let values = map.features.iter().flat_map(|feature| {
            [feature.ablation[site], feature.integrated[site], feature.integrated_size[site]].map(TableCell::from)
        });
        names.into_iter().chain(values).collect()
    };
    DataTable {
        slug: "sites".into(),
        title: "Margin by site".into(),
        columns,
        rows: (0..dataset.n_sites()).map(row).collect(),
    }
}
