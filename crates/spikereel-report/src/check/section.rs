//! What a section has to keep to: names that can be files, rectangles, equal lengths, finite numbers, pictures of one size.

use super::{expect_equal, fault};
use crate::schema::{AxisSpec, Chart, DataTable, IntervalRow, PanelBody, PictureRow, Section, Series, TableCell};
use crate::{Result, base64};

/// Longest slug; keeps every file name well below what file systems allow.
const MAX_SLUG: usize = 60;
/// More curves than this cannot be told apart.
const MAX_SERIES: usize = 8;
/// Start of every picture's address.
const PICTURE: &str = "data:image/png;base64,";

pub(super) fn check_sections(sections: &[Section]) -> Result<()> {
    check_slugs("sections", sections.iter().map(|section| section.slug.as_str()))?;
    for section in sections {
        let at = format!("section `{}`", section.slug);
        check_slugs(&format!("{at}: charts"), section.charts.iter().map(|chart| chart.slug.as_str()))?;
        check_slugs(&format!("{at}: tables"), section.tables.iter().map(|table| table.slug.as_str()))?;
        section.charts.iter().try_for_each(|chart| check_chart(&at, chart))?;
        section.tables.iter().try_for_each(|table| check_table(&at, table))?;
    }
    Ok(())
}

/// Slugs are parts of file names and of links: they need no escape anywhere and differ from one another.
fn check_slugs<'a>(at: &str, slugs: impl Iterator<Item = &'a str>) -> Result<()> {
    let mut seen: Vec<&str> = Vec::new();
    for slug in slugs {
        let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'_';
        if slug.is_empty() || slug.len() > MAX_SLUG || !slug.bytes().all(is_plain) {
            let expected = format!("1 to {MAX_SLUG} of a-z, 0-9, `-` and `_`");
            return Err(fault(&format!("{at}: slug"), expected, format!("`{slug}`")));
        }
        if seen.contains(&slug) {
            return Err(fault(&format!("{at}: slug"), "each slug once", format!("`{slug}` twice")));
        }
        seen.push(slug);
    }
    Ok(())
}

fn check_chart(at: &str, chart: &Chart) -> Result<()> {
    for (idx, panel) in chart.panels.iter().enumerate() {
        check_body(&format!("{at}, chart `{}`, panel {idx}", chart.slug), &panel.body)?;
    }
    Ok(())
}

fn check_body(at: &str, body: &PanelBody) -> Result<()> {
    match body {
        PanelBody::Intervals { axis, rows } => {
            check_axis(at, axis)?;
            rows.iter().try_for_each(|row| check_interval(at, row))
        }
        PanelBody::Distributions { axis, groups, .. } => {
            check_axis(at, axis)?;
            groups.iter().try_for_each(|group| finite(&format!("{at}, group `{}`: values", group.label), &group.values))
        }
        PanelBody::Points { x, y, categories, points } => {
            [x, y].into_iter().try_for_each(|axis| check_axis(at, axis))?;
            for point in points {
                finite(&format!("{at}: points"), &[point.x, point.y])?;
                if point.category >= categories.len() {
                    let expected = format!("below {}, the number of categories", categories.len());
                    return Err(fault(&format!("{at}: points.category"), expected, point.category.to_string()));
                }
            }
            Ok(())
        }
        PanelBody::Matrix { rows, columns, values, .. } => {
            expect_equal(&format!("{at}: values, one list a row"), rows.len(), values.len())?;
            for (row, values) in rows.iter().zip(values) {
                expect_equal(&format!("{at}, row `{row}`: values, one a column"), columns.len(), values.len())?;
                finite_or_none(&format!("{at}, row `{row}`: values"), values)?;
            }
            Ok(())
        }
        PanelBody::Lines { x, y, series, spans } => {
            [x, y].into_iter().try_for_each(|axis| check_axis(at, axis))?;
            if series.len() > MAX_SERIES {
                return Err(fault(&format!("{at}: series"), format!("at most {MAX_SERIES}"), series.len().to_string()));
            }
            for (name, from, to) in spans {
                finite(&format!("{at}, span `{name}`"), &[*from, *to])?;
            }
            series.iter().try_for_each(|series| check_series(at, series))
        }
        PanelBody::Pictures { rows, columns } => check_pictures(at, rows, columns),
    }
}

