"""Every detector on labelled tables: ours, the peers', and on clean training.

Reads a folder of .npz files with the arrays X and y, as ADBench publishes
them, and prints the Markdown tables of tables.md. Figures are kept in a file
as they come; what is there already is not measured again.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import warnings
from functools import partial
from pathlib import Path

import numpy as np
from scipy.stats import rankdata, wilcoxon
from sklearn.metrics import roc_auc_score
from sklearn.preprocessing import StandardScaler

HERE = Path(__file__).resolve().parent
PROGRAM = HERE.parent / ".build/release/anomaly"
DETECTORS = [
    "ensemble", "iforest", "mcd", "knn", "pca", "ocsvm", "hbos", "ecod",
    "copod", "kmeans", "lof", "gaussian", "gmm", "kde"]
# As ADBench samples them.
MOST_ROWS = 10_000


def read(path, seed):
    """The rows and labels of a table, sampled where it is large."""
    arrays = np.load(path)
    rows, labels = arrays["X"].astype(np.float32), arrays["y"].astype(int)
    if len(rows) > MOST_ROWS:
        chosen = np.random.default_rng(seed).choice(
            len(rows), MOST_ROWS, replace=False)
        rows, labels = rows[chosen], labels[chosen]
    return rows, labels


def whole(path, seed):
    """All rows are learned from and scored."""
    rows, labels = read(path, seed)
    return {"X": rows, "y": labels}


def clean(path, seed):
    """Half of the ordinary rows are learned from, the rest is scored."""
    rows, labels = read(path, seed)
    ordinary = np.random.default_rng(seed).permutation(
        np.flatnonzero(labels == 0))
    half = ordinary[:len(ordinary) // 2]
    rest = np.setdiff1d(np.arange(len(rows)), half)
    return {"X_train": rows[half], "X_test": rows[rest],
            "y_test": labels[rest]}


def ours(arrays, detectors, seed):
    """The AUC of every detector by `anomaly compare`."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.npz"
        np.savez(path, **arrays)
        output = subprocess.run(
            [PROGRAM, "compare", path, "--detectors", ",".join(detectors),
             "--seed", str(seed), "--json"],
            check=True, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL).stdout
    return {result["detector"]: result["auroc"]
            for result in json.loads(output)["results"]}


def pyod(name, rows, seed, **settings):
    from importlib import import_module

    module = import_module(f"pyod.models.{name.lower()}")
    if name in ("IForest", "MCD"):
        settings["random_state"] = seed
    return getattr(module, name)(**settings).fit(rows).decision_scores_


def whitened(rows, seed):
    """Squared coordinates along all components in units of their variance.

    PyOD's PCA adds up distances to the components as if they were rows, divided
    by their variance: another score, and infinite where there is none.
    """
    from sklearn.decomposition import PCA

    model = PCA(svd_solver="full").fit(rows)
    variances = model.explained_variance_
    kept = variances > 1e-10 * variances[0]
    return (model.transform(rows)[:, kept] ** 2 / variances[kept]).sum(axis=1)


def k_means(rows, seed):
    from sklearn.cluster import KMeans

    model = KMeans(8, n_init=3, random_state=seed).fit(rows)
    return model.transform(rows).min(axis=1)


def ledoit_wolf(rows, seed):
    from sklearn.covariance import LedoitWolf

    return LedoitWolf().fit(rows).mahalanobis(rows)


def mixture(rows, seed):
    from sklearn.mixture import GaussianMixture

    models = [
        GaussianMixture(count, random_state=seed).fit(rows)
        for count in range(1, 11)]
    return -min(models, key=lambda model: model.bic(rows)).score_samples(rows)


def density(rows, seed):
    from sklearn.neighbors import KernelDensity

    return -KernelDensity(bandwidth="scott").fit(rows).score_samples(rows)


PEERS = {
    "iforest": partial(pyod, "IForest"), "mcd": partial(pyod, "MCD"),
    "knn": partial(pyod, "KNN"), "pca": whitened,
    "ocsvm": partial(pyod, "OCSVM", nu=0.5, gamma="auto"),
    "hbos": partial(pyod, "HBOS"), "ecod": partial(pyod, "ECOD"),
    "copod": partial(pyod, "COPOD"), "kmeans": k_means,
    "lof": partial(pyod, "LOF"), "gaussian": ledoit_wolf, "gmm": mixture,
    "kde": density,
}


