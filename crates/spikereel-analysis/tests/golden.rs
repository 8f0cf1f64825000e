//! Our numbers against OpenCV, scipy, statsmodels and scikit-learn; `golden/make.py` makes the file and stamps its versions.

use serde_json::Value;
use spikereel_analysis::baselines::{Multinomial, RidgeCv};
use spikereel_analysis::metrics::{LossSsim, pearson, ssim_skimage};
use spikereel_analysis::motion::{Farneback, gray_u8};
use spikereel_analysis::stats::{
    Alternative, Correction, TTest, binomial_p_greater, clopper_pearson, independent_t_test, one_sample_t_test,
    paired_t_test, percentile, spearman, wilcoxon_signed_rank,
};

fn golden() -> Value {
    serde_json::from_str(include_str!("golden/golden.json")).unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

fn floats(value: &Value) -> Vec<f32> {
    numbers(value).iter().map(|&number| number as f32).collect()
}

fn count(value: &Value) -> usize {
    value.as_u64().unwrap() as usize
}

fn near(got: f64, expected: f64, tolerance: f64, what: &str) {
    assert!(
        (got - expected).abs() <= tolerance * expected.abs().max(1e-300) || got == expected,
        "{what}: {got} for {expected}"
    );
}

/// The frames of `make.py`.
fn frame(width: usize, height: usize, t: u64) -> Vec<f32> {
    let mut values = Vec::new();
    for row in 0..height as u64 {
        for col in 0..width as u64 {
            let (x, y) = (col as f64 - 0.9 * t as f64, row as f64 + 0.5 * t as f64);
            let field = 110.0 + 60.0 * (x * 0.45).sin() * (y * 0.37).cos() + 45.0 * (0.23 * x + 0.31 * y).sin();
            let noise = ((col * 73 + row * 151 + 31 * t).wrapping_mul(2_654_435_761) >> 13) % 17;
            values.push((field + noise as f64).floor().clamp(0.0, 255.0) as f32);
        }
    }
    values
}

#[test]
fn flow_is_opencvs_with_and_without_a_pyramid() {
    for case in golden()["flow"].as_array().unwrap() {
        let (width, height, every) = (count(&case["width"]), count(&case["height"]), count(&case["every"]));
        let (first, second) = (frame(width, height, 0), frame(width, height, 2));
        let sums = [&first, &second].map(|frame| f64::from(frame.iter().sum::<f32>()));
        assert_eq!(sums.to_vec(), numbers(&case["sums"]), "the frames are not those of the golden file");
        let farneback = Farneback::default();
        let flow =
            farneback.flow(&farneback.prepare(&first, width, height), &farneback.prepare(&second, width, height));
        let mut expected = numbers(&case["flow"]).into_iter();
        let (mut largest, mut sum, mut n) = (0.0_f64, 0.0, 0.0);
        for row in (0..height).step_by(every) {
            for col in (0..width).step_by(every) {
                for value in flow[row * width + col] {
                    let distance = (f64::from(value) - expected.next().unwrap()).abs();
                    largest = largest.max(distance);
                    sum += distance;
                    n += 1.0;
                }
            }
        }
        assert!(largest <= 2e-3 && sum / n <= 2e-5, "{width} x {height}: largest {largest}, mean {}", sum / n);
    }
}

#[test]
fn gray_levels_are_opencvs() {
    let golden = golden();
    let rgb: Vec<f32> = floats(&golden["gray"]["rgb"]).iter().map(|byte| byte / 255.0).collect();
    assert_eq!(gray_u8(&rgb), floats(&golden["gray"]["gray"]));
}

#[test]
fn both_forms_of_ssim_are_their_definitions() {
    let golden = golden();
    let case = &golden["ssim"];
    let (height, width) = (count(&case["height"]), count(&case["width"]));
    let (a, b) = (floats(&case["a"]), floats(&case["b"]));
    near(LossSsim::default().frame(height, width, &a, &b).unwrap(), case["loss"].as_f64().unwrap(), 1e-10, "loss form");
    near(ssim_skimage(height, width, &a, &b).unwrap(), case["skimage"].as_f64().unwrap(), 1e-10, "skimage form");
}

#[test]
fn tests_and_corrections_are_scipys_and_statsmodels() {
    let golden = golden();
    let case = &golden["stats"];
    let [x, y, z, ties, p] = ["x", "y", "z", "ties", "p"].map(|key| numbers(&case[key]));
    let far: Vec<f64> = x.iter().map(|x| x - 40.0).collect();
    let check = |got: Option<TTest>, key: &str| {
        let (got, expected) = (got.unwrap(), numbers(&case[key]));
        near(got.t, expected[0], 1e-11, key);
        near(got.df, expected[1], 0.0, key);
        near(got.p, expected[2], 1e-9, key);
    };
    check(independent_t_test(&x, &y), "independent");
    check(paired_t_test(&x, &z), "paired");
    check(one_sample_t_test(&x, 0.25), "one_sample");
    check(independent_t_test(&far, &z), "far");
    let scalar = |got: f64, key: &str| near(got, case[key].as_f64().unwrap(), 1e-10, key);
    scalar(independent_t_test(&y, &x).unwrap().p_for(Alternative::Greater), "greater");
    scalar(wilcoxon_signed_rank(&ties).unwrap(), "wilcoxon");
    scalar(spearman(&ties, &z).unwrap(), "spearman");
    scalar(pearson(&x, &z).unwrap(), "pearson");
    let methods =
        [(Correction::Holm, "holm"), (Correction::BenjaminiHochberg, "fdr_bh"), (Correction::Bonferroni, "bonferroni")];
    for (method, key) in methods {
        method.correct(&p).iter().zip(numbers(&case[key])).for_each(|(&got, expected)| near(got, expected, 1e-14, key));
    }
    for (share, expected) in [0.025, 0.5, 0.975].into_iter().zip(numbers(&case["quantile"])) {
        near(percentile(&x, share).unwrap(), expected, 1e-13, "quantile");
    }
    for row in case["clopper"].as_array().unwrap() {
        let [low, high] = clopper_pearson(count(&row[0]), count(&row[1]), 0.95);
        near(low, row[2].as_f64().unwrap(), 1e-10, "interval, low");
        near(high, row[3].as_f64().unwrap(), 1e-10, "interval, high");
    }
    for row in case["binomial"].as_array().unwrap() {
        let got = binomial_p_greater(count(&row[0]), count(&row[1]), row[2].as_f64().unwrap());
        near(got, row[3].as_f64().unwrap(), 1e-10, "binomial");
    }
}

#[test]
fn ridge_is_ridge_cv_with_more_and_with_fewer_features_than_rows() {
    let golden = golden();
    for key in ["ridge_wide", "ridge_tall"] {
        let case = &golden[key];
        let alphas = numbers(&case["alphas"]);
        let fit = RidgeCv::fit(&floats(&case["x"]), count(&case["d"]), &numbers(&case["y"]), &alphas).unwrap();
        assert_eq!(fit.alpha, case["alpha"].as_f64().unwrap(), "{key}");
        // Features stand in f32 here, so the last digits go.
        fit.loo_error.iter().zip(numbers(&case["loo"])).for_each(|(&got, expected)| near(got, expected, 1e-5, key));
        let predicted = fit.predict(&floats(&case["q"])).unwrap();
        predicted.iter().zip(numbers(&case["predicted"])).for_each(|(&got, expected)| near(got, expected, 1e-5, key));
    }
}

#[test]
fn multinomial_ridge_is_logistic_regression() {
    let golden = golden();
    let case = &golden["logistic"];
    let labels: Vec<usize> = numbers(&case["label"]).iter().map(|&label| label as usize).collect();
    let (d, k) = (count(&case["d"]), count(&case["k"]));
    let fit = Multinomial::fit(floats(&case["x"]), d, &labels, k, case["lambda"].as_f64().unwrap()).unwrap();
    let q = floats(&case["q"]);
    let rows = ndarray::ArrayView3::from_shape((q.len() / d, 1, d), &q).unwrap();
    let got = fit.probabilities(&rows).unwrap().concat();
    for (got, expected) in got.iter().zip(numbers(&case["probability"])) {
        assert!((got - expected).abs() < 1e-6, "{got} for {expected}");
    }
}
