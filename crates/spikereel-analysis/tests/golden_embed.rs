//! PCA, t-SNE, silhouettes and nearest neighbors against scikit-learn; `golden/make_embed.py` makes the file.

use ndarray::Array2;
use serde_json::Value;
use spikereel_analysis::embed::{Distances, TsneConfig, knn_accuracy, pca, silhouette, tsne};

fn golden() -> Value {
    serde_json::from_str(include_str!("golden/embed.json")).unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

fn rows(value: &Value, width: usize) -> Array2<f64> {
    let values = numbers(value);
    Array2::from_shape_vec((values.len() / width, width), values).unwrap()
}

fn samples(golden: &Value) -> (Array2<f64>, Vec<usize>) {
    let labels = numbers(&golden["label"]).iter().map(|&label| label as usize).collect();
    (rows(&golden["x"], golden["d"].as_u64().unwrap() as usize), labels)
}

fn all_near<'a>(got: impl IntoIterator<Item = &'a f64>, expected: &Value, tolerance: f64, what: &str) {
    let got: Vec<f64> = got.into_iter().copied().collect();
    let expected = numbers(expected);
    assert_eq!(got.len(), expected.len(), "{what}");
    got.iter().zip(expected).for_each(|(got, expected)| {
        assert!((got - expected).abs() <= tolerance, "{what}: {got} for {expected}");
    });
}

#[test]
fn components_are_scikit_learns_with_their_signs() {
    let golden = golden();
    for name in ["pca", "pca_wide"] {
        let case = &golden[name];
        let source = if case["rows"].is_null() { &golden["x"] } else { &case["rows"] };
        let out = pca(rows(source, case["width"].as_u64().unwrap() as usize).view(), 3).unwrap();
        all_near(out.scores.iter(), &case["scores"], 1e-9, "scores");
        all_near(out.components.iter(), &case["components"], 1e-9, "components");
        all_near(&out.explained_variance, &case["variance"], 1e-9, "variance");
        all_near(&out.explained_variance_ratio, &case["ratio"], 1e-12, "ratio");
    }
}

#[test]
fn tsne_reaches_scikit_learns_divergence_within_three_percent() {
    let golden = golden();
    let divergence = |rows: &Array2<f64>| tsne(rows.view(), &TsneConfig::default(), 42).unwrap().divergence;
    let (blurred, _) = samples(&golden);
    let clear = divergence(&rows(&golden["clear"]["x"], blurred.ncols()));
    for method in ["exact", "barnes_hut"] {
        let expected = golden["clear"]["kl"][method].as_f64().unwrap();
        println!("{method}: {clear} for {expected}");
        assert!((clear / expected - 1.0).abs() < 0.03, "{method}: {clear} for {expected}");
    }
    // Where clusters overlap the descent is chaotic, so the bound is scikit-learn's own range under a millionth of noise.
    let (got, range) = (divergence(&blurred), numbers(&golden["blurred_kl"]));
    let (low, high) = range.iter().fold((f64::MAX, 0.0_f64), |(low, high), &value| (low.min(value), high.max(value)));
    println!("blurred: {got} for {low} to {high}");
    assert!(got > 0.97 * low && got < 1.03 * high, "{got} for {low} to {high}");
}

#[test]
fn silhouettes_and_nearest_neighbors_are_scikit_learns() {
    let golden = golden();
    let (samples, labels) = samples(&golden);
    let distances = Distances::new(samples.view()).unwrap();
    all_near(&silhouette(&distances, &labels).unwrap(), &golden["silhouette"], 1e-10, "silhouette");
    for (k, expected) in golden["knn"].as_object().unwrap() {
        let got = knn_accuracy(&distances, &labels, k.parse().unwrap()).unwrap();
        assert!((got - expected.as_f64().unwrap()).abs() < 1e-12, "{k} neighbors: {got} for {expected}");
    }
}
