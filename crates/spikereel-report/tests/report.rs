//! The report as files: whole, the same each time, safe with hostile names, and strict when read.

#[path = "../examples/sample/study.rs"]
mod study;

use serde_json::Value;
use spikereel_report::schema::{Report, Study};
use spikereel_report::{Error, InputFile, Provenance, check, read_report, write_report};
use std::collections::BTreeMap;
use std::path::Path;

/// Breaks out of elements, attributes, style, script and title, where it is let.
const HOSTILE: &str =
    "\"'</script></style></title><script>alert(1)</script><img src=x onerror=alert(2)>\u{0}\n,{{ 7 }}";

fn provenance(name: &str) -> Provenance {
    Provenance {
        version: "0.1.0".into(),
        git_commit: Some(name.into()),
        target: name.into(),
        instruction_set: name.into(),
        precision: name.into(),
        n_threads: 64_209,
        n_ranks: 1,
        seed: 1,
        inputs: vec![InputFile { name: name.into(), sha256: name.into() }],
        step_secs: vec![(name.into(), 1.0)],
        peak_memory_bytes: None,
    }
}

/// Every file below a folder with its bytes.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut all = BTreeMap::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_str().unwrap().to_string();
                all.insert(name, std::fs::read(&path).unwrap());
            }
        }
    }
    all
}

/// Makes every text hostile that is no choice, number or picture; equal names stay equal.
fn made_hostile(value: &mut Value, key: &str) {
    match value {
        Value::String(text) if !["kind", "better", "role", "sheets", "slug", "form", "pictures"].contains(&key) => {
            *text = format!("={text}{HOSTILE}")
        }
        Value::Array(items) => items.iter_mut().for_each(|item| made_hostile(item, key)),
        Value::Object(fields) => fields.iter_mut().for_each(|(key, item)| made_hostile(item, key)),
        _ => {}
    }
}

#[test]
fn a_report_is_written_whole_reads_back_and_replaces_its_predecessor() {
    let temporary = tempfile::tempdir().unwrap();
    let study = study::study().unwrap();
    let written = write_report(temporary.path(), &study, &provenance("here")).unwrap();
    assert_eq!(read_report(&written.json).unwrap(), study);
    std::fs::write(temporary.path().join("report/stale.txt"), "old").unwrap();
    write_report(temporary.path(), &study, &provenance("here")).unwrap();
    let all = files(temporary.path());
    let names: Vec<&str> = all.keys().map(String::as_str).collect();
    assert!(names.contains(&"report.json") && names.contains(&"report/index.html"), "{names:?}");
    for name in ["1-masking", "1-true-and-decoded-values", "2-planted-and-found", "2-film-strips", "2-learning-curve"] {
        assert!(names.contains(&format!("report/figures/{name}.svg").as_str()), "{name} of {names:?}");
        assert!(names.contains(&format!("report/tables/{name}.csv").as_str()), "{name} of {names:?}");
    }
    assert!(!names.iter().any(|name| name.contains("stale") || name.contains(".part") || name.contains(".old")));
}

#[test]
fn equal_studies_give_equal_bytes_and_the_machine_stands_on_the_page_alone() {
    let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    write_report(here.path(), &study::study().unwrap(), &provenance("host-a")).unwrap();
    write_report(there.path(), &study::study().unwrap(), &provenance("host-b")).unwrap();
    let (here, there) = (files(here.path()), files(there.path()));
    assert_eq!(here.keys().collect::<Vec<_>>(), there.keys().collect::<Vec<_>>());
    for (name, bytes) in &here {
        assert_eq!(bytes == &there[name], name != "report/index.html", "{name}");
        let text = String::from_utf8_lossy(bytes);
        assert_eq!(text.contains("host-a") && text.contains("64209"), name == "report/index.html", "{name}");
    }
}

#[test]
fn hostile_names_come_out_as_text_everywhere() {
    let mut value = serde_json::to_value(study::study().unwrap()).unwrap();
    made_hostile(&mut value, "");
    let hostile: Study = serde_json::from_value(value).unwrap();
    let temporary = tempfile::tempdir().unwrap();
    write_report(temporary.path(), &hostile, &provenance(HOSTILE)).unwrap();
    for (name, bytes) in files(&temporary.path().join("report")) {
        if name.ends_with(".pdf") || name.ends_with(".png") {
            continue;
        }
        let text = String::from_utf8(bytes).unwrap();
        if name.ends_with(".csv") {
            for line in text.lines() {
                assert!(!line.starts_with(['=', '+', '-', '@']) && !line.contains("\"="), "{name}: {line}");
                assert!(!line.contains(",="), "{name}: {line}");
            }
            continue;
        }
        assert!(
            !text.contains("<script>alert") && !text.contains("<img src=x") && !text.contains("onerror=alert(2)>"),
            "{name}"
        );
        assert!(!text.contains("={{ 7 }}=") && !text.contains("= 7 ="), "{name}");
        assert_eq!(text.matches("</script").count(), usize::from(name == "index.html"), "{name}");
        assert_eq!(text.matches("<script").count(), usize::from(name == "index.html"), "{name}");
        assert_eq!(text.matches("</style").count(), usize::from(name == "index.html"), "{name}");
        assert!(text.contains("&lt;script&gt;alert(1)") || text.contains("&#60;script&#62;alert(1)"), "{name}");
    }
}