def theirs(arrays, detectors, seed):
    """The AUC of the peers, of standardised columns."""
    rows = StandardScaler().fit_transform(arrays["X"])
    return {
        name: roc_auc_score(arrays["y"], PEERS[name](rows, seed))
        for name in detectors if name in PEERS}


# What is learned from, and by whom it is scored.
STUDIES = {
    "contaminated": (whole, ours), "clean": (clean, ours),
    "peers": (whole, theirs),
}


class Results:
    """AUC by study, table, detector and seed, in a file."""

    def __init__(self, path):
        self.path = path
        self.values = json.loads(path.read_text()) if path.exists() else {}

    def measure(self, study, path, detectors, seed):
        known = self.values.setdefault(study, {}).setdefault(
            path.stem.split("_", 1)[-1], {})
        missing = [name for name in detectors
                   if str(seed) not in known.get(name, {})]
        if not missing:
            return
        prepare, score = STUDIES[study]
        print(f"{study}, {path.stem}, seed {seed}", file=sys.stderr, flush=True)
        for name, value in score(prepare(path, seed), missing, seed).items():
            known.setdefault(name, {})[str(seed)] = value
        self.path.write_text(json.dumps(self.values, indent=1))

    def seeds(self, study, table, detector):
        return list(self.values[study][table].get(detector, {}).values())

    def means(self, study, detectors):
        """Tables, and their mean AUC over the seeds: tables x detectors."""
        tables = sorted(self.values[study], key=str.lower)
        return tables, np.array([
            [np.mean(self.seeds(study, table, name)) for name in detectors]
            for table in tables])


def line(cells):
    return f"| {' | '.join(cells)} |"


def three(value):
    return f"{value:.3f}".replace("0.", ".", 1)


def marked(values):
    """The best in bold."""
    texts = [three(value) for value in values]
    best = three(max(values))
    return [f"**{text}**" if text == best else text for text in texts]


def print_ranking(results, study, detectors):
    tables, means = results.means(study, detectors)
    print(f"\n{study}\n")
    print(line(["table"] + [f"`{name}`" for name in detectors]))
    print(line(["---"] * (len(detectors) + 1)))
    for table, row in zip(tables, means):
        print(line([table] + marked(row)))
    print(line(["mean"] + marked(means.mean(axis=0))))
    ranks = rankdata(-means, axis=1).mean(axis=0)
    print(line(["mean rank"] + [f"{rank:.1f}" for rank in ranks]))
    p = [wilcoxon(means[:, 0], other).pvalue for other in means[:, 1:].T]
    print(line([f"p against `{detectors[0]}`", ""]
               + [f"{value:.2g}" for value in p]))


def print_agreement(results, detectors):
    """Mean of ours less the peer's over the seeds that both have."""
    names = [name for name in detectors if name in PEERS]
    own, others = results.values["contaminated"], results.values["peers"]
    print("\nours - peer\n")
    print(line(["table"] + [f"`{name}`" for name in names]))
    print(line(["---"] * (len(names) + 1)))
    all_differences = []
    for table in sorted(own, key=str.lower):
        cells, differences = [], []
        for name in names:
            theirs = others[table][name]
            difference = np.mean([
                own[table][name][seed] - value
                for seed, value in theirs.items() if seed in own[table][name]])
            spread = np.ptp(list(theirs.values()))
            # Beyond the mark: .005, or what seeds do to the peer.
            text = signed(difference)
            cells.append(
                text if abs(difference) <= max(0.005, spread) else f"**{text}**")
            differences.append(difference)
        print(line([table] + cells))
        all_differences.append(differences)
    print(line(["mean"] + [
        signed(value) for value in np.mean(all_differences, axis=0)]))


def signed(value):
    return "0" if abs(value) < 5e-4 else f"{value:+.3f}".replace("0.", ".", 1)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path, help="the .npz files")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--studies", default=",".join(STUDIES))
    parser.add_argument("--detectors", default=",".join(DETECTORS))
    parser.add_argument(
        "--results", type=Path, default=HERE.parent / "out/tables.json")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    studies = arguments.studies.split(",")
    detectors = arguments.detectors.split(",")
    arguments.results.parent.mkdir(parents=True, exist_ok=True)
    results = Results(arguments.results)
    paths = sorted(arguments.folder.glob("*.npz"))
    for study in studies:
        for seed in range(arguments.seeds):
            for path in paths:
                results.measure(study, path, detectors, seed)
    for study in set(studies) - {"peers"}:
        print_ranking(results, study, detectors)
    if {"contaminated", "peers"} <= set(studies):
        print_agreement(results, detectors)


if __name__ == "__main__":
    main()
