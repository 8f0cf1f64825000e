//! Charts and tables of the embeddings.

use super::embedding::{Cell, space_name};
use super::estimate_words::row;
use super::words::ends;
use spikereel_analysis::embed::PlaneMethod;
use spikereel_analysis::study::{EmbeddedSpace, Embedding, Labeling, SpaceKind};
use spikereel_report::schema::{
    AxisSpec, CategoryPoint, Chart, ChartPanel, DataTable, IntervalRow, PanelBody, TableCell,
};

/// What spaces of trials are colored by; other labelings stand in the table alone.
const DRAWN: [&str; 5] = ["cue", "stimulus", "response", "phase", "region"];

pub(super) fn charts(found: &Embedding, cells: &[Cell<'_>]) -> Vec<Chart> {
    // Regions' own mean time courses are measured, not drawn: their pictures would be six more figures.
    let drawn = found.spaces.iter().filter(|space| !matches!(space.kind, SpaceKind::RegionMeanSpikes(_)));
    let mut charts: Vec<Chart> = drawn.map(map).collect();
    charts.push(separations(cells));
    charts
}

fn slug(kind: &SpaceKind) -> &'static str {
    match kind {
        SpaceKind::MeanSpikes => "mean-spikes",
        SpaceKind::RegionMeanSpikes(_) => "region-spikes",
        SpaceKind::FlatSpikes => "flat-spikes",
        SpaceKind::Latents => "latents",
        SpaceKind::Phases => "phases",
        SpaceKind::RegionTimeCourses => "regions",
    }
}

fn map(space: &EmbeddedSpace) -> Chart {
    let known: Vec<&Labeling> = space.labelings.iter().filter(|own| DRAWN.contains(&own.name.as_str())).collect();
    // A recording with factors of other names is colored by all of them.
    let labelings = if known.is_empty() { space.labelings.iter().collect() } else { known };
    let [first, second] = space.explained_variance_ratio.map(|share| format!("{:.0} %", 100.0 * share));
    let axis = |label: String| AxisSpec { label, reference: None, range: None };
    let panel = |title: String, labeling: &Labeling, [x, y]: [AxisSpec; 2], positions: &[[f64; 2]]| {
        let points = positions.iter().zip(&labeling.label_of_sample);
        let point = |(&[x, y], &category): (&[f64; 2], &usize)| CategoryPoint { x, y, category };
        ChartPanel {
            title,
            body: PanelBody::Points { x, y, categories: labeling.levels.clone(), points: points.map(point).collect() },
        }
    };
    let name = space.plane_method.title();
    let near = match space.plane_method {
        PlaneMethod::Tsne => "perplexity",
        PlaneMethod::Umap => "neighbors",
    };
    let both = |labeling: &Labeling| {
        let components = [axis(format!("Component 1 ({first})")), axis(format!("Component 2 ({second})"))];
        let plane = [1, 2].map(|number| axis(format!("{name} {number}")));
        [
            panel(format!("PCA, by {}", labeling.name), labeling, components, &space.pca),
            panel(format!("{name}, by {}", labeling.name), labeling, plane, &space.plane),
        ]
    };
    let kind = space.kind.describe();
    Chart {
        slug: slug(&space.kind).into(),
        title: format!("Embedding: {kind}"),
        reading: format!(
            "Each of {} points is a sample of {} numbers. Nearness within {name} means likeness; its empty space means nothing ({near} {:.0}).",
            space.pca.len(),
            space.n_dimensions,
            space.n_near
        ),
        panels: labelings.into_iter().flat_map(both).collect(),
    }
}

fn separations(cells: &[Cell<'_>]) -> Chart {
    let mut labelings: Vec<&str> = Vec::new();
    for cell in cells {
        if !labelings.contains(&cell.labeling) {
            labelings.push(cell.labeling);
        }
    }
    let panel = |labeling: &&str| {
        let own = || cells.iter().filter(|cell| cell.labeling == *labeling);
        let of_cell = |cell: &Cell<'_>| {
            let knn = &cell.separation.knn;
            IntervalRow {
                note: if knn.value > knn.null_95 { String::new() } else { "within null".into() },
                ..row(&space_name(cell), "", knn.value, knn.interval_95, cell.is_found())
            }
        };
        let reference = own().next().map(|cell| cell.separation.knn.null_mean);
        let axis = AxisSpec { label: "Share named by neighbors".into(), reference, range: Some([0.0, 1.0]) };
        ChartPanel {
            title: format!("Naming the {labeling}"),
            body: PanelBody::Intervals { axis, rows: own().map(of_cell).collect() },
        }
    };
    Chart {
        slug: "separation".into(),
        title: "How well neighbors name each label".into(),
        reading: "Share of samples whose nearest neighbors in the space itself carry their label. The line is the mean under shuffled \
                  labels; filled marks lie above it after Benjamini-Hochberg."
            .into(),
        panels: labelings.iter().map(panel).collect(),
    }
}

pub(super) fn tables(found: &Embedding, cells: &[Cell<'_>]) -> Vec<DataTable> {
    let of_cell = |cell: &Cell<'_>| -> Vec<TableCell> {
        let (knn, silhouette) = (&cell.separation.knn, &cell.separation.silhouette);
        let mut row: Vec<TableCell> = vec![cell.space.kind.describe().into(), cell.labeling.into()];
        row.extend([cell.n_labels as f64, knn.value].map(TableCell::from));
        row.extend(ends(knn.interval_95));
        row.extend([knn.null_mean, knn.null_95, cell.p, silhouette.value].map(TableCell::from));
        row.extend(ends(silhouette.interval_95));
        row.push(silhouette.null_95.into());
        row.push(cell.in_plane.map(|own| own.knn.value).into());
        row.push(cell.in_plane.map(|own| own.silhouette.value).into());
        row
    };
    let of_space = |space: &EmbeddedSpace| -> Vec<TableCell> {
        let [first, second] = space.explained_variance_ratio;
        let mut row: Vec<TableCell> = vec![space.kind.describe().into()];
        let numbers = [space.pca.len() as f64, space.n_dimensions as f64, first, second, space.n_near];
        row.extend(numbers.map(TableCell::from));
        row.push(space.plane_divergence.into());
        row
    };
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_string()).collect();
    vec![
        DataTable {
            slug: "separation".into(),
            title: "Separation by label".into(),
            columns: names(&[
                "space",
                "label",
                "labels",
                "neighbors",
                "low",
                "high",
                "shuffled",
                "shuffled, 95 %",
                "p (BH)",
                "silhouette",
                "low",
                "high",
                "shuffled, 95 %",
                "neighbors in the plane",
                "silhouette in the plane",
            ]),
            rows: cells.iter().map(of_cell).collect(),
        },
        DataTable {
            slug: "spaces".into(),
            title: "Embedded spaces".into(),
            columns: names(&[
                "space",
                "samples",
                "numbers",
                "component 1",
                "component 2",
                "perplexity",
                "divergence of t-SNE",
            ]),
            rows: found.spaces.iter().map(of_space).collect(),
        },
    ]
}
