//! Embeddings of spikes and of a decoder's latents, and how well cue, stimulus, response, phase and region separate in them.
//!
//! All spaces hold the same trials, drawn from one part of the fold in equal shares of its conditions, so that latents and spikes can be
//! compared. Separation is measured in the space itself (primary) and in the plane of t-SNE or UMAP (what a reader sees).

use super::embedding_labels::labelings;
use super::separation::{Separation, SeparationOptions, separation};
use crate::embed::{Distances, Plane, PlaneMethod, TsneConfig, UmapConfig, pca};
use crate::stats::{Estimate, Resampling};
use ndarray::{Array2, Array3};
use serde::{Deserialize, Serialize};
use spikereel_data::rng::{permutation, stream};
use spikereel_data::{DataError, Fold, Part, Phase, Result, WithLatents};

/// Trials of the smallest embedding.
const MIN_SAMPLES: usize = 8;

/// What is embedded and how.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EmbeddingOptions {
    /// Trials come from this part.
    pub part: Part,
    /// Samples at most in a space.
    pub n_samples: usize,
    /// The plane that is drawn.
    pub plane: PlaneMethod,
    /// t-SNE; its perplexity is lowered to a third of the samples where these are few.
    pub tsne: TsneConfig,
    /// UMAP; neighbors are at most half of the samples.
    pub umap: UmapConfig,
    /// Neighbors, shuffles, bootstrap, seed.
    pub separation: SeparationOptions,
}

impl Default for EmbeddingOptions {
    fn default() -> Self {
        Self {
            part: Part::Test,
            n_samples: 512,
            plane: PlaneMethod::Tsne,
            tsne: TsneConfig::default(),
            umap: UmapConfig::default(),
            separation: SeparationOptions::default(),
        }
    }
}

/// Labels of the samples of a space.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Labeling {
    /// What they are, such as `cue`.
    pub name: String,
    /// Names of the labels.
    pub levels: Vec<String>,
    /// One index into these a sample.
    pub label_of_sample: Vec<usize>,
}

/// What a sample of a space is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", content = "region")]
pub enum SpaceKind {
    /// A trial's time course, mean over all sites.
    MeanSpikes,
    /// A trial's time course, mean over the sites of a region.
    RegionMeanSpikes(String),
    /// A trial's whole block `[bin, site]`.
    FlatSpikes,
    /// A trial's latents in the decoder.
    Latents,
    /// A trial's phase: the mean of each site over its first bins, equally many in each phase.
    Phases,
    /// A condition's time course in a region, mean over trials and sites, equally many drawn from each region.
    RegionTimeCourses,
}

impl SpaceKind {
    /// In words.
    pub fn describe(&self) -> String {
        match self {
            Self::MeanSpikes => "spikes, mean over all sites".into(),
            Self::RegionMeanSpikes(region) => format!("spikes, mean over sites of {region}"),
            Self::FlatSpikes => "spikes, every bin and site".into(),
            Self::Latents => "latents of the decoder".into(),
            Self::Phases => "phases of trials, mean over equally many bins".into(),
            Self::RegionTimeCourses => "time courses of conditions by region, equally many sites".into(),
        }
    }
}

/// One embedded space.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EmbeddedSpace {
    /// What its samples are.
    pub kind: SpaceKind,
    /// Numbers a sample has.
    pub n_dimensions: usize,
    /// First two principal components of each sample.
    pub pca: Vec<[f64; 2]>,
    /// Share of variance along these.
    pub explained_variance_ratio: [f64; 2],
    /// How the plane was made.
    pub plane_method: PlaneMethod,
    /// Position in the plane of each sample.
    pub plane: Vec<[f64; 2]>,
    /// Kullback-Leibler divergence that t-SNE reached; none for UMAP.
    pub plane_divergence: Option<f64>,
    /// Size of a neighborhood: perplexity of t-SNE, neighbors of UMAP.
    pub n_near: f64,
    /// Labels.
    pub labelings: Vec<Labeling>,
    /// For each labeling, separation in the space itself; none where it is not defined.
    pub separations: Vec<Option<Separation>>,
    /// The same in the plane.
    pub separations_plane: Vec<Option<Separation>>,
}

