"""A small recording with its sidecars, counts and times of the same six trials, and a npy of its counts. Run beside this file: python recording.py."""
import numpy as np

counts = (np.arange(6 * 4 * 3) % 7).astype("u1").reshape(6, 4, 3)
trial, place, site = (axis.ravel() for axis in np.meshgrid(np.arange(6), np.arange(5), np.arange(3), indexing="ij"))
order = np.lexsort((place, trial, site))
arrays = {
    "counts": counts,
    "region": np.array(["V4", "V4", "MT"]),
    "contrast": np.array([0.0, 0.5, 1.0, 0.0, 0.5, 1.0]),
    "cue": np.array([1, 2, 1, 2, 1, 2], "i4"),
    "speed": np.linspace(0.1, 0.6, 6),
    "times": (2.0 * trial + 0.1 * place + 0.03 * site)[order],
    "site_of_spike": site[order].astype("i4"),
    "onset": 2.0 * np.arange(6) + 0.05,
    "movie": (np.arange(2 * 3 * 2 * 2 * 3) % 256).astype("u1").reshape(2, 3, 2, 2, 3),
    "clip": np.array([0, 1, 0, 1, 0, 1], "u2"),
}
np.savez_compressed("recording.npz", **arrays)
np.save("counts.npy", counts.astype("<f8"))
ABOUT = '[about]\nlicense = "CC0-1.0"\nremarks = ["made by recording.py, numpy %s"]\n' % np.__version__
SITES = '[sites]\nregion = "region"\n'
open("recording.toml", "w").write(
    'format = 1\nsession = "day 1"\n[spikes]\ncounts = "counts"\naxes = ["trial", "bin", "site"]\nbins = { start_secs = -0.1, width_secs = 0.1 }\n'
    + SITES + 'rename_regions = { MT = "V5" }\n[trials]\n'
    'factors = ["contrast", { name = "shape", array = "cue", levels = { 1 = "cross", 2 = "circle" } }]\ncovariates = ["speed"]\n'
    '[video]\narray = "movie"\naxes = ["trial", "frame", "height", "width", "rgb"]\nclip_of_trial = "clip"\n'
    '[timeline]\nframe_rate_hz = 10.0\nstart_secs = 0.0\nphases = [{ phase = "cue", n_frames = 1 }, { phase = "stimulus", n_frames = 2 }]\n' + ABOUT)
open("recording_times.toml", "w").write(
    'format = 1\nfiles = ["recording.npz"]\n[spikes]\ntimes = "times"\nsite_of_spike = "site_of_spike"\nalign = "onset"\n'
    + SITES + 'drop_regions = ["MT"]\n[trials]\nfactors = ["contrast"]\n[video]\ngenerator = "gabor"\n' + ABOUT)
