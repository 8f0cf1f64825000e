//! UMAP against umap-learn; `golden/make_umap.py` makes the file.

use ndarray::Array2;
use serde_json::Value;
use spikereel_analysis::embed::umap::{curve, fuzzy_graph};
use spikereel_analysis::embed::{Distances, UmapConfig, knn_accuracy, umap};

const K: usize = 15;

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

fn golden() -> Value {
    serde_json::from_str(include_str!("golden/umap.json")).unwrap()
}

fn samples() -> (Array2<f64>, Vec<usize>) {
    let golden: Value = serde_json::from_str(include_str!("golden/embed.json")).unwrap();
    let (values, width) = (numbers(&golden["x"]), golden["d"].as_u64().unwrap() as usize);
    let labels = numbers(&golden["label"]).iter().map(|&label| label as usize).collect();
    (Array2::from_shape_vec((values.len() / width, width), values).unwrap(), labels)
}

#[test]
fn the_graph_of_neighbors_is_umap_learns() {
    let (rows, _) = samples();
    let graph = fuzzy_graph(&Distances::new(rows.view()).unwrap(), K).unwrap();
    let n = rows.nrows();
    let mut expected = vec![0.0; n * n];
    for entry in golden()["graph"].as_array().unwrap() {
        let entry = numbers(entry);
        let (one, other) = (entry[0] as usize, entry[1] as usize);
        (expected[one * n + other], expected[other * n + one]) = (entry[2], entry[2]);
    }
    let off = graph.iter().zip(&expected).map(|(got, expected)| (got - expected).abs()).fold(0.0, f64::max);
    // Theirs is in f32, and the search for a width ends within 1e-5 of its goal.
    assert!(off < 2e-5, "off by {off}");
}

#[test]
fn the_curve_is_umap_learns() {
    for case in golden()["curve"].as_array().unwrap() {
        let case = numbers(case);
        let (a, b) = curve(case[0], case[1]).unwrap();
        assert!((a / case[2] - 1.0).abs() < 1e-5 && (b / case[3] - 1.0).abs() < 1e-5, "{a} {b} for {case:?}");
    }
}

/// How far neighbors in the plane are neighbors in the space: scikit-learn's `trustworthiness`.
fn trustworthiness(space: &Distances, plane: &Distances) -> f64 {
    let n = space.n_samples();
    let order = |distances: &Distances, sample: usize| {
        let from = distances.squared_from(sample);
        let mut others: Vec<usize> = (0..n).filter(|&other| other != sample).collect();
        others.sort_by(|&a, &b| from[a].total_cmp(&from[b]));
        others
    };
    let penalty = |sample: usize| -> usize {
        let mut rank = vec![0; n];
        order(space, sample).into_iter().enumerate().for_each(|(at, other)| rank[other] = at + 1);
        order(plane, sample).iter().take(K).map(|&other| rank[other].saturating_sub(K)).sum()
    };
    let sum: usize = (0..n).map(penalty).sum();
    1.0 - 2.0 * sum as f64 / (n * K * (2 * n - 3 * K - 1)) as f64
}

#[test]
fn neighborhoods_are_kept_as_well_as_umap_learn_keeps_them() {
    let (rows, labels) = samples();
    let space = Distances::new(rows.view()).unwrap();
    let (mut trust, mut accuracy) = (Vec::new(), Vec::new());
    for seed in 0..8 {
        let plane = umap(rows.view(), &UmapConfig::default(), seed).unwrap();
        let plane = Distances::new(plane.view()).unwrap();
        trust.push(trustworthiness(&space, &plane));
        accuracy.push(knn_accuracy(&plane, &labels, K).unwrap());
    }
    let golden = golden();
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    for (name, got, bound) in [("trustworthiness", &trust, 0.01), ("knn", &accuracy, 0.03)] {
        let expected = mean(&numbers(&golden[name]));
        println!("{name}: {got:.4?}, mean {:.4} for {expected:.4}", mean(got));
        assert!((mean(got) - expected).abs() < bound, "{name}: {got:?} for {expected}");
    }
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let (rows, _) = samples();
    let config = UmapConfig { n_epochs: 50, ..UmapConfig::default() };
    let run = |n| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n).build().unwrap();
        pool.install(|| umap(rows.view(), &config, 3).unwrap())
    };
    assert_eq!(run(1), run(3));
}
