//! Sections: what is refused, and that every file the page links to is there.

#[path = "../examples/sample/study.rs"]
mod study;

use spikereel_report::schema::{PanelBody, Section, Study, TableCell};
use spikereel_report::{Provenance, check, read_report, write_report};

fn provenance() -> Provenance {
    Provenance {
        version: "0.1.0".into(),
        git_commit: None,
        target: String::new(),
        instruction_set: String::new(),
        precision: String::new(),
        n_threads: 1,
        n_ranks: 1,
        seed: 1,
        inputs: vec![],
        step_secs: vec![],
        peak_memory_bytes: None,
    }
}

/// The sample's sections without its reports, which are slower to draw.
fn sections_alone() -> Study {
    Study { reports: vec![], ..study::study().unwrap() }
}

#[test]
fn sections_that_contradict_themselves_are_refused_with_the_place() {
    fn body(section: &mut Section, chart: usize) -> &mut PanelBody {
        &mut section.charts[chart].panels[0].body
    }
    let faults: [(&str, fn(&mut Section)); 20] = [
        ("slug", |section| section.slug = "Ugly Name".into()),
        ("slug", |section| section.slug = "../up".into()),
        ("slug", |section| section.slug = String::new()),
        ("slug", |section| section.slug = "a".repeat(61)),
        ("`ugly` twice", |section| section.slug = "ugly".into()),
        ("`values` twice", |section| section.charts[1].slug = "values".into()),
        ("tables: slug", |section| section.tables[0].slug = "a.b".into()),
        ("cells", |section| section.tables[0].rows[1].truncate(2)),
        ("finite", |section| section.tables[0].rows[1][1] = TableCell::Number(f64::NAN)),
        ("range", |section| {
            if let PanelBody::Intervals { axis, .. } = body(section, 0) {
                axis.range = Some([1.0, 1.0]);
            }
        }),
        ("low, high", |section| {
            if let PanelBody::Intervals { rows, .. } = body(section, 0) {
                (rows[0].low, rows[0].high) = (Some(1.0), Some(0.5));
            }
        }),
        ("ascending", |section| {
            if let PanelBody::Lines { series, .. } = body(section, 1) {
                series[0].x[3] = -7.0;
            }
        }),
        ("y, one a value", |section| {
            if let PanelBody::Lines { series, .. } = body(section, 1) {
                series[0].y.pop();
            }
        }),
        ("high, as many", |section| {
            if let PanelBody::Lines { series, .. } = body(section, 1) {
                series[0].high.clear();
            }
        }),
        ("at most 8", |section| {
            if let PanelBody::Lines { series, .. } = body(section, 1) {
                *series = vec![series[0].clone(); 9];
            }
        }),
        ("finite", |section| {
            if let PanelBody::Distributions { groups, .. } = body(section, 2) {
                groups[0].values[0] = f64::INFINITY;
            }
        }),
        ("one a column", |section| {
            if let PanelBody::Matrix { values, .. } = body(section, 3) {
                values[2].pop();
            }
        }),
        ("one list a row", |section| {
            if let PanelBody::Matrix { values, .. } = body(section, 3) {
                values.pop();
            }
        }),
        ("category", |section| {
            if let PanelBody::Points { points, .. } = body(section, 4) {
                points[0].category = 4;
            }
        }),
        ("pictures", |section| {
            if let PanelBody::Pictures { rows, .. } = body(section, 5) {
                rows[0].pictures[1] = "javascript:alert(1)".into();
            }
        }),
    ];
    let good = sections_alone();
    check(&good).unwrap();
    for (words, fault) in faults {
        let mut study = good.clone();
        fault(&mut study.sections[0]);
        let text = check(&study).unwrap_err().to_string();
        assert!(text.contains(words) && text.contains("report.json"), "{words}: {text}");
    }
}

#[test]
fn a_page_of_sections_alone_links_only_to_files_that_are_there() {
    let temporary = tempfile::tempdir().unwrap();
    let study = sections_alone();
    let written = write_report(temporary.path(), &study, &provenance()).unwrap();
    assert_eq!(read_report(&written.json).unwrap(), study);
    let html = std::fs::read_to_string(&written.page).unwrap();
    let folder = written.page.parent().unwrap();
    let mut n_files = 0;
    for place in html.split("href=\"").skip(1) {
        let link = place.split('"').next().unwrap();
        if let Some(id) = link.strip_prefix('#') {
            assert!(html.contains(&format!("id=\"{id}\"")), "{id}");
        } else if !link.starts_with("data:") {
            let bytes = std::fs::read(folder.join(link)).unwrap_or_else(|error| panic!("{link}: {error}"));
            let start: &[u8] = match link.rsplit('.').next().unwrap() {
                "pdf" => b"%PDF-",
                "svg" => b"<?xml",
                _ => b"",
            };
            assert!(!bytes.is_empty() && bytes.starts_with(start), "{link}");
            if link.ends_with(".svg") {
                has_journal_sizes(link, &String::from_utf8(bytes).unwrap());
            }
            n_files += 1;
        }
    }
    let n_on_disk: usize =
        ["figures", "tables", "videos"].iter().map(|name| std::fs::read_dir(folder.join(name)).unwrap().count()).sum();
    assert_eq!(n_files, n_on_disk, "every file is linked once");
    assert!(html.matches("no values").count() >= 3);
    for section in &study.sections {
        assert!(html.contains(&format!("id=\"study-{}\"", section.slug)));
    }
}

/// One of the widths of journals (a third of the double column for a panel alone), and type of 5 to 8 points.
fn has_journal_sizes(name: &str, svg: &str) {
    let width = svg.split("width=\"").nth(1).unwrap().split('"').next().unwrap();
    assert!(["89mm", "183mm", "57.67mm"].contains(&width), "{name}: {width}");
    for size in svg.split("font-size=\"").skip(1) {
        let size: f64 = size.split('"').next().unwrap().parse().unwrap();
        assert!((5.0..=8.0).contains(&size), "{name}: type of {size} points");
    }
}
