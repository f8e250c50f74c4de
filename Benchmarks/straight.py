"""`anomaly compare` as one would write it with Pillow and scikit-learn.

    python straight.py MVTEC_ROOT SIDE

Prints JSON with the AUROC of four detectors for every category.
"""

import json
import sys
from multiprocessing.pool import ThreadPool
from pathlib import Path

import numpy as np
from PIL import Image
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from sklearn.metrics import roc_auc_score
from sklearn.svm import OneClassSVM


def read_pixels(paths, side, mode):
    def read(path):
        with Image.open(path) as image:
            small = image.convert(mode).resize((side, side), Image.BOX)
        return np.asarray(small, np.float32).ravel() / 255

    with ThreadPool(2) as pool:
        return np.stack(pool.map(read, paths))


def is_grey(path):
    with Image.open(path) as image:
        return image.mode in ("1", "L", "I;16", "LA")


def ocsvm(train, test):
    return -OneClassSVM(nu=0.1, gamma="scale").fit(train).decision_function(
        test)


def kmeans(train, test):
    model = KMeans(n_clusters=8, n_init=3, random_state=0).fit(train)
    return model.transform(test).min(axis=1)


def pca(train, test):
    model = PCA(n_components=0.9, svd_solver="full").fit(train)
    rebuilt = model.inverse_transform(model.transform(test))
    return ((test - rebuilt) ** 2).sum(axis=1)


def iforest(train, test):
    return -IsolationForest(random_state=0).fit(train).score_samples(test)


def compare(category, side):
    train = sorted((category / "train" / "good").glob("*.png"))
    test = sorted((category / "test").glob("*/*.png"))
    labels = [int(path.parent.name != "good") for path in test]
    grey = all(is_grey(path) for path in train + test)
    mode = "L" if grey else "RGB"
    train_pixels = read_pixels(train, side, mode)
    test_pixels = read_pixels(test, side, mode)
    for detector in (ocsvm, kmeans, pca, iforest):
        scores = detector(train_pixels, test_pixels)
        yield {
            "category": category.name,
            "detector": detector.__name__,
            "auroc": roc_auc_score(labels, scores),
        }


if __name__ == "__main__":
    root, side = Path(sys.argv[1]), int(sys.argv[2])
    categories = sorted(
        path.parent.parent for path in root.glob("*/train/good"))
    results = [
        result for category in categories for result in compare(category, side)
    ]
    print(json.dumps({"results": results}))
