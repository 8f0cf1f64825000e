//! The numbers behind audits against scipy and statsmodels; `golden/make_audit.py` makes the file.

use serde_json::Value;
use spikereel_analysis::audit::alignment_response;
use spikereel_analysis::stats::{
    Correction, cramers_v, eta_squared, permuted_cramers_v, permuted_eta_squared, spearman_test,
};
use spikereel_data::{
    BinGrid, ConditionTable, Factor, Level, Recording, RecordingParts, Region, Site, SpikeTensor, Spikes,
};

fn golden() -> Value {
    serde_json::from_str(include_str!("golden/audit.json")).unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|value| value.as_f64().unwrap()).collect()
}

fn classes(value: &Value) -> Vec<usize> {
    numbers(value).iter().map(|&value| value as usize).collect()
}

fn near(got: f64, expected: &Value, tolerance: f64, what: &str) {
    let expected = expected.as_f64().unwrap();
    assert!((got - expected).abs() <= tolerance, "{what}: {got} for {expected}");
}

#[test]
fn spearman_and_its_p_are_scipys() {
    for case in golden()["spearman"].as_array().unwrap() {
        let (rho, p) = spearman_test(&numbers(&case["a"]), &numbers(&case["b"])).unwrap();
        near(rho, &case["rho"], 1e-12, "rho");
        near(p, &case["p"], 1e-10, "p");
    }
    assert_eq!(spearman_test(&[1.0, 2.0, 3.0], &[4.0, 4.0, 4.0]), None);
    assert_eq!(spearman_test(&[1.0, 2.0], &[4.0, 5.0]), None);
    let (rho, p) = spearman_test(&[1.0, 2.0, 3.0], &[4.0, 5.0, 6.0]).unwrap();
    assert!((rho - 1.0).abs() < 1e-12 && p < 1e-6, "{rho} {p}");
}

#[test]
fn cramers_v_and_eta_squared_are_scipys_under_both_tests() {
    for case in golden()["association"].as_array().unwrap() {
        let (a, b, x) = (classes(&case["a"]), classes(&case["b"]), numbers(&case["x"]));
        let (v, p) = cramers_v(&a, &b).unwrap();
        near(v, &case["v"], 1e-12, "V");
        near(p, &case["v_p"], 1e-10, "p of V");
        let (eta, p) = eta_squared(&a, &x).unwrap();
        near(eta, &case["eta"], 1e-12, "eta squared");
        near(p, &case["eta_p"], 1e-10, "p of eta squared");
        // Permutations tell much what the distributions tell.
        let (permuted, p) = permuted_cramers_v(&a, &b, 9999, 1, "golden").unwrap();
        near(p, &case["v_p"], 0.03, "p of V, permuted");
        assert_eq!(permuted, v);
        near(permuted_eta_squared(&a, &x, 9999, 1, "golden").unwrap().1, &case["eta_p"], 0.03, "p of eta, permuted");
    }
}

#[test]
fn permutations_reach_what_all_pairings_give() {
    for case in golden()["permuted"].as_array().unwrap() {
        let (a, b, x) = (classes(&case["a"]), classes(&case["b"]), numbers(&case["x"]));
        // Four standard errors of 20,000 draws are .014 at most.
        near(permuted_cramers_v(&a, &b, 20_000, 3, "all").unwrap().1, &case["v_p"], 0.014, "V");
        near(permuted_eta_squared(&a, &x, 20_000, 3, "all").unwrap().1, &case["eta_p"], 0.014, "eta squared");
    }
    assert_eq!(permuted_cramers_v(&[0, 0, 1], &[3, 3, 3], 99, 0, "x"), None);
    assert_eq!(permuted_cramers_v(&[0, 0, 1, 1], &[1, 2, 1, 2], 99, 0, "x"), Some((0.0, 1.0)));
}

#[test]
fn corrections_are_scipys_and_statsmodels() {
    let golden = golden();
    let p = numbers(&golden["p"]["p"]);
    for (correction, key) in [(Correction::BenjaminiHochberg, "bh"), (Correction::Holm, "holm")] {
        let corrected = correction.correct(&p);
        corrected.iter().zip(golden["p"][key].as_array().unwrap()).for_each(|(got, want)| near(*got, want, 1e-12, key));
    }
}

#[test]
fn the_change_at_the_event_is_scipys_paired_t() {
    let golden = golden();
    let (before, after) = (numbers(&golden["paired"]["before"]), numbers(&golden["paired"]["after"]));
    let counts = ndarray::Array3::from_shape_fn(
        (6, 2, 1),
        |(trial, bin, _)| if bin == 0 { before[trial] } else { after[trial] } as f32,
    );
    let factor = Factor { name: "cue".into(), levels: vec![Level::Number(0.0)] };
    let recording = Recording::new(RecordingParts {
        session: "s".into(),
        sites: vec![Site { id: "1".into(), region: Region("V4".into()), session: "s".into() }],
        conditions: ConditionTable::new(vec![factor], vec![vec![0]]).unwrap(),
        condition_of_trial: vec![0; 6],
        spikes: Spikes::Counts(
            SpikeTensor::from_array(counts.view()).unwrap(),
            BinGrid::new(-0.5, 0.5, 0.5, 2).unwrap(),
        ),
        covariates: Vec::new(),
        truth: None,
    })
    .unwrap();
    let response = alignment_response(&recording, [-1.0, 1.0], 0.1);
    near(response.z.unwrap(), &golden["paired"]["t"], 1e-10, "z");
    assert_eq!(response.left_edges, [-0.5, 0.0]);
    let mean = |values: &[f64]| values.iter().sum::<f64>() / 6.0 / 0.5;
    assert!((response.mean_rate_hz[0] - mean(&before)).abs() < 1e-9);
    assert!((response.after_hz.unwrap() - mean(&after)).abs() < 1e-9);
    assert_eq!(alignment_response(&recording, [0.2, 0.3], 0.1).z, None);
}
