//! The rows of the table "paper, here, planted" that other studies hold: single regions, the encoder, numbers of parameters. They are put in when
//! a report gathers its sections, so that no network is scored twice.

use spikereel_report::schema::{DataTable, Section, TableCell};

/// Slug of the section, and of its table.
const SECTION: &str = "paper_numbers";
const TABLE: &str = "paper-here-planted";
const NONE: TableCell = TableCell::Missing(());

/// Correlation of predicted and recorded courses of region means (Results, encoding; paper-facts, section 6).
const ENCODING: [(&str, f64); 6] =
    [("V4", 0.9352), ("MT", 0.9016), ("IT", 0.8772), ("LIP", 0.7671), ("FEF", 0.5476), ("PFC", 0.5146)];
/// Regions whose single decoders the paper scores, by what its correlation is of.
const ALONE: [&str; 4] = ["LIP", "MT", "IT", "V4"];
/// Spread of the decoded direction, degrees.
const ALONE_MOTION: [&str; 2] = ["PFC", "FEF"];
/// Parameters of the comparison networks (paper-facts, section 3).
const N_PARAMETERS: [(&str, f64); 2] = [("MLP", 3_746_484.0), ("shallow CNN", 602_115.0)];

/// Completes the table from the other sections, where they are there.
pub fn complete(sections: &mut [Section]) {
    let mut rows = single_regions(sections);
    rows.extend(encoder(sections));
    rows.extend(parameters(sections));
    let Some(table) = sections
        .iter_mut()
        .find(|section| section.slug == SECTION)
        .and_then(|section| section.tables.iter_mut().find(|table| table.slug == TABLE))
    else {
        return;
    };
    // The last row is the decoder's number of parameters; other networks' follow it.
    let at = table.rows.len().saturating_sub(1);
    let (before, after): (Vec<_>, Vec<_>) = rows.into_iter().partition(|(is_before, _)| *is_before);
    table.rows.splice(at..at, before.into_iter().map(|(_, row)| row));
    table.rows.extend(after.into_iter().map(|(_, row)| row));
}

type Row = (bool, Vec<TableCell>);

/// A table of a section and where its columns stand; none where one of them is missing.
fn columns<'a, const N: usize>(
    sections: &'a [Section],
    section: &str,
    table: &str,
    names: [&str; N],
) -> Option<(&'a DataTable, [usize; N])> {
    let section = sections.iter().find(|own| own.slug == section)?;
    let table = section.tables.iter().find(|own| own.slug == table)?;
    let mut at = [0; N];
    for (at, name) in at.iter_mut().zip(names) {
        *at = table.columns.iter().position(|column| column == name)?;
    }
    Some((table, at))
}

fn is_text(cell: &TableCell, text: &str) -> bool {
    matches!(cell, TableCell::Text(own) if own == text)
}

fn single_regions(sections: &[Section]) -> Vec<Row> {
    let names = ["regions", "score", "mean", "sd over conditions", "low", "high", "paper", "paper's sd"];
    let Some((table, [regions, score, mean, sd, low, high, paper, paper_sd])) =
        columns(sections, "single-regions", "scores", names)
    else {
        return Vec::new();
    };
    let find = |region: &str, what: &str| {
        table.rows.iter().find(|row| is_text(&row[regions], region) && is_text(&row[score], what))
    };
    let mut rows = Vec::new();
    for (what, quantity) in [("shape cue Pearson", "cue Pearson"), ("color RGB Pearson", "RGB Pearson")] {
        for region in ALONE {
            let Some(own) = find(region, what) else { continue };
            let name = format!("{quantity}, {region} alone");
            let note = "a region that carries nothing decodes the mean video, which correlates too";
            rows.push((
                true,
                vec![
                    name.into(),
                    own[paper].clone(),
                    NONE,
                    own[mean].clone(),
                    own[sd].clone(),
                    own[low].clone(),
                    own[high].clone(),
                    note.into(),
                ],
            ));
        }
    }
    for region in ALONE_MOTION {
        let Some(own) = find(region, "motion angle error") else { continue };
        let name = format!("spread of the direction error, {region} alone (deg)");
        let note = "the paper's is of decoded directions, ours of their errors";
        let here = own[sd].clone();
        rows.push((true, vec![name.into(), own[paper_sd].clone(), NONE, here, NONE, NONE, NONE, note.into()]));
    }
    rows
}

fn encoder(sections: &[Section]) -> Vec<Row> {
    let names = ["region", "score", "mean", "s.d.", "low", "high", "noise mean"];
    let Some((table, [region, score, mean, sd, low, high, noise])) = columns(sections, "encoder", "regions", names)
    else {
        return Vec::new();
    };
    let of_region = |(name, paper): (&str, f64)| {
        let row = table.rows.iter().find(|row| is_text(&row[region], name) && is_text(&row[score], "region mean"))?;
        let noise = match &row[noise] {
            TableCell::Number(value) => format!("noise videos reach {value:.2} here"),
            _ => String::new(),
        };
        let quantity = format!("encoder, Pearson of region means, {name}");
        let own = [mean, sd, low, high].map(|at| row[at].clone());
        let mut cells = vec![quantity.into(), paper.into(), NONE];
        cells.extend(own);
        cells.push(noise.into());
        Some((true, cells))
    };
    ENCODING.into_iter().filter_map(of_region).collect()
}

fn parameters(sections: &[Section]) -> Vec<Row> {
    let Some((table, [model, parameters])) = columns(sections, "baselines", "models", ["model", "parameters"]) else {
        return Vec::new();
    };
    let of_model = |(name, paper): (&str, f64)| {
        let row = table.rows.iter().find(|row| is_text(&row[model], name))?;
        let note = "depends on sites, bins, frames and pixels; at the published sizes it is the published number";
        let quantity = format!("parameters of the {name}");
        Some((false, vec![quantity.into(), paper.into(), NONE, row[parameters].clone(), NONE, NONE, NONE, note.into()]))
    };
    N_PARAMETERS.into_iter().filter_map(of_model).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::studies::attribution::blank;

    fn section(slug: &str, table: &str, columns: &[&str], row: Vec<TableCell>) -> Section {
        let columns = columns.iter().map(ToString::to_string).collect();
        let table = DataTable { slug: table.into(), title: String::new(), columns, rows: vec![row] };
        Section { tables: vec![table], ..blank(slug, "", "") }
    }

    #[test]
    fn rows_of_other_studies_come_before_the_parameters_and_their_parameters_after() {
        let cell = TableCell::from;
        let mut sections = vec![
            section(SECTION, TABLE, &["quantity"], vec!["parameters of the decoder".into()]),
            section(
                "encoder",
                "regions",
                &["region", "score", "mean", "s.d.", "low", "high", "noise mean"],
                vec!["V4".into(), "region mean".into(), cell(0.9), cell(0.1), cell(0.88), cell(0.92), cell(0.7)],
            ),
            section("baselines", "models", &["model", "parameters"], vec!["MLP".into(), cell(12.0)]),
        ];
        complete(&mut sections);
        let quantities: Vec<String> = sections[0].tables[0].rows.iter().map(|row| format!("{:?}", row[0])).collect();
        assert_eq!(quantities.len(), 3, "{quantities:?}");
        assert!(
            quantities[0].contains("encoder") && quantities[1].contains("decoder") && quantities[2].contains("MLP")
        );
        complete(&mut sections[1..]);
    }
}