/// Latents against flattened spikes, on the same trials.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LatentGain {
    /// Name of the labeling.
    pub labeling: String,
    /// Share of trials named by neighbors, latents minus spikes; trials resampled together.
    pub knn: Estimate,
}

/// All spaces.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Embedding {
    /// The trials of the spaces that hold trials.
    pub trials: Vec<usize>,
    /// The spaces.
    pub spaces: Vec<EmbeddedSpace>,
    /// Gains of latents over flattened spikes.
    pub latent_gains: Vec<LatentGain>,
}

/// Embeds trials of a fold, and the latents of `decoder` where there is one.
///
/// # Errors
/// Fewer than eight trials in the part; what the decoder refuses.
pub fn embedding_study(
    fold: &Fold,
    decoder: Option<&dyn WithLatents>,
    options: &EmbeddingOptions,
) -> Result<Embedding> {
    let dataset = fold.dataset();
    let trials = draw_trials(fold, options.part, options.n_samples, options.separation.seed);
    if trials.len() < MIN_SAMPLES {
        return Err(DataError::new(
            "trials of an embedding",
            format!("{MIN_SAMPLES} at least"),
            trials.len().to_string(),
        ));
    }
    let spikes = fold.spikes(&trials);
    let of_trials = labelings(dataset, &trials);
    let each_alone: Vec<usize> = (0..trials.len()).collect();
    let all_sites: Vec<usize> = (0..dataset.n_sites()).collect();
    let mut spaces =
        vec![embed(SpaceKind::MeanSpikes, &mean_over_sites(&spikes, &all_sites), &of_trials, &each_alone, options)?];
    if dataset.regions().len() > 1 {
        for (region_idx, region) in dataset.regions().iter().enumerate() {
            let rows = mean_over_sites(&spikes, &dataset.sites_of_region(region_idx));
            spaces.push(embed(
                SpaceKind::RegionMeanSpikes(region.to_string()),
                &rows,
                &of_trials,
                &each_alone,
                options,
            )?);
        }
    }
    spaces.push(embed(SpaceKind::FlatSpikes, &flat(&spikes), &of_trials, &each_alone, options)?);
    if let Some(decoder) = decoder {
        let rows = decoder.latents(spikes.view())?.mapv(f64::from);
        spaces.push(embed(SpaceKind::Latents, &rows, &of_trials, &each_alone, options)?);
    }
    spaces.extend(phases(fold, &trials, &spikes, options)?);
    spaces.extend(region_time_courses(fold, options)?);
    let latent_gains = latent_gains(&spaces, options);
    Ok(Embedding { trials, spaces, latent_gains })
}

/// At most `n` trials of a part, in equal shares of its conditions, ascending.
fn draw_trials(fold: &Fold, part: Part, n: usize, seed: u64) -> Vec<usize> {
    let mut members = vec![Vec::new(); fold.dataset().conditions.len()];
    fold.trials(part).iter().for_each(|&trial| members[fold.condition_of(trial)].push(trial));
    let mut ranked: Vec<(usize, usize, usize)> = Vec::new(); // (rank in its condition, turn of the condition, trial)
    let turns = permutation(members.len(), &mut stream(seed, "embedding/conditions"));
    for (condition, members) in members.iter().enumerate() {
        let order = permutation(members.len(), &mut stream(seed, &format!("embedding/trials/condition{condition}")));
        ranked.extend(order.iter().enumerate().map(|(rank, &at)| (rank, turns[condition], members[at])));
    }
    ranked.sort_unstable();
    let mut trials: Vec<usize> = ranked.into_iter().take(n).map(|(_, _, trial)| trial).collect();
    trials.sort_unstable();
    trials
}

fn mean_over_sites(spikes: &Array3<f32>, sites: &[usize]) -> Array2<f64> {
    let (n_trials, n_bins, _) = spikes.dim();
    Array2::from_shape_fn((n_trials, n_bins), |(trial, bin)| {
        sites.iter().map(|&site| f64::from(spikes[(trial, bin, site)])).sum::<f64>() / sites.len() as f64
    })
}

