//! Filters, angles, permutation and bootstrap against scipy, scikit-learn and NumPy; `golden/make_signal.py` makes the file.

use serde_json::Value;
use spikereel_analysis::metrics::r2;
use spikereel_analysis::signal::{Band, Butterworth, filtfilt};
use spikereel_analysis::stats::{
    bca_interval, circular_mean_deg, circular_sd_deg, percentile_interval, rayleigh_test, sign_flip_test,
    wilcoxon_signed_rank_exact,
};

fn golden() -> Value {
    serde_json::from_str(include_str!("golden/signal.json")).unwrap()
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(number).collect()
}

fn near(got: f64, expected: f64, tolerance: f64, what: &str) {
    assert!((got - expected).abs() <= tolerance, "{what}: {got} for {expected}");
}

fn all_near(got: &[f64], expected: &Value, tolerance: f64, what: &str) {
    let expected = numbers(expected);
    assert_eq!(got.len(), expected.len(), "{what}");
    got.iter().zip(expected).for_each(|(&got, expected)| near(got, expected, tolerance, what));
}

#[test]
fn butterworth_and_filtfilt_are_scipys() {
    let golden = golden();
    let x = numbers(&golden["x"]);
    for case in golden["filters"].as_array().unwrap() {
        let (order, kind) = (case["order"].as_u64().unwrap() as usize, case["kind"].as_str().unwrap());
        let (cutoff, fs) = (numbers(&case["cutoff"]), number(&case["fs"]));
        let band = match kind {
            "low" => Band::Low(cutoff[0]),
            "high" => Band::High(cutoff[0]),
            _ => Band::Pass(cutoff[0], cutoff[1]),
        };
        let what = format!("order {order}, {kind} {cutoff:?} at {fs} Hz");
        let filter = Butterworth::new(order, band, fs).unwrap();
        all_near(&filter.b, &case["b"], 1e-12, &what);
        all_near(&filter.a, &case["a"], 1e-11, &what);
        all_near(&filtfilt(&filter, &x).unwrap(), &case["filtered"], 1e-9, &what);
    }
}

#[test]
fn r2_is_scikit_learns() {
    let golden = golden();
    let case = &golden["r2"];
    let [truth, predicted, close] = ["truth", "predicted", "near"].map(|key| numbers(&case[key]));
    near(r2(&truth, &predicted).unwrap(), number(&case["of_predicted"]), 1e-12, "r2");
    near(r2(&truth, &close).unwrap(), number(&case["of_near"]), 1e-12, "r2");
    assert_eq!(r2(&[1.5; 4], &[1.0, 2.0, 3.0, 4.0]), None);
}

#[test]
fn circular_statistics_are_scipys() {
    for case in golden()["angles"].as_array().unwrap() {
        let angles = numbers(&case["angles"]);
        near(circular_mean_deg(&angles).unwrap(), number(&case["mean"]), 1e-9, "mean");
        near(circular_sd_deg(&angles).unwrap(), number(&case["sd"]), 1e-9, "sd");
        let test = rayleigh_test(&angles).unwrap();
        near(test.resultant_length, number(&case["length"]), 1e-12, "resultant");
        near(test.z, number(&case["z"]), 1e-10, "z");
        near(test.p, number(&case["rayleigh"]), 1e-12, "p");
    }
}

#[test]
fn the_exact_wilcoxon_is_scipys() {
    for case in golden()["wilcoxon"].as_array().unwrap() {
        near(wilcoxon_signed_rank_exact(&numbers(&case["d"])).unwrap(), number(&case["p"]), 1e-12, "p");
    }
    assert_eq!(wilcoxon_signed_rank_exact(&[1.0, -1.0, 2.0]), None);
}

#[test]
fn all_sign_patterns_give_numpys_p() {
    let golden = golden();
    let case = &golden["sign_flip"];
    let differences: Vec<Vec<f64>> = case["d"].as_array().unwrap().iter().map(numbers).collect();
    let test = sign_flip_test(&differences, 1 << differences.len(), 0, "exact").unwrap();
    let column = |of: fn(&spikereel_analysis::stats::SignFlip) -> f64| test.iter().map(of).collect::<Vec<_>>();
    all_near(&column(|column| column.t), &case["t"], 1e-11, "t");
    all_near(&column(|column| column.p), &case["p"], 1e-12, "p");
    all_near(&column(|column| column.p_family), &case["p_family"], 1e-12, "p over columns");
}

#[test]
fn bootstrap_intervals_are_scipys_on_the_same_replicates() {
    for case in golden()["bca"].as_array().unwrap() {
        let replicates = numbers(&case["replicates"]);
        let left_out: Vec<Vec<f64>> = case["left_out"].as_array().unwrap().iter().map(numbers).collect();
        let bca = bca_interval(number(&case["estimate"]), &replicates, &left_out, 0.95).unwrap();
        all_near(&bca, &case["bca"], 1e-9, "BCa");
        all_near(&percentile_interval(&replicates, 0.95).unwrap(), &case["percentile"], 1e-12, "percentile");
    }
}
