"""Golden numbers for UMAP: umap-learn's fuzzy graph and curve, and how well its planes keep neighborhoods, over seeds. Reads the samples of
embed.json and writes umap.json beside this file."""
import json, os
import numpy as np, sklearn, umap
from sklearn.manifold import trustworthiness
from sklearn.model_selection import LeaveOneOut, cross_val_predict
from sklearn.neighbors import KNeighborsClassifier
from umap.umap_ import find_ab_params, fuzzy_simplicial_set

folder = os.path.dirname(os.path.abspath(__file__))
embed = json.load(open(os.path.join(folder, "embed.json")))
X = np.array(embed["x"]).reshape(embed["n"], embed["d"])
label = np.array(embed["label"])
distances = np.sqrt(((X[:, None] - X[None]) ** 2).sum(-1))
order = np.argsort(distances, axis=1, kind="stable")[:, :15]
graph = fuzzy_simplicial_set(X, 15, np.random.RandomState(0), "euclidean", knn_indices=order,
                             knn_dists=np.take_along_axis(distances, order, 1).astype("f4"))[0].tocoo()
out = {"versions": {"umap-learn": umap.__version__, "scikit-learn": sklearn.__version__, "numpy": np.__version__}}
out["graph"] = [[int(i), int(j), round(float(w), 8)] for i, j, w in zip(graph.row, graph.col, graph.data) if i < j]
out["curve"] = [[d, s, *map(float, find_ab_params(s, d))] for d, s in [(0.1, 1.0), (0.5, 1.0), (0.0, 2.0)]]
planes = [umap.UMAP(init="pca", random_state=seed).fit_transform(X) for seed in range(8)]
out["trustworthiness"] = [float(trustworthiness(X, plane, n_neighbors=15)) for plane in planes]
out["knn"] = [float((cross_val_predict(KNeighborsClassifier(15), plane, label, cv=LeaveOneOut()) == label).mean()) for plane in planes]
json.dump(out, open(os.path.join(folder, "umap.json"), "w"))
print(len(out["graph"]), out["curve"], out["trustworthiness"], out["knn"], out["versions"])