fn flat(spikes: &Array3<f32>) -> Array2<f64> {
    let (n_trials, n_bins, n_sites) = spikes.dim();
    Array2::from_shape_fn((n_trials, n_bins * n_sites), |(trial, at)| {
        f64::from(spikes[(trial, at / n_sites, at % n_sites)])
    })
}

fn embed(
    kind: SpaceKind,
    rows: &Array2<f64>,
    labelings: &[Labeling],
    groups: &[usize],
    options: &EmbeddingOptions,
) -> Result<EmbeddedSpace> {
    let (n, n_dimensions) = rows.dim();
    let components = pca(rows.view(), 2.min(n).min(n_dimensions))?;
    let at = |sample: usize, component: usize| components.scores.get((sample, component)).copied().unwrap_or(0.0);
    let ratio = |component: usize| components.explained_variance_ratio.get(component).copied().unwrap_or(0.0);
    let seed = options.separation.seed;
    let Plane { positions, n_near, divergence } =
        Plane::of(rows.view(), options.plane, &options.tsne, &options.umap, seed)?;
    let (in_space, in_plane) = (Distances::new(rows.view())?, Distances::new(positions.view())?);
    let measure = |distances: &Distances, place: &str| -> Result<Vec<Option<Separation>>> {
        let of_labeling = |labeling: &Labeling| {
            let name = format!("embedding/{}/{place}/{}", kind.describe(), labeling.name);
            separation(distances, &labeling.label_of_sample, groups, &name, &options.separation)
        };
        labelings.iter().map(of_labeling).collect()
    };
    Ok(EmbeddedSpace {
        n_dimensions,
        pca: (0..n).map(|sample| [at(sample, 0), at(sample, 1)]).collect(),
        explained_variance_ratio: [ratio(0), ratio(1)],
        plane_method: options.plane,
        plane: (0..n).map(|sample| [positions[(sample, 0)], positions[(sample, 1)]]).collect(),
        plane_divergence: divergence,
        n_near,
        separations: measure(&in_space, "space")?,
        separations_plane: measure(&in_plane, options.plane.title())?,
        labelings: labelings.to_vec(),
        kind,
    })
}

/// One sample a trial and phase, the trial being the group. None where the recording has fewer than two phases that hold bins.
fn phases(
    fold: &Fold,
    trials: &[usize],
    spikes: &Array3<f32>,
    options: &EmbeddingOptions,
) -> Result<Option<EmbeddedSpace>> {
    let dataset = fold.dataset();
    let (timeline, bins) = (&dataset.timeline, &dataset.bins);
    if timeline.phases.is_empty() {
        return Ok(None);
    }
    // A bin belongs to the phase of the frame that its middle falls in.
    let phase_of_bin = |bin: usize| {
        let frame = (bins.left_secs(bin) + bins.width_secs / 2.0 - timeline.start_secs) * timeline.frame_rate_hz;
        if frame < 0.0 { None } else { timeline.phase(frame as usize) }
    };
    let mut bins_of: Vec<(Phase, Vec<usize>)> = [Phase::Fixation, Phase::Cue, Phase::Stimulus]
        .into_iter()
        .map(|phase| (phase, (0..bins.n_bins).filter(|&bin| phase_of_bin(bin) == Some(phase)).collect::<Vec<_>>()))
        .filter(|(_, bins)| !bins.is_empty())
        .collect();
    // Equally many bins each: a mean over more bins has less noise, and so would be everyone's nearest neighbor.
    let n_each = bins_of.iter().map(|(_, bins)| bins.len()).min().unwrap_or(0);
    bins_of.iter_mut().for_each(|(_, bins)| bins.truncate(n_each));
    let n_phases = bins_of.len();
    // As many samples as any other space has at most.
    let n_trials = trials.len().min(options.n_samples / n_phases.max(1));
    if n_phases < 2 || n_trials * n_phases < MIN_SAMPLES {
        return Ok(None);
    }
    let step = trials.len() as f64 / n_trials as f64;
    let rows = Array2::from_shape_fn((n_trials * n_phases, dataset.n_sites()), |(sample, site)| {
        let trial = ((sample / n_phases) as f64 * step) as usize;
        let bins = &bins_of[sample % n_phases].1;
        bins.iter().map(|&bin| f64::from(spikes[(trial, bin, site)])).sum::<f64>() / bins.len() as f64
    });
    let labels = Labeling {
        name: "phase".into(),
        levels: bins_of.iter().map(|(phase, _)| phase.to_string()).collect(),
        label_of_sample: (0..n_trials * n_phases).map(|sample| sample % n_phases).collect(),
    };
    let groups: Vec<usize> = (0..n_trials * n_phases).map(|sample| sample / n_phases).collect();
    embed(SpaceKind::Phases, &rows, &[labels], &groups, options).map(Some)
}

