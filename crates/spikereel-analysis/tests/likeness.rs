//! Similarity and embeddings on a hand-made recording: what was planted separates, what was not does not.

mod toy;

use ndarray::{Array2, Array5, ArrayView3};
use spikereel_analysis::embed::TsneConfig;
use spikereel_analysis::stats::Estimate;
use spikereel_analysis::study::{
    EmbeddedSpace, Embedding, EmbeddingOptions, SeparationOptions, SimilarityOptions, SpaceKind, embedding_study,
    similarity,
};
use spikereel_data::{Decoder, Result, WithLatents};

fn options(seed: u64) -> SimilarityOptions {
    SimilarityOptions { n_draws: 3, n_bootstrap: 200, n_permutations: 199, seed }
}

#[test]
fn regions_that_carry_a_feature_are_more_alike_within_conditions_and_the_others_are_not() {
    let fold = toy::fold(&toy::dataset(1, 9, 1.0), 0);
    let found = similarity(&fold, &options(1)).unwrap();
    for region in &found.regions {
        let difference = region.difference.unwrap();
        println!("{} {difference:?} {:?} {:?}", region.region, region.p_holm, region.p_permutation);
        let is_found = region.p_holm.unwrap() < 0.05 && region.p_permutation.unwrap() < 0.05;
        assert_eq!(is_found, region.region != "N", "{}", region.region);
        assert_eq!((region.within.len(), region.cross_pairs.len()), (18, 18 * 17 / 2));
        assert_eq!(region.cross_dataset.len(), 18 * 3);
        let across = region.cross_dataset_difference.unwrap();
        assert!(across.excludes(0.0) || region.region == "N", "{}: {across:?}", region.region);
    }
}

#[test]
fn means_over_pairs_are_what_a_loop_over_pairs_gives() {
    let dataset = toy::dataset(2, 3, 1.0);
    let fold = toy::fold(&dataset, 0);
    let found = similarity(&fold, &options(2)).unwrap();
    let sites = dataset.sites_of_region(1);
    let block = |trial: usize| -> Vec<f64> {
        let mut all = vec![0.0; dataset.n_bins() * dataset.n_sites()];
        fold.fill_spikes(trial, &mut all);
        all.chunks_exact(dataset.n_sites()).flat_map(|bin| sites.iter().map(|&site| f64::from(bin[site]))).collect()
    };
    let members = |condition: usize| (0..dataset.n_trials()).filter(move |trial| trial % 18 == condition);
    let r = |a: usize, b: usize| spikereel_analysis::metrics::pearson(&block(a), &block(b)).unwrap();
    let mean = |values: Vec<f64>| values.iter().sum::<f64>() / values.len() as f64;
    let within = mean(members(4).flat_map(|a| members(4).filter(move |&b| b > a).map(move |b| r(a, b))).collect());
    let cross = mean(
        (0..18)
            .filter(|&c| c != 4)
            .flat_map(|c| members(4).flat_map(move |a| members(c).map(move |b| r(a, b))))
            .collect(),
    );
    assert!((found.regions[1].within[4] - within).abs() < 1e-6, "{} for {within}", found.regions[1].within[4]);
    assert!((found.regions[1].cross[4] - cross).abs() < 1e-6, "{} for {cross}", found.regions[1].cross[4]);
}

#[test]
fn without_tuning_the_permutation_finds_no_more_than_its_level() {
    let mut n_found = [0; 4];
    for seed in 0..50 {
        let found = similarity(&toy::fold(&toy::dataset(seed, 6, 0.0), 0), &options(seed)).unwrap();
        for region in &found.regions {
            let excludes = |estimate: Option<Estimate>| estimate.unwrap().excludes(0.0);
            n_found[0] += usize::from(region.p_permutation.unwrap() <= 0.05);
            n_found[1] += usize::from(region.p.unwrap() <= 0.05);
            n_found[2] += usize::from(excludes(region.difference));
            n_found[3] += usize::from(excludes(region.cross_dataset_difference));
        }
    }
    // The permutation alone is held to its level; the others take conditions for independent and are printed beside it.
    println!("permutation, Wilcoxon, interval, interval of train and test: {n_found:?} of 200");
    assert!(n_found[0] <= 20, "{n_found:?} of 200");
}

/// Latents that are the sites of region A: the cue and nothing else.
struct Selective;

impl Decoder for Selective {
    fn name(&self) -> &str {
        "selective"
    }

    fn predict(&self, spikes: ArrayView3<'_, f32>) -> Result<Array5<f32>> {
        Ok(Array5::zeros((spikes.dim().0, 1, 1, 1, 3)))
    }
}

impl WithLatents for Selective {
    fn latents(&self, spikes: ArrayView3<'_, f32>) -> Result<Array2<f32>> {
        Ok(Array2::from_shape_fn((spikes.dim().0, 6), |(trial, site)| {
            (0..3).map(|bin| spikes[(trial, bin, site)]).sum()
        }))
    }
}

fn embedded() -> Embedding {
    let fold = toy::fold(&toy::dataset(3, 18, 1.0), 0);
    let options = EmbeddingOptions {
        n_samples: 90,
        tsne: TsneConfig { n_iterations: 400, ..TsneConfig::default() },
        separation: SeparationOptions { n_shuffles: 99, n_bootstrap: 200, seed: 1, ..SeparationOptions::default() },
        ..EmbeddingOptions::default()
    };
    embedding_study(&fold, Some(&Selective), &options).unwrap()
}

#[test]
fn planted_labels_separate_where_they_were_planted() {
    let found = embedded();
    assert_eq!(found.trials.len(), 90);
    let space = |kind: SpaceKind| found.spaces.iter().find(|space| space.kind == kind).unwrap();
    let separation = |space: &EmbeddedSpace, name: &str| {
        let at = space.labelings.iter().position(|labeling| labeling.name == name).unwrap();
        space.separations[at].clone().unwrap()
    };
    let (latents, flat) = (space(SpaceKind::Latents), space(SpaceKind::FlatSpikes));
    let cue = separation(latents, "cue");
    assert!(cue.knn.value > 0.9 && cue.knn.p <= 0.01 && cue.silhouette.p <= 0.01, "{cue:?}");
    for name in ["color", "direction"] {
        let other = separation(latents, name);
        assert!(other.knn.value < other.knn.null_95 + 0.1, "{name}: {:?}", other.knn);
        assert!(separation(flat, name).knn.p <= 0.01, "{name}");
    }
    let nothing = separation(space(SpaceKind::RegionMeanSpikes("N".into())), "cue");
    assert!(nothing.knn.value < nothing.knn.null_95 + 0.1, "{:?}", nothing.knn);
    let gain = found.latent_gains.iter().find(|gain| gain.labeling == "color").unwrap();
    assert!(gain.knn.value < 0.0 && gain.knn.excludes(0.0), "{gain:?}");
    // The toy's activity is the same in all bins, so phases of a trial do not differ.
    let phase = separation(space(SpaceKind::Phases), "phase");
    assert!(phase.knn.p > 0.01, "{:?}", phase.knn);
    assert!(found.spaces.iter().any(|space| space.kind == SpaceKind::RegionTimeCourses));
}

#[test]
fn one_thread_and_three_give_the_same_embedding_and_the_same_similarity() {
    let on = |n: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n).build().unwrap();
        let fold = toy::fold(&toy::dataset(4, 6, 1.0), 0);
        pool.install(|| (embedded(), similarity(&fold, &options(4)).unwrap()))
    };
    assert_eq!(on(1), on(3));
}
