"""What is measured: for every row of the table the work, peers, agreement."""

import gzip
import json
import sys
from functools import cached_property
from pathlib import Path

import numpy as np
from PIL import Image
from scipy.stats import spearmanr
from sklearn.metrics import roc_auc_score

HERE = Path(__file__).resolve().parent


class Inputs:
    """The data that both sides read, made when it is first asked for."""

    def __init__(self, folder, fashion_mnist, mvtec, quick):
        self.folder = folder
        self.fashion_mnist = fashion_mnist
        self.mvtec = mvtec
        self.quick = quick

    @cached_property
    def train(self):
        """Fashion-MNIST's training images, 60,000 x 784 from 0 to 1."""
        return self.table("train", self.images("train"))

    @cached_property
    def test(self):
        return self.table("test", self.images("t10k"))

    @cached_property
    def labels(self):
        return self.bytes("train-labels-idx1-ubyte.gz")[8:]

    def images(self, part):
        pixels = self.bytes(f"{part}-images-idx3-ubyte.gz")[16:]
        return pixels.reshape(-1, 784).astype(np.float32) / 255

    def bytes(self, name):
        path = self.fashion_mnist / name
        if not path.exists():
            sys.exit(f"{path} is missing: install dataset-fashion-mnist or "
                     "give --fashion-mnist FOLDER")
        return np.frombuffer(gzip.decompress(path.read_bytes()), np.uint8)

    def table(self, name, values):
        path = self.folder / f"{name}.f32"
        values.astype(np.float32).tofile(path)
        return {
            "path": str(path), "rows": values.shape[0],
            "columns": values.shape[1],
        }

    def rows(self, table, count):
        """The first rows of a table; fewer when quick."""
        count = min(count, 2_000) if self.quick else count
        return table | {"rows": count}

    def centroids(self, count):
        """Training images to start k-means from, the same for both sides."""
        chosen = np.random.default_rng(0).choice(
            self.rows(self.train, 60_000)["rows"], count, replace=False)
        values = np.fromfile(self.train["path"], np.float32).reshape(-1, 784)
        return self.table(f"centroids-{count}", values[chosen])

    def products(self, part):
        """The pictures of one product, 256 x 256 RGB, from 0 to 1."""
        files = sorted((self.mvtec / "weave" / part).rglob("*.png"))
        pixels = [
            np.asarray(
                Image.open(file).convert("RGB").resize((256, 256)), np.float32)
            for file in files]
        return self.table(
            f"products-{part}", np.stack(pixels).reshape(len(files), -1) / 255)

    @cached_property
    def portraits(self):
        """64 x 64 RGB mixtures of smooth waves with noise, from 0 to 1."""
        generator = np.random.default_rng(0)
        side = (np.arange(64) + 0.5) / 64 * np.pi
        waves = np.cos(np.outer(np.arange(5), side))
        count = 512 if self.quick else 2_048
        weights = generator.normal(scale=0.08, size=(count, 5, 5, 3))
        images = 0.5 + np.einsum(
            "nuvc,uy,vx->nyxc", weights, waves, waves, optimize=True)
        images += generator.uniform(-0.04, 0.04, images.shape)
        return self.table(
            "portraits", np.clip(images, 0, 1).reshape(count, -1))

    def mixture(self, rows, columns, seed=0):
        """Four clouds of correlated columns, a hundredth of the rows spread
        over all of the space; fewer rows when quick."""
        rows = min(rows, 5_000) if self.quick else rows
        generator = np.random.default_rng(seed)
        turns = generator.normal(size=(4, columns, columns)) / columns ** 0.5
        middles = 3 * generator.normal(size=(4, columns))
        values = generator.normal(size=(rows, columns)).astype(np.float32)
        groups = generator.integers(4, size=rows)
        for group in range(4):
            own = groups == group
            values[own] = values[own] @ turns[group] + middles[group]
        strange = generator.choice(rows, rows // 100, replace=False)
        values[strange] = 6 * generator.normal(size=(len(strange), columns))
        return self.table(f"mixture-{rows}-{columns}", values)

    def pictures(self, noise):
        """900 x 900 RGB photographs as a camera would make them: a shaded
        ground, a round object with a fine texture, noise of the sensor whose
        standard deviation is given in levels of 255."""
        generator = np.random.default_rng(0)
        y, x = np.mgrid[0:900, 0:900] / 900
        paths = []
        for index in range(8 if self.quick else 100):
            radius = np.hypot(x - 0.5, y - 0.5 + 0.02 * generator.normal())
            ground = 180 + 40 * x * generator.uniform(0.5, 1)
            texture = 90 + 20 * np.sin(200 * radius) * np.sin(60 * x)
            grey = np.where(radius < 0.35, texture, ground)
            colour = grey[..., None] * [1, 0.95, 0.85]
            noisy = colour + generator.normal(scale=noise, size=colour.shape)
            path = self.folder / f"{noise}-{index:03}.png"
            if not path.exists():
                pixels = np.clip(noisy, 0, 255).astype(np.uint8)
                Image.fromarray(pixels).save(path)
            paths.append(str(path))
        return paths


class Row:
    """One piece of work and the peers that do it too.

    `peers` gives for every peer the parts of the work whose times are compared
    and the ratio to reach, None where none was set.
    """

    # What the peers of a row need beyond requirements.txt.
    requirements = None

    def __init__(self, name, title, task, peers, agreement, repeats=5):
        self.name = name
        self.title = title
        self.task = task
        self.peers = peers
        self.agreement = agreement
        self.repeats = repeats

    def command(self, side, inputs):
        """The command of one side, and the file that its scores go to."""
        scores = str(inputs.folder / "scores.f32")
        task = json.dumps(self.task(inputs))
        if side == "ours":
            return [str(HERE / ".build/release/Work"), task, scores], scores
        peer = [sys.executable, str(HERE / "peers.py")]
        return peer + [task, scores, side], scores


class TrainedRow(Row):
    requirements = "requirements-torch.txt"


class WholeProcess(Row):
    """Two programs whose whole time counts."""

    def command(self, side, inputs):
        root = str(inputs.mvtec)
        if side == "ours":
            program = HERE.parent / ".build/release/anomaly"
            return [
                str(program), "compare", root, "--detectors", "all",
                "--size", "64", "--json",
            ], None
        return [sys.executable, str(HERE / "straight.py"), root, "64"], None


def read_scores(path):
    return np.fromfile(path, np.float32)


def relative(ours, theirs):
    ours, theirs = np.array(ours), np.array(theirs)
    return np.abs(ours - theirs).max() / np.abs(theirs).max()


def rank_correlation(ours, theirs):
    return f"Spearman {spearmanr(ours['scores'], theirs['scores'])[0]:.6f}"


def figure_and_ranks(figure, words):
    def agreement(ours, theirs, inputs):
        difference = relative(
            ours["figures"][figure], theirs["figures"][figure])
        return (f"{words} within {difference:.0e}, "
                + rank_correlation(ours, theirs))

    return agreement


def forest_agreement(ours, theirs, inputs):
    # The bags (class 8) as the anomalies of an unsupervised run.
    labels = inputs.labels[:len(ours["scores"])] == 8
    ours_auc, theirs_auc = (
        roc_auc_score(labels, side["scores"]) for side in (ours, theirs))
    return (f"AUC {ours_auc:.3f} and {theirs_auc:.3f}, "
            + rank_correlation(ours, theirs))


def pixel_agreement(ours, theirs, inputs):
    difference = np.abs(ours["scores"] - theirs["scores"]).max() * 255
    return f"pixels within {difference:.2f} of 255"


def table_agreement(ours, theirs, inputs):
    aucs = [
        {(result["category"], result["detector"]): result["auroc"]
         for result in side["figures"]["results"]}
        for side in (ours, theirs)
    ]
    assert aucs[0].keys() == aucs[1].keys(), "not the same cells"
    parts = []
    for detector in ("ocsvm", "kmeans", "pca", "iforest"):
        difference = max(
            abs(aucs[0][cell] - aucs[1][cell])
            for cell in aucs[0] if cell[1] == detector)
        parts.append(f"{detector} {difference:.3f}")
    return "AUC within: " + ", ".join(parts)


def one_class_svm(name, title, count, peers, repeats):
    def task(inputs):
        return {"oneClassSVM": {
            "train": inputs.rows(inputs.train, count),
            "test": inputs.rows(inputs.test, 10_000),
            "nu": 0.1, "cacheMegabytes": 2_000,
        }}

    return Row(name, title, task, peers,
               figure_and_ranks("objective", "objective"), repeats)


def k_means(clusters):
    def task(inputs):
        return {"kMeans": {
            "train": inputs.rows(inputs.train, 60_000),
            "test": inputs.rows(inputs.test, 10_000),
            "centroids": inputs.centroids(clusters), "maxIterations": 100,
        }}

    return Row(
        f"kmeans-{clusters}", f"k-means, k = {clusters}, 60,000 x 784", task,
        {"scikit-learn": {"fit": 4, "score": None}},
        figure_and_ranks("inertia", "inertia"))


def principal_components(inputs):
    return {"principalComponents": {
        "train": inputs.rows(inputs.train, 60_000),
        "test": inputs.rows(inputs.test, 10_000), "components": 64,
    }}


def isolation_forest(inputs):
    return {"isolationForest": {
        "train": inputs.rows(inputs.train, 60_000),
        "trees": 100, "samples": 256, "seed": 1,
    }}


def table_detector(
        name, title, table, peers, agreement, detector=None, repeats=5):
    def task(inputs):
        return {"tableDetector": {
            "train": table(inputs), "detector": detector or name,
        }}

    return Row(name, title, task, peers, agreement, repeats)


def mixture(rows, columns):
    return lambda inputs: inputs.mixture(rows, columns)


def score_agreement(ours, theirs, inputs):
    return rank_correlation(ours, theirs)


def scores_within(ours, theirs, inputs):
    difference = relative(ours["scores"], theirs["scores"])
    return f"scores within {difference:.0e}"


def decoding(name, noise, words):
    def task(inputs):
        return {"decoding": {"images": inputs.pictures(noise), "side": 64}}

    return Row(
        name,
        f"decode + shrink 100 PNGs of 900 x 900 to 64 x 64, {words}", task,
        {"Pillow, two threads": {"decode": 1.4}}, pixel_agreement)


def local_reconstruction(inputs):
    return {"localReconstruction": {
        "train": inputs.products("train"), "test": inputs.products("test"),
        "side": 256,
    }}


def autoencoder(architecture, peers):
    def task(inputs):
        return {"autoencoder": {
            "train": inputs.portraits, "architecture": architecture,
            "epochs": 3, "batchSize": 256,
        }}

    def agreement(ours, theirs, inputs):
        loss, other = (side["figures"]["loss"][0] for side in (ours, theirs))
        return f"training loss {loss:.4f} and {other:.4f}"

    return TrainedRow(
        architecture, f"`{architecture}`, 2,048 x 64x64x3, 3 epochs", task,
        peers, agreement)


ALL = {row.name: row for row in [
    one_class_svm(
        "ocsvm-10k", "one-class SVM, 10,000 x 784", 10_000,
        {"scikit-learn": {"fit": 20, "score": 10}}, 3),
    one_class_svm(
        "ocsvm-60k", "one-class SVM, 60,000 x 784", 60_000,
        {"scikit-learn": {"fit": 30}}, 1),
    k_means(15),
    k_means(64),
    Row("pca", "PCA, 64 components, 60,000 x 784", principal_components,
        {"scikit-learn full": {"fit": 4},
         "scikit-learn covariance_eigh": {"fit": 0.7}},
        figure_and_ranks("singularValues", "singular values")),
    Row("iforest", "isolation forest, 100 x 256, 60,000 x 784",
        isolation_forest,
        {"scikit-learn, n_jobs 1": {"fit + score": 5},
         "scikit-learn, n_jobs 2": {"fit + score": 5},
         "isotree": {"fit + score": 2}},
        forest_agreement),
    table_detector(
        "knn", "`knn`, k = 5, 60,000 x 784 against itself",
        lambda inputs: inputs.rows(inputs.train, 60_000),
        {"faiss IndexFlatL2": {"fit + score": 1},
         "scikit-learn brute": {"fit + score": 4},
         "PyOD": {"fit + score": 10}},
        scores_within, repeats=3),
    table_detector(
        "lof", "`lof`, k = 20, 60,000 x 50", mixture(60_000, 50),
        {"scikit-learn": {"fit + score": 5}}, scores_within),
    table_detector(
        "mcd", "`mcd`, 100,000 x 20", mixture(100_000, 20),
        {"scikit-learn": {"fit + score": 10}}, score_agreement),
    *(table_detector(
        name, f"`{name}`, 1,000,000 x 20", mixture(1_000_000, 20),
        {"PyOD": {"fit + score": 10}}, agreement)
      for name, agreement in (
          ("hbos", score_agreement), ("ecod", scores_within),
          ("copod", scores_within))),
    table_detector(
        "iforest-581k", "isolation forest, 100 x 256, 581,000 x 54",
        mixture(581_000, 54),
        {"isotree": {"fit": 1.2, "score": None}}, score_agreement,
        detector="iforest"),
    table_detector(
        "ensemble", "`ensemble`, 60,000 x 50", mixture(60_000, 50),
        {"PyOD's IForest, MCD, KNN": {"fit + score": 10}}, score_agreement,
        repeats=3),
    decoding("decode", 3, "noise of 3 levels, 1.3 MB each"),
    # As large as those of MVTec AD's bottles.
    decoding("decode-quiet", 0.2, "noise of 0.2 levels, 0.5 MB each"),
    Row("local-pca", "`local-pca`, 80 + 60 x 256x256x3, features included",
        local_reconstruction,
        {"NumPy, SciPy, OpenCV, two threads": {
            "features": 8, "blocks": 1.5, "features + blocks": 1.5,
            "score": 1.5}},
        score_agreement),
    WholeProcess(
        "compare", "`anomaly compare`, four detectors, `--size 64`", None,
        {"Pillow + scikit-learn": {"whole process": 2.5}}, table_agreement),
    autoencoder(
        "cnn",
        {"PyTorch NCHW": {"train": 2, "score": 1.5},
         "PyTorch channels_last": {"train": 2, "score": 1.5}}),
    autoencoder("fcn", {"PyTorch": {"train": 1.2, "score": None}}),
]}

