"""Golden counts by numpy.histogram and golden standardisation by scikit-learn's StandardScaler.

Run beside this file: python binning.py. numpy closes the right edge of its last bin, so each window is counted with a third,
far edge behind it, which makes the window itself half-open.
"""
import json

import numpy as np
import sklearn
from sklearn.preprocessing import StandardScaler

rng = np.random.default_rng(7)
n_sites, n_trials = 3, 4
align = np.sort(rng.uniform(2.0, 38.0, n_trials)).round(4)
times = [np.sort(rng.uniform(0.0, 42.0, n)).round(4) for n in (900, 40, 0)]


def count(start, width, step, n_bins):
    out = np.zeros((n_trials, n_bins, n_sites), int)
    for t, zero in enumerate(align):
        for b in range(n_bins):
            left = start + b * step
            for s, spikes in enumerate(times):
                out[t, b, s] = np.histogram(spikes - zero, [left, left + width, 1e9])[0][0]
    return {"start_secs": start, "width_secs": width, "step_secs": step, "n_bins": n_bins, "counts": out.ravel().tolist()}


grids = [count(-0.5, 0.1, 0.1, 20), count(-1.5, 0.1, 0.1, 45), count(0.0, 0.25, 0.05, 12), count(-0.2, 0.03, 0.1, 7)]

values = rng.poisson(4.0, (9, 5, 4)).astype(np.float32)
values[:, :, 2] = 3.0  # a site without variance
train = [0, 1, 2, 4, 5, 7]
fit = values[train]
scaled = {
    "global": StandardScaler().fit(fit.reshape(-1, 1)).transform(values.reshape(-1, 1)),
    "per_site": StandardScaler().fit(fit.reshape(-1, 4)).transform(values.reshape(-1, 4)),
    "per_site_bin": StandardScaler().fit(fit.reshape(6, -1)).transform(values.reshape(9, -1)),
}
json.dump(
    {
        "versions": {"numpy": np.__version__, "scikit-learn": sklearn.__version__},
        "align_secs": align.tolist(),
        "times_secs": [t.tolist() for t in times],
        "grids": grids,
        "standardise": {
            "shape": list(values.shape),
            "values": values.ravel().tolist(),
            "train": train,
            **{k: [round(float(x), 9) for x in v.ravel()] for k, v in scaled.items()},
        },
    },
    open("binning.json", "w"),
)
