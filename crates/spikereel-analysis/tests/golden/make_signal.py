"""Golden numbers for filters, angles, permutation and bootstrap: scipy.signal.butter and filtfilt, scipy.stats.circmean, circstd, wilcoxon
and bootstrap (BCa), scikit-learn's r2_score, a NumPy sign-flip test that goes through all patterns. Writes signal.json beside this file."""
import itertools, json, os
import numpy as np, scipy, sklearn
from scipy import signal, stats
from sklearn.metrics import r2_score

rng = np.random.default_rng(20261125)
out = {"versions": {"numpy": np.__version__, "scipy": scipy.__version__, "scikit-learn": sklearn.__version__}}

x = np.cumsum(rng.standard_normal(45)).round(3)
out["x"] = x.tolist()
out["filters"] = []
for order, kind, cutoff, fs in [(4, "low", [2.0], 10.0), (4, "high", [2.0], 10.0), (4, "band", [1.0, 3.0], 10.0), (1, "low", [0.7], 10.0),
                                (3, "high", [10.0], 100.0), (2, "band", [2.0, 10.0], 45.0), (5, "low", [4.9], 10.0)]:
    b, a = signal.butter(order, cutoff if kind == "band" else cutoff[0], kind, fs=fs)
    out["filters"].append({"order": order, "kind": kind, "cutoff": cutoff, "fs": fs, "b": b.tolist(), "a": a.tolist(),
                           "filtered": signal.filtfilt(b, a, x).tolist()})

truth, predicted = rng.standard_normal(30).round(3), rng.standard_normal(30).round(3)
near = (truth + 0.3 * predicted).round(3)
out["r2"] = {"truth": truth.tolist(), "predicted": predicted.tolist(), "near": near.tolist(),
             "of_predicted": r2_score(truth, predicted), "of_near": r2_score(truth, near)}

out["angles"] = []
for angles in [rng.uniform(-180, 180, 25), rng.normal(170, 30, 40), rng.normal(-30, 3, 12)]:
    angles = angles.round(2)
    rad = np.deg2rad(angles)
    n, R = len(rad), float(np.abs(np.exp(1j * rad).sum()))
    out["angles"].append({"angles": angles.tolist(), "mean": float(stats.circmean(angles, high=180, low=-180)),
        "sd": float(np.rad2deg(stats.circstd(rad))), "length": R / n, "z": R * R / n,
        "rayleigh": float(np.exp(np.sqrt(1 + 4 * n + 4 * (n * n - R * R)) - (1 + 2 * n)))})

out["wilcoxon"] = []
for n, shift in [(6, 0.3), (13, 0.5), (40, 0.2), (9, -0.8)]:
    d = rng.standard_normal(n) + shift
    out["wilcoxon"].append({"d": d.tolist(), "p": float(stats.wilcoxon(d, method="exact").pvalue)})

# --- sign flips, all 2^n of them
D = (rng.standard_normal((9, 3)) + [0.9, 0.0, 0.4]).round(3)
T = lambda d: d.mean(0) / (d.std(0, ddof=1) / np.sqrt(len(d)))
own = T(D)
all_t = np.array([T(D * np.array(s)[:, None]) for s in itertools.product([1, -1], repeat=len(D))])
slack = np.abs(own) * (1 - 1e-12)
out["sign_flip"] = {"d": D.tolist(), "t": own.tolist(), "p": (np.abs(all_t) >= slack).mean(0).tolist(),
                    "p_family": (np.abs(all_t).max(1)[:, None] >= slack).mean(0).tolist()}

# --- BCa with the replicates that scipy drew
def dz(d, axis=-1):
    return d.mean(axis=axis) / d.std(axis=axis, ddof=1)
def d_independent(a, b, axis=-1):
    n, m = a.shape[axis], b.shape[axis]
    pooled = ((n - 1) * a.var(axis=axis, ddof=1) + (m - 1) * b.var(axis=axis, ddof=1)) / (n + m - 2)
    return (a.mean(axis=axis) - b.mean(axis=axis)) / np.sqrt(pooled)
out["bca"] = []
for samples, statistic in [((rng.gamma(2, 1, 24) - 1,), dz), ((rng.gamma(2, 1, 20), rng.standard_normal(26)), d_independent)]:
    result = stats.bootstrap(samples, statistic, n_resamples=600, method="BCa", rng=rng, vectorized=True)
    percentile = stats.bootstrap(samples, statistic, n_resamples=0, bootstrap_result=result, method="percentile", vectorized=True)
    left_out = [[float(statistic(*[np.delete(s, i) if k == which else s for k, s in enumerate(samples)])) for i in range(len(samples[which]))]
                for which in range(len(samples))]
    out["bca"].append({"samples": [s.tolist() for s in samples], "estimate": float(statistic(*samples)), "left_out": left_out,
        "replicates": result.bootstrap_distribution.tolist(),
        "bca": [float(result.confidence_interval.low), float(result.confidence_interval.high)],
        "percentile": [float(percentile.confidence_interval.low), float(percentile.confidence_interval.high)]})
path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "signal.json")
json.dump(out, open(path, "w"))
print(os.path.getsize(path), out["versions"])
