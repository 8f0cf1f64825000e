"""Golden numbers for embeddings: scikit-learn's PCA, exact and Barnes-Hut t-SNE, silhouettes, leave-one-out nearest neighbors. Writes
embed.json beside this file."""
import json, os
import numpy as np, sklearn
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE
from sklearn.metrics import silhouette_samples
from sklearn.model_selection import LeaveOneOut, cross_val_predict
from sklearn.neighbors import KNeighborsClassifier

rng = np.random.default_rng(20261126)
n, d, k = 200, 10, 5
label = np.arange(n) % k
centers = rng.standard_normal((k, d))
X = (0.8 * centers[label] + rng.standard_normal((n, d))).round(3)
out = {"versions": {"numpy": np.__version__, "scikit-learn": sklearn.__version__}, "n": n, "d": d, "x": X.ravel().tolist(), "label": label.tolist()}
wide = rng.standard_normal((12, 30)).round(3)
for name, rows in {"pca": X, "pca_wide": wide}.items():
    fit = PCA(3, svd_solver="full").fit(rows)
    out[name] = {"rows": None if name == "pca" else rows.ravel().tolist(), "width": rows.shape[1], "scores": fit.transform(rows).ravel().tolist(),
                 "components": fit.components_.ravel().tolist(), "variance": fit.explained_variance_.tolist(),
                 "ratio": fit.explained_variance_ratio_.tolist()}
def kl(rows, method):
    return float(TSNE(2, init="pca", random_state=42, method=method, max_iter=1000, perplexity=30).fit(rows).kl_divergence_)
clear = (X + 0.8 * centers[label]).round(3)
out["clear"] = {"x": clear.ravel().tolist(), "kl": {method: kl(clear, method) for method in ("exact", "barnes_hut")}}
# Clusters that overlap: scikit-learn's own result moves by a tenth when the samples move by a millionth.
out["blurred_kl"] = [kl(X + 1e-6 * rng.standard_normal(X.shape), "exact") for _ in range(6)]
out["silhouette"] = silhouette_samples(X, label).tolist()
out["knn"] = {str(k): float((cross_val_predict(KNeighborsClassifier(k), X, label, cv=LeaveOneOut()) == label).mean()) for k in (1, 4, 5, 15)}
path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "embed.json")
json.dump(out, open(path, "w"))
print(os.path.getsize(path), out["versions"], out["clear"]["kl"], out["blurred_kl"], out["knn"])