fn check_axis(at: &str, axis: &AxisSpec) -> Result<()> {
    finite_or_none(&format!("{at}, axis `{}`: reference", axis.label), &[axis.reference])?;
    if let Some([low, high]) = axis.range
        && !(low.is_finite() && high.is_finite() && low < high)
    {
        let got = format!("{low} to {high}");
        return Err(fault(&format!("{at}, axis `{}`: range", axis.label), "two finite numbers, the lower first", got));
    }
    Ok(())
}

fn check_interval(at: &str, row: &IntervalRow) -> Result<()> {
    let field = format!("{at}, row `{}`", row.label);
    finite_or_none(&field, &[row.estimate, row.low, row.high, row.expected])?;
    if let (Some(low), Some(high)) = (row.low, row.high)
        && low > high
    {
        return Err(fault(&format!("{field}: low, high"), "low not above high", format!("{low} to {high}")));
    }
    Ok(())
}

fn check_series(at: &str, series: &Series) -> Result<()> {
    let field = |name: &str| format!("{at}, series `{}`: {name}", series.label);
    let n = series.x.len();
    finite(&field("x"), &series.x)?;
    if let Some(pair) = series.x.windows(2).find(|pair| pair[0] > pair[1]) {
        return Err(fault(&field("x"), "ascending values", format!("{} before {}", pair[0], pair[1])));
    }
    expect_equal(&field("y, one a value of x"), n, series.y.len())?;
    expect_equal(&field("high, as many as low"), series.low.len(), series.high.len())?;
    if !series.low.is_empty() {
        expect_equal(&field("low, one a value of x, or none"), n, series.low.len())?;
    }
    [(&series.y, "y"), (&series.low, "low"), (&series.high, "high")]
        .into_iter()
        .try_for_each(|(values, name)| finite_or_none(&field(name), values))
}

fn check_pictures(at: &str, rows: &[PictureRow], columns: &[String]) -> Result<()> {
    let n = rows.first().map_or(0, |row| row.pictures.len());
    if !columns.is_empty() {
        expect_equal(&format!("{at}: columns, one a picture of a row, or none"), n, columns.len())?;
    }
    let mut first = None;
    for row in rows {
        let field = format!("{at}, row `{}`: pictures", row.label);
        expect_equal(&field, n, row.pictures.len())?;
        for picture in &row.pictures {
            let size = picture_size(picture);
            if size.is_none() || *first.get_or_insert(size) != size {
                let got: String = picture.chars().take(40).collect();
                return Err(fault(&field, format!("`{PICTURE}` and a PNG, all of one size"), format!("`{got}`")));
            }
        }
    }
    Ok(())
}

/// Columns and rows of a picture from its address; none where it is no PNG.
pub(crate) fn picture_size(picture: &str) -> Option<(u32, u32)> {
    let bytes = base64::decode(picture.strip_prefix(PICTURE)?)?;
    let reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().ok()?;
    Some((reader.info().width, reader.info().height))
}

fn check_table(at: &str, table: &DataTable) -> Result<()> {
    for (idx, row) in table.rows.iter().enumerate() {
        let field = format!("{at}, table `{}`, row {idx}", table.slug);
        expect_equal(&format!("{field}: cells, one a column"), table.columns.len(), row.len())?;
        for cell in row {
            if let TableCell::Number(value) = cell {
                finite(&field, &[*value])?;
            }
        }
    }
    Ok(())
}

fn finite(field: &str, values: &[f64]) -> Result<()> {
    match values.iter().find(|value| !value.is_finite()) {
        Some(value) => Err(fault(field, "finite numbers", value.to_string())),
        None => Ok(()),
    }
}

fn finite_or_none(field: &str, values: &[Option<f64>]) -> Result<()> {
    match values.iter().flatten().find(|value| !value.is_finite()) {
        Some(value) => Err(fault(field, "finite numbers or null", value.to_string())),
        None => Ok(()),
    }
}
