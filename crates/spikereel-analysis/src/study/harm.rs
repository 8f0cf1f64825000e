//! From decoded numbers to harms with their tests, corrected over regions.

use crate::metrics::pearson;
use crate::readout::Readout;
use crate::score::{ScoreKind, Summary};
use crate::stats::{BootstrapTest, HierarchicalBootstrap, cohens_d, cohens_dz, independent_t_test, paired_t_test};
use crate::study::masked_scores::{Decoded, RunScores, main_kinds};
use crate::study::masking::MaskingOptions;
use crate::study::masking_table::{Basis, Harm, PaperChange};
use spikereel_data::{DataError, Region, Result};

/// All that harms are made from.
pub(super) struct HarmInput<'a> {
    pub(super) scores: &'a [RunScores],
    pub(super) readouts: &'a [Box<dyn Readout>],
    pub(super) n_networks: usize,
    pub(super) n_conditions: usize,
    /// Distinct trials, ascending.
    pub(super) trials: &'a [usize],
    pub(super) options: &'a MaskingOptions,
    pub(super) regions: &'a [Region],
}

/// `[network][condition][entry]` of (unmasked, masked), where both are defined.
type Pairs = Vec<Vec<Vec<(f64, f64)>>>;

/// For each region the primary harm of a readout and the harms on its other bases.
pub(super) fn harms(input: &HarmInput<'_>, readout: usize) -> Result<Vec<(Harm, Vec<Harm>)>> {
    let mut bases = bases(input, readout);
    if let Some(at) = bases.iter().position(|&basis| Some(basis) == input.options.primary) {
        let chosen = bases.remove(at);
        bases.insert(0, chosen);
    }
    let mut by_basis: Vec<Vec<Harm>> = Vec::new();
    for basis in bases {
        let harms: Option<Vec<Harm>> =
            (0..input.regions.len()).map(|region| harm(input, readout, region, basis)).collect();
        let Some(mut harms) = harms else { continue };
        let p_values: Vec<f64> = harms.iter().map(|harm| harm.test.p).collect();
        let corrected = input.options.correction.correct(&p_values);
        harms.iter_mut().zip(corrected).for_each(|(harm, p)| harm.p_corrected = p);
        by_basis.push(harms);
    }
    let mut by_basis = by_basis.into_iter();
    let Some(primary) = by_basis.next() else {
        let name = input.readouts[readout].name();
        return Err(DataError::new(format!("scores of `{name}`"), "at least one that is defined", "none")
            .hint("the feature's factor, frames or truth is missing in this dataset; leave the readout out"));
    };
    let others: Vec<Vec<Harm>> = by_basis.collect();
    let of_region = |(region, own): (usize, Harm)| (own, others.iter().map(|harms| harms[region].clone()).collect());
    Ok(primary.into_iter().enumerate().map(of_region).collect())
}

/// Bases that a readout has, the default primary first.
fn bases(input: &HarmInput<'_>, readout: usize) -> Vec<Basis> {
    let mut bases = Vec::new();
    if input.readouts[readout].is_pooled() {
        bases.push(Basis::PooledPearson);
    }
    if input.scores.iter().all(|run| run.unmasked.correct[readout].is_some()) {
        bases.push(Basis::Accuracy);
    }
    bases.push(Basis::ConditionAverage);
    if input.scores.iter().all(|run| !run.unmasked.sample[readout].is_empty()) {
        bases.push(Basis::PerSample);
    }
    bases
}

