"""Golden numbers for audits: scipy.stats.spearmanr with its p, contingency.association (Cramer's V), chi2_contingency and f_oneway (eta
squared), false_discovery_control, statsmodels' Holm, and permutation_test through all pairings. Writes audit.json beside this file."""
import json, os
import numpy as np, scipy, statsmodels
from scipy import stats
from scipy.stats.contingency import association
from statsmodels.stats.multitest import multipletests

rng = np.random.default_rng(20261126)
out = {"versions": {"numpy": np.__version__, "scipy": scipy.__version__, "statsmodels": statsmodels.__version__}}


def table(a, b):
    return stats.contingency.crosstab(a, b)[1]


def eta_squared(groups, values):
    total = ((values - values.mean()) ** 2).sum()
    within = sum(((values[groups == g] - values[groups == g].mean()) ** 2).sum() for g in np.unique(groups))
    return 1 - within / total


out["spearman"] = []
for n, slope, whole in [(12, 0.0, False), (40, 0.05, True), (25, -0.2, True), (200, 0.004, False), (5, 3.0, False)]:
    a = np.arange(n, dtype=float)
    b = rng.standard_normal(n) + slope * a
    b = np.round(b) if whole else b
    r = stats.spearmanr(a, b)
    out["spearman"].append({"a": a.tolist(), "b": b.tolist(), "rho": float(r.statistic), "p": float(r.pvalue)})

out["association"] = []
for n, n_a, n_b, tie in [(30, 2, 3, 0.3), (90, 4, 4, 0.0), (60, 3, 2, 0.8)]:
    a = rng.integers(0, n_a, n)
    b = np.where(rng.random(n) < tie, a % n_b, rng.integers(0, n_b, n))
    x = rng.standard_normal(n) + tie * a
    groups = [x[a == g] for g in np.unique(a)]
    out["association"].append({"a": a.tolist(), "b": b.tolist(), "x": x.tolist(), "v": float(association(table(a, b), method="cramer")),
        "v_p": float(stats.chi2_contingency(table(a, b), correction=False).pvalue), "eta": float(eta_squared(a, x)),
        "eta_p": float(stats.f_oneway(*groups).pvalue)})

out["permuted"] = []
for a, b in [([0, 0, 0, 1, 1, 1, 1, 0], [0, 0, 1, 1, 1, 1, 0, 0]), ([0, 1, 2, 0, 1, 2, 0, 1], [0, 1, 1, 0, 1, 1, 1, 0])]:
    a, b = np.array(a), np.array(b)
    x = (rng.standard_normal(8) + a).round(3)
    exact = lambda data, statistic: float(stats.permutation_test((data,), statistic, permutation_type="pairings", alternative="greater",
                                                                 n_resamples=np.inf, vectorized=False).pvalue)
    out["permuted"].append({"a": a.tolist(), "b": b.tolist(), "x": x.tolist(),
        "v_p": exact(b, lambda moved: association(table(a, moved), method="cramer")),
        "eta_p": exact(x, lambda moved: eta_squared(a, moved))})

p = rng.random(15) ** 3
out["p"] = {"p": p.tolist(), "bh": stats.false_discovery_control(p).tolist(), "holm": multipletests(p, method="holm")[1].tolist()}

# Pre and post rates of six trials, for the change at the aligning event.
before, after = rng.poisson(6, 6).astype(float), rng.poisson(9, 6).astype(float)
out["paired"] = {"before": before.tolist(), "after": after.tolist(), "t": float(stats.ttest_rel(after, before).statistic)}

path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "audit.json")
json.dump(out, open(path, "w"))
print(os.path.getsize(path), out["versions"])