#[test]
fn the_page_loads_nothing_and_links_only_to_https_and_its_own_files() {
    let mut study = study::study().unwrap();
    let citation = &mut study.reports[1].citations[0];
    citation.url = Some("javascript:alert(1)".into());
    let temporary = tempfile::tempdir().unwrap();
    let written = write_report(temporary.path(), &study, &provenance("here")).unwrap();
    let html = std::fs::read_to_string(&written.page).unwrap();
    assert!(
        html.contains("content=\"default-src &#39;none&#39;;")
            || html.contains("content=\"default-src &#x27;none&#x27;;")
    );
    for (attribute, allowed) in [
        ("src=\"", &["data:image/png;base64,"][..]),
        ("href=\"", &["#", "https://", "figures/", "tables/", "videos/", "data:"]),
    ] {
        for place in html.split(attribute).skip(1) {
            assert!(allowed.iter().any(|start| place.starts_with(start)), "{}", &place[..place.len().min(60)]);
        }
    }
    assert!(html.contains("javascript:alert(1)") && !html.contains("href=\"javascript"));
    assert!(!html.contains("style=\"") && !html.contains("onclick"));
}

#[test]
fn a_file_of_another_version_or_with_other_fields_is_refused_with_a_reason() {
    let temporary = tempfile::tempdir().unwrap();
    let path = temporary.path().join("report.json");
    let good = serde_json::to_value(study::study().unwrap()).unwrap();
    let refused = |text: String| {
        std::fs::write(&path, text).unwrap();
        let error = read_report(&path).unwrap_err();
        assert!(matches!(error, Error::Content(_)), "{error}");
        error.to_string()
    };
    let mut other = good.clone();
    other["schema_version"] = 2.into();
    let text = refused(other.to_string());
    assert!(text.contains("schema_version: expected 1, got 2") && text.contains("report.json"), "{text}");
    let mut other = good.clone();
    other["reports"][0]["surprise"] = 1.into();
    assert!(refused(other.to_string()).contains("surprise"));
    let whole = good.to_string();
    refused(whole[..whole.len() / 2].to_string());
    refused(String::new());
}

#[test]
fn a_report_that_contradicts_itself_is_refused() {
    let faults: [(&str, fn(&mut Report)); 7] = [
        ("fits", |report| report.fits.n_done += 1),
        ("cells", |report| report.scores[0].rows[0].cells.truncate(1)),
        ("masking", |report| report.masking.as_mut().unwrap().cells[0].truncate(2)),
        ("shapley", |report| report.planted.as_mut().unwrap().features[0].shapley.push(0.0)),
        ("top_region_idx", |report| report.planted.as_mut().unwrap().features[0].top_region_idx = 9),
        ("phases", |report| report.videos.as_mut().unwrap().phases[0].n_frames += 1),
        ("finite", |report| report.planted.as_mut().unwrap().condition_accuracy = f64::NAN),
    ];
    check(&study::study().unwrap()).unwrap();
    for (word, fault) in faults {
        let mut study = study::study().unwrap();
        fault(&mut study.reports[1]);
        let text = check(&study).unwrap_err().to_string();
        assert!(text.contains(word), "{word}: {text}");
    }
    let empty = Study { reports: vec![], sections: vec![], ..study::study().unwrap() };
    assert!(check(&empty).is_err());
    check(&Study { reports: vec![], ..study::study().unwrap() }).unwrap();
}

#[test]
fn a_report_with_nothing_but_data_is_still_a_page() {
    let mut study = study::study().unwrap();
    for report in &mut study.reports {
        (report.masking, report.planted, report.videos) = (None, None, None);
        (report.curves, report.scores, report.scatters) = (vec![], vec![], vec![]);
        (report.findings, report.caveats, report.citations) = (vec![], vec![], vec![]);
    }
    let temporary = tempfile::tempdir().unwrap();
    let written = write_report(temporary.path(), &study, &provenance("here")).unwrap();
    assert!(std::fs::read_to_string(written.page).unwrap().contains("Data and split"));
}