/// One sample a condition and region, the condition being the group. None with one region or with few conditions.
fn region_time_courses(fold: &Fold, options: &EmbeddingOptions) -> Result<Option<EmbeddedSpace>> {
    let dataset = fold.dataset();
    let (n_regions, n_bins, n_sites) = (dataset.regions().len(), dataset.n_bins(), dataset.n_sites());
    let mut members = vec![Vec::new(); dataset.conditions.len()];
    fold.trials(options.part).iter().for_each(|&trial| members[fold.condition_of(trial)].push(trial));
    members.retain(|members| !members.is_empty());
    members.truncate(options.n_samples / n_regions.max(1));
    if n_regions < 2 || members.len() < 2 || members.len() * n_regions < MIN_SAMPLES {
        return Ok(None);
    }
    // Equally many sites each, for the reason given at phases.
    let n_each = (0..n_regions).map(|region| dataset.sites_of_region(region).len()).min().unwrap_or(0);
    let mut region_of_drawn = vec![None; n_sites];
    for region in 0..n_regions {
        let sites = dataset.sites_of_region(region);
        let mut rng = stream(options.separation.seed, &format!("embedding/sites/region{region}"));
        permutation(sites.len(), &mut rng)
            .iter()
            .take(n_each)
            .for_each(|&at| region_of_drawn[sites[at]] = Some(region));
    }
    let mut rows = Array2::zeros((members.len() * n_regions, n_bins));
    let mut trial_values = vec![0.0; n_bins * n_sites];
    for (condition, members) in members.iter().enumerate() {
        for &trial in members {
            fold.fill_spikes(trial, &mut trial_values);
            for (at, &value) in trial_values.iter().enumerate() {
                let Some(region) = region_of_drawn[at % n_sites] else { continue };
                rows[(condition * n_regions + region, at / n_sites)] +=
                    f64::from(value) / (n_each * members.len()) as f64;
            }
        }
    }
    let labels = Labeling {
        name: "region".into(),
        levels: dataset.regions().iter().map(ToString::to_string).collect(),
        label_of_sample: (0..rows.nrows()).map(|sample| sample % n_regions).collect(),
    };
    let groups: Vec<usize> = (0..rows.nrows()).map(|sample| sample / n_regions).collect();
    embed(SpaceKind::RegionTimeCourses, &rows, &[labels], &groups, options).map(Some)
}

fn latent_gains(spaces: &[EmbeddedSpace], options: &EmbeddingOptions) -> Vec<LatentGain> {
    let find = |kind: SpaceKind| spaces.iter().find(|space| space.kind == kind);
    let (Some(flat), Some(latents)) = (find(SpaceKind::FlatSpikes), find(SpaceKind::Latents)) else {
        return Vec::new();
    };
    let gain = |at: usize, labeling: &Labeling| {
        let (own, from) = (latents.separations[at].as_ref()?, flat.separations[at].as_ref()?);
        let value = |hit: bool| f64::from(u8::from(hit));
        let differences: Vec<f64> =
            own.hits.iter().zip(&from.hits).map(|(&own, &from)| value(own) - value(from)).collect();
        let name = format!("embedding/gain/{}", labeling.name);
        let resampling =
            Resampling { n_replicates: options.separation.n_bootstrap, seed: options.separation.seed, name: &name };
        Some(LatentGain { labeling: labeling.name.clone(), knn: resampling.mean(&differences)? })
    };
    latents.labelings.iter().enumerate().filter_map(|(at, labeling)| gain(at, labeling)).collect()
}
