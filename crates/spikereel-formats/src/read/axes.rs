//! Axes of an array of counts in the order of the array; several may be axes of trials.

use super::spikes::axis_order;
use spikereel_data::{DataError, Result};

const AXES: [&str; 3] = ["trial", "bin", "site"];
/// Before the name of one of several axes of trials.
const TRIAL: &str = "trial:";

/// What each axis of an array of counts is.
#[derive(Debug)]
pub(crate) struct CountAxes {
    /// Positions of the axes of trials, in the array's order, and their names (empty where there is one).
    trial: Vec<(usize, String)>,
    /// Position of the axis of bins; none where each trial has one bin.
    bin: Option<usize>,
    /// Position of the axis of sites.
    pub(crate) site: usize,
}

/// The trials of a recording: one axis, or all combinations of several, the last fastest.
#[derive(Debug, Clone)]
pub(crate) struct TrialAxes {
    /// Name and length of each axis; the name is empty where there is one.
    axes: Vec<(String, usize)>,
}

impl CountAxes {
    /// From `spikes.axes`: `trial` or several `trial:NAME`, `site`, and `bin` unless trials have one bin.
    pub(crate) fn of(given: &[String]) -> Result<Self> {
        let at = |wanted: &str| given.iter().position(|name| name == wanted);
        let named = |(at, name): (usize, &String)| Some((at, name.strip_prefix(TRIAL)?.trim().to_string()));
        let mut trial: Vec<(usize, String)> = given.iter().enumerate().filter_map(named).collect();
        let mut names: Vec<&str> = trial.iter().map(|(_, name)| name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        let are_named = names.len() == trial.len() && !names.contains(&"");
        if trial.is_empty() {
            trial.extend(at(AXES[0]).map(|at| (at, String::new())));
        }
        let (bin, site) = (at(AXES[1]), at(AXES[2]));
        let n_axes = trial.len() + usize::from(bin.is_some()) + 1;
        match site {
            Some(site) if !trial.is_empty() && n_axes == given.len() && are_named => Ok(Self { trial, bin, site }),
            // The message of the usual case.
            _ => {
                axis_order("spikes.axes", &AXES, given).and_then(|_| Err(DataError::new("spikes.axes", "axes", "none")))
            }
        }
    }

    /// Number of axes.
    pub(crate) fn n_axes(&self) -> usize {
        self.trial.len() + usize::from(self.bin.is_some()) + 1
    }

    /// The order in which axes are taken: trials, bins, sites.
    pub(crate) fn order(&self) -> Vec<usize> {
        self.trial.iter().map(|(at, _)| *at).chain(self.bin).chain([self.site]).collect()
    }

    /// Trials, bins and sites of an array of this shape.
    pub(crate) fn shape(&self, shape: &[usize]) -> Result<([usize; 3], TrialAxes)> {
        let axes: Vec<(String, usize)> = self.trial.iter().map(|(at, name)| (name.clone(), shape[*at])).collect();
        let n_trials = axes.iter().try_fold(1_usize, |n, (_, len)| n.checked_mul(*len));
        let n_trials = n_trials.ok_or_else(|| DataError::new("spikes, trial axes", "fewer trials", "too many"))?;
        let trials =
            if axes.len() == 1 && axes[0].0.is_empty() { TrialAxes::one(n_trials) } else { TrialAxes { axes } };
        Ok(([n_trials, self.bin.map_or(1, |at| shape[at]), shape[self.site]], trials))
    }
}

impl TrialAxes {
    /// A single axis.
    pub(crate) fn one(n_trials: usize) -> Self {
        Self { axes: vec![(String::new(), n_trials)] }
    }

    /// Trials in all.
    pub(crate) fn n_trials(&self) -> usize {
        self.axes.iter().map(|(_, len)| len).product()
    }

    /// Lengths of the axes.
    pub(crate) fn lens(&self) -> Vec<usize> {
        self.axes.iter().map(|(_, len)| *len).collect()
    }

    /// Place along a named axis, from 0, of each trial.
    pub(crate) fn column(&self, name: &str) -> Option<Vec<f64>> {
        let at = self.axes.iter().position(|(axis, _)| axis == name && !name.is_empty())?;
        let (len, step) = (self.axes[at].1, self.axes[at + 1..].iter().map(|(_, len)| len).product::<usize>());
        Some((0..self.n_trials()).map(|trial_idx| (trial_idx / step % len) as f64).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axes(names: &[&str]) -> Result<CountAxes> {
        CountAxes::of(&names.iter().map(|name| (*name).to_string()).collect::<Vec<_>>())
    }

    #[test]
    fn several_axes_of_trials_are_all_combinations() {
        let axes = axes(&["site", "trial:repeat", "trial:second"]).unwrap();
        let (shape, trials) = axes.shape(&[5, 2, 3]).unwrap();
        assert_eq!((shape, axes.order(), axes.n_axes()), ([6, 1, 5], vec![1, 2, 0], 3));
        assert_eq!(trials.column("repeat").unwrap(), [0.0, 0.0, 0.0, 1.0, 1.0, 1.0]);
        assert_eq!(trials.column("second").unwrap(), [0.0, 1.0, 2.0, 0.0, 1.0, 2.0]);
        assert!(trials.column("").is_none());
    }

    #[test]
    fn axes_that_do_not_fit_are_refused() {
        for wrong in [
            vec!["trial", "bin"],
            vec!["trial", "trial:a", "site"],
            vec!["trial:a", "trial:a", "site"],
            vec!["trial:", "site"],
            vec!["trial", "bin", "bin", "site"],
            vec!["trial", "site", "time"],
            vec![],
        ] {
            assert!(axes(&wrong).is_err(), "{wrong:?}");
        }
    }
}
