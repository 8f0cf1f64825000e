"""Golden numbers for spikereel-analysis: cv2 flow and gray, scikit-image's SSIM by its definition, the loss's SSIM by scipy
correlation, scipy and statsmodels tests, scikit-learn ridge and logistic regression. Writes golden.json beside this file."""
import json, os
import numpy as np, scipy, sklearn, statsmodels, cv2
from scipy import stats, signal, ndimage
from statsmodels.stats.multitest import multipletests
from sklearn.linear_model import RidgeCV, LogisticRegression

rng = np.random.default_rng(20261124)
out = {"versions": {"numpy": np.__version__, "scipy": scipy.__version__, "scikit-learn": sklearn.__version__,
                    "statsmodels": statsmodels.__version__, "opencv": cv2.__version__}}

# --- flow: the frames follow a formula that the test repeats, so only the flow has to be stored
def frame(w, h, t):
    """Whole gray levels from a hash (noise) under a moving, smooth field; exact in every language."""
    y, x = np.mgrid[0:h, 0:w].astype(np.float64)
    xs, ys = x - 0.9 * t, y + 0.5 * t
    field = 110 + 60 * np.sin(xs * 0.45) * np.cos(ys * 0.37) + 45 * np.sin(0.23 * xs + 0.31 * ys)
    noise = ((x.astype(np.uint64) * 73 + y.astype(np.uint64) * 151 + np.uint64(31 * t)) * np.uint64(2654435761) >> np.uint64(13)) % np.uint64(17)
    return np.clip(np.floor(field + noise.astype(np.float64)), 0, 255).astype(np.uint8)

out["flow"] = []
for w, h in [(32, 32), (40, 33), (70, 66), (160, 128)]:
    a, b = frame(w, h, 0), frame(w, h, 2)
    flow = cv2.calcOpticalFlowFarneback(a, b, None, 0.5, 3, 15, 3, 5, 1.2, 0)
    every = 1 if w * h < 5000 else 3
    out["flow"].append({"width": w, "height": h, "every": every, "sums": [int(a.sum()), int(b.sum())],
                        "flow": [round(float(v), 7) for v in flow[::every, ::every].ravel()]})
rgb = rng.integers(0, 256, (300, 3), dtype=np.uint8)
out["gray"] = {"rgb": rgb.ravel().tolist(), "gray": cv2.cvtColor(rgb[None], cv2.COLOR_RGB2GRAY).ravel().tolist()}

# --- SSIM
h, w = 17, 20
a = rng.random((h, w, 3)).astype(np.float32)
b = np.clip(a + 0.2 * rng.standard_normal((h, w, 3)), 0, 1).astype(np.float32)
def pieces(f, x, y):
    return [f(v) for v in (x, y, x * x, y * y, x * y)]
def ssim_map(m, norm):
    x, y, xx, yy, xy = m
    vx, vy, c = norm * (xx - x * x), norm * (yy - y * y), norm * (xy - x * y)
    return (2 * x * y + 1e-4) * (2 * c + 9e-4) / ((x * x + y * y + 1e-4) * (vx + vy + 9e-4))
taps = np.exp(-(np.arange(4) - 2.0) ** 2 / 4.5); taps /= taps.sum()
loss = np.mean([ssim_map(pieces(lambda v: signal.correlate2d(np.pad(v, 2), np.outer(taps, taps), "valid"),
                                a[..., c].astype(float), b[..., c].astype(float)), 1.0).mean() for c in range(3)])
sk = np.mean([ssim_map(pieces(lambda v: ndimage.uniform_filter(v, 7), a[..., c].astype(float), b[..., c].astype(float)),
                       49 / 48)[3:-3, 3:-3].mean() for c in range(3)])
out["ssim"] = {"height": h, "width": w, "a": [float(v) for v in a.ravel()], "b": [float(v) for v in b.ravel()], "loss": loss, "skimage": sk}

# --- tests
x, y = rng.standard_normal(23).round(3), (rng.standard_normal(31) + 0.8).round(3)
z = (x + 0.4 + 0.6 * rng.standard_normal(23)).round(3)
far_x, far_y = x - 40, z
T = lambda r: [float(r.statistic), float(r.df), float(r.pvalue)]
ties = np.round(x * 2 + 0.7) / 2
p = np.array([0.001, 0.04, 0.03, 0.2, 0.012, 0.9, 0.04])
out["stats"] = {"x": x.tolist(), "y": y.tolist(), "z": z.tolist(), "ties": ties.tolist(),
  "independent": T(stats.ttest_ind(x, y)), "paired": T(stats.ttest_rel(x, z)), "one_sample": T(stats.ttest_1samp(x, 0.25)),
  "far": T(stats.ttest_ind(far_x, far_y)), "greater": float(stats.ttest_ind(y, x, alternative="greater").pvalue),
  "wilcoxon": float(stats.wilcoxon(ties, zero_method="wilcox", correction=False, method="asymptotic").pvalue),
  "spearman": float(stats.spearmanr(ties, z).statistic), "pearson": float(stats.pearsonr(x, z).statistic),
  "p": p.tolist(), **{m: multipletests(p, method=m)[1].tolist() for m in ("holm", "fdr_bh", "bonferroni")},
  "quantile": [float(np.quantile(x, q)) for q in (0.025, 0.5, 0.975)],
  "clopper": [[k, n, *map(float, stats.binomtest(k, n).proportion_ci(0.95, method="exact"))] for k, n in [(0, 20), (7, 120), (20, 20), (64, 1000)]],
  "binomial": [[k, n, pr, float(stats.binomtest(k, n, pr, alternative="greater").pvalue)] for k, n, pr in [(9, 100, .05), (0, 5, .3), (30, 100, .05)]]}

# --- ridge
for name, (n, d) in {"ridge_wide": (18, 40), "ridge_tall": (40, 6)}.items():
    X = rng.standard_normal((n, d)).round(2); t = (X[:, :3] @ [1.0, -2.0, 0.5] + 0.7 * rng.standard_normal(n) + 3).round(3)
    Q = rng.standard_normal((5, d)).round(2); alphas = [0.1, 1.0, 10.0, 100.0, 1000.0]
    fit = RidgeCV(alphas=alphas, store_cv_results=True).fit(X, t)
    out[name] = {"n": n, "d": d, "x": X.ravel().tolist(), "y": t.tolist(), "q": Q.ravel().tolist(), "alphas": alphas,
                 "alpha": float(fit.alpha_), "loo": fit.cv_results_.mean(0).ravel().tolist(), "predicted": fit.predict(Q).tolist()}

# --- multinomial logistic regression
n, d, k = 60, 25, 4
label = np.arange(n) % k
X = (rng.standard_normal((n, d)) + 0.9 * np.eye(k, d)[label]).round(2); Q = rng.standard_normal((7, d)).round(2)
C = 0.5
fit = LogisticRegression(C=C, tol=1e-12, max_iter=20000).fit(X, label)
out["logistic"] = {"n": n, "d": d, "k": k, "x": X.ravel().tolist(), "label": label.tolist(), "q": Q.ravel().tolist(), "lambda": 1 / C,
                   "probability": fit.predict_proba(Q).ravel().tolist()}
path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "golden.json")
json.dump(out, open(path, "w"))
print(os.path.getsize(path), out["versions"], out["ssim"]["loss"], out["ssim"]["skimage"])