fn harm(input: &HarmInput<'_>, readout: usize, region: usize, basis: Basis) -> Option<Harm> {
    let kind = match basis {
        Basis::Accuracy => ScoreKind::similarity("accuracy"),
        Basis::PooledPearson => ScoreKind::similarity("Pearson"),
        Basis::ConditionAverage | Basis::PerSample => main_kinds(input.readouts)[readout].clone(),
    };
    let bootstrap = HierarchicalBootstrap {
        n_replicates: input.options.n_replicates,
        seed: input.options.seed,
        name: format!("masking/{basis:?}/{}/{}", input.readouts[readout].name(), input.regions[region]),
    };
    if basis == Basis::PooledPearson {
        return pooled_harm(input, readout, region, kind, &bootstrap);
    }
    let pairs = pairs(input, readout, region, basis);
    let sign = kind.sign();
    let differences: Vec<Vec<Vec<f64>>> = map(&pairs, |(unmasked, masked)| sign * (unmasked - masked));
    let test = bootstrap.mean(&differences)?;
    let means = |pick: &dyn Fn(&(f64, f64)) -> f64| mean_of_conditions(&map(&pairs, |pair| pick(&pair)));
    let per_condition = per_condition(&differences, input.n_conditions);
    let defined: Vec<f64> = per_condition.iter().flatten().copied().collect();
    Some(Harm {
        basis,
        kind,
        unmasked: mean(&means(&|pair| pair.0)),
        masked: mean(&means(&|pair| pair.1)),
        harm: test.mean,
        per_network: mean_of_conditions(&differences),
        cohens_dz: cohens_dz(&defined),
        per_condition,
        p_corrected: test.p,
        test,
    })
}

/// Pearson over trials of each network, all its folds pooled; trials are drawn once for all networks.
fn pooled_harm(
    input: &HarmInput<'_>,
    readout: usize,
    region: usize,
    kind: ScoreKind,
    bootstrap: &HierarchicalBootstrap,
) -> Option<Harm> {
    // [draw][network][trial position] of (truth, unmasked, masked); NaN where a network did not decode a trial.
    let n_draws = input.scores.iter().map(|run| run.masked[region].readings.len()).max()?;
    let mut values = vec![vec![vec![[f64::NAN; 3]; input.trials.len()]; input.n_networks]; n_draws];
    for run in input.scores {
        for (at, trial) in run.trials.iter().enumerate() {
            let position = input.trials.binary_search(trial).ok()?;
            let unmasked = run.unmasked.readings[0][readout][at];
            for (values, masked) in values.iter_mut().zip(&run.masked[region].readings) {
                values[run.network_idx][position] = [run.truth[readout][at], unmasked, masked[readout][at]];
            }
        }
    }
    let of_draw = |values: &Vec<Vec<[f64; 3]>>, network: usize, units: &[usize], side: usize| {
        let drawn = units.iter().map(|&unit| values[network][unit]).filter(|value| value.iter().all(|v| v.is_finite()));
        let (truth, read): (Vec<f64>, Vec<f64>) = drawn.map(|value| (value[0], value[side])).unzip();
        // Without variation in what is read, nothing of the truth is in it.
        pearson(&truth, &truth).map(|_| pearson(&truth, &read).unwrap_or(0.0))
    };
    let correlation = |network: usize, units: &[usize], side: usize| -> Option<f64> {
        let draws: Option<Vec<f64>> = values.iter().map(|values| of_draw(values, network, units, side)).collect();
        draws.map(|draws| mean(&draws))
    };
    let all: Vec<usize> = (0..input.trials.len()).collect();
    let side = |side: usize| -> Option<Vec<f64>> {
        (0..input.n_networks).map(|network| correlation(network, &all, side)).collect()
    };
    let (unmasked, masked) = (side(1)?, side(2)?);
    let test: BootstrapTest = bootstrap.pooled(input.n_networks, input.trials.len(), |network, units| {
        Some(correlation(network, units, 1)? - correlation(network, units, 2)?)
    })?;
    Some(Harm {
        basis: Basis::PooledPearson,
        kind,
        unmasked: mean(&unmasked),
        masked: mean(&masked),
        harm: test.mean,
        per_condition: Vec::new(),
        per_network: unmasked.iter().zip(&masked).map(|(a, b)| a - b).collect(),
        p_corrected: test.p,
        test,
        cohens_dz: None,
    })
}

fn pairs(input: &HarmInput<'_>, readout: usize, region: usize, basis: Basis) -> Pairs {
    let mut pairs: Pairs = vec![vec![Vec::new(); input.n_conditions]; input.n_networks];
    for run in input.scores {
        let (before, after) = (&run.unmasked, &run.masked[region]);
        let own = &mut pairs[run.network_idx];
        let values = |decoded: &Decoded| -> Vec<Option<f64>> {
            match basis {
                Basis::Accuracy => decoded.correct[readout].iter().flatten().map(|&share| Some(share)).collect(),
                Basis::PerSample => decoded.sample[readout].clone(),
                Basis::ConditionAverage | Basis::PooledPearson => decoded.condition[readout].clone(),
            }
        };
        for (at, both) in values(before).into_iter().zip(values(after)).enumerate() {
            let condition = if basis == Basis::ConditionAverage { at } else { run.condition_of_trial[at] };
            if let (Some(unmasked), Some(masked)) = both {
                own[condition].push((unmasked, masked));
            }
        }
    }
    pairs
}

/// The paper's measure for each region: change of condition averages, and its unpaired test beside the paired one.
pub(super) fn paper_change(input: &HarmInput<'_>, readout: usize) -> Vec<Option<PaperChange>> {
    let Some((measure, unit)) = input.readouts[readout].change_kind() else { return vec![None; input.regions.len()] };
    let mut changes: Vec<PaperChange> = (0..input.regions.len())
        .map(|region| {
            let mut of_condition: Vec<Vec<f64>> = vec![Vec::new(); input.n_conditions];
            for run in input.scores {
                for (kept, change) in of_condition.iter_mut().zip(&run.masked[region].change[readout]) {
                    kept.extend(change.iter());
                }
            }
            let per_condition: Vec<Option<f64>> =
                of_condition.iter().map(|values| (!values.is_empty()).then(|| mean(values))).collect();
            let pairs = pairs(input, readout, region, Basis::ConditionAverage);
            let side = |pick: &dyn Fn(&(f64, f64)) -> f64| -> Vec<f64> {
                per_condition_means(&map(&pairs, |pair| pick(&pair)), input.n_conditions)
            };
            let (unmasked, masked) = (side(&|pair| pair.0), side(&|pair| pair.1));
            PaperChange {
                measure: measure.clone(),
                unit: unit.clone(),
                change: Summary::of(&per_condition),
                per_condition,
                t_test: independent_t_test(&unmasked, &masked),
                p_corrected: None,
                cohens_d: cohens_d(&unmasked, &masked),
                paired_t_test: paired_t_test(&unmasked, &masked),
            }
        })
        .collect();
    let p_values: Vec<f64> = changes.iter().map(|change| change.t_test.map_or(1.0, |test| test.p)).collect();
    let corrected = input.options.correction.correct(&p_values);
    for (change, p) in changes.iter_mut().zip(corrected) {
        change.p_corrected = change.t_test.map(|_| p);
    }
    changes.into_iter().map(Some).collect()
}

fn per_condition_means(values: &[Vec<Vec<f64>>], n_conditions: usize) -> Vec<f64> {
    per_condition(values, n_conditions).into_iter().flatten().collect()
}

fn map<T: Copy, U>(values: &[Vec<Vec<T>>], change: impl Fn(T) -> U) -> Vec<Vec<Vec<U>>> {
    values
        .iter()
        .map(|conditions| {
            conditions.iter().map(|entries| entries.iter().map(|&entry| change(entry)).collect()).collect()
        })
        .collect()
}

/// Mean over conditions of means over entries, one a network.
fn mean_of_conditions(values: &[Vec<Vec<f64>>]) -> Vec<f64> {
    let of_network = |conditions: &Vec<Vec<f64>>| {
        mean(&conditions.iter().filter(|entries| !entries.is_empty()).map(|entries| mean(entries)).collect::<Vec<_>>())
    };
    values.iter().map(of_network).collect()
}

/// Mean over networks of means over entries, one a condition.
fn per_condition(values: &[Vec<Vec<f64>>], n_conditions: usize) -> Vec<Option<f64>> {
    let of_condition = |condition: usize| {
        let entries: Vec<f64> = values
            .iter()
            .map(|conditions| &conditions[condition])
            .filter(|entries| !entries.is_empty())
            .map(|entries| mean(entries))
            .collect();
        (!entries.is_empty()).then(|| mean(&entries))
    };
    (0..n_conditions).map(of_condition).collect()
}

fn mean(values: &[f64]) -> f64 {
    if values.is_empty() { 0.0 } else { values.iter().sum::<f64>() / values.len() as f64 }
}
