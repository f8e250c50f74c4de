"""The peers' side of the work: like Sources/Work, with the same arguments.

Does the work described by the first argument with the library named by the
third, writes the scores to the file named by the second, prints the outcome.
"""

import json
import sys
import time
from multiprocessing.pool import ThreadPool

import numpy as np

outcome = {"seconds": {}, "figures": {}}


def measure(part, body):
    start = time.perf_counter()
    result = body()
    outcome["seconds"][part] = time.perf_counter() - start
    return result


def read(table):
    count = table["rows"] * table["columns"]
    values = np.fromfile(table["path"], np.float32, count)
    return values.reshape(table["rows"], table["columns"])


def one_class_svm(library, train, test, nu, cacheMegabytes):
    from sklearn.svm import OneClassSVM

    train, test = read(train), read(test)
    model = OneClassSVM(nu=nu, gamma="scale", cache_size=cacheMegabytes)
    measure("fit", lambda: model.fit(train))
    scores = measure("score", lambda: -model.decision_function(test))
    outcome["figures"]["objective"] = [dual_objective(model)]
    return scores


def dual_objective(model):
    """Half of the coefficients' quadratic form, in blocks of kernel rows."""
    from sklearn.metrics.pairwise import rbf_kernel

    vectors = model.support_vectors_.astype(np.float64)
    coefficients = model.dual_coef_.ravel()
    total = 0.0
    for start in range(0, len(vectors), 1000):
        block = slice(start, start + 1000)
        kernel = rbf_kernel(vectors[block], vectors, gamma=model._gamma)
        total += coefficients[block] @ kernel @ coefficients
    return total / 2


def k_means(library, train, test, centroids, maxIterations):
    from sklearn.cluster import KMeans

    train, test, centroids = read(train), read(test), read(centroids)
    model = KMeans(
        n_clusters=len(centroids), init=centroids, n_init=1,
        max_iter=maxIterations, algorithm="lloyd")
    measure("fit", lambda: model.fit(train))
    outcome["figures"]["inertia"] = [float(model.inertia_)]
    outcome["figures"]["iterations"] = [float(model.n_iter_)]
    return measure("score", lambda: model.transform(test).min(axis=1))


def principal_components(library, train, test, components):
    from sklearn.decomposition import PCA

    train, test = read(train), read(test)
    solver = {"scikit-learn full": "full",
              "scikit-learn covariance_eigh": "covariance_eigh"}[library]
    model = PCA(n_components=components, svd_solver=solver)
    measure("fit", lambda: model.fit(train))
    outcome["figures"]["singularValues"] = [
        float(value) for value in model.singular_values_]

    def score():
        rebuilt = model.inverse_transform(model.transform(test))
        return ((test - rebuilt) ** 2).sum(axis=1)

    return measure("score", score)


def isolation_forest(library, train, trees, samples, seed):
    train = read(train)
    if library == "isotree":
        return isotree(train, trees, samples, seed)
    from sklearn.ensemble import IsolationForest

    jobs = {"scikit-learn, n_jobs 1": 1, "scikit-learn, n_jobs 2": 2}[library]
    model = IsolationForest(
        n_estimators=trees, max_samples=samples, random_state=seed,
        n_jobs=jobs)
    measure("fit", lambda: model.fit(train))
    return measure("score", lambda: -model.score_samples(train))


def table_detector(library, train, detector):
    """Detectors at the defaults that ours share; two threads each."""
    train = read(train)
    if detector == "iforest":
        return isotree(train, trees=100, samples=256, seed=0)
    if detector == "lof":
        from sklearn.neighbors import LocalOutlierFactor

        model = LocalOutlierFactor(n_neighbors=20, n_jobs=2)
        measure("fit", lambda: model.fit(train))
        return measure("score", lambda: -model.negative_outlier_factor_)
    if detector == "mcd":
        from sklearn.covariance import MinCovDet

        model = MinCovDet(random_state=0)
        measure("fit", lambda: model.fit(train))
        return measure("score", lambda: model.mahalanobis(train))
    if library == "faiss IndexFlatL2":
        import faiss

        faiss.omp_set_num_threads(2)
        index = faiss.IndexFlatL2(train.shape[1])
        measure("fit", lambda: index.add(train))
        # Each row finds itself first.
        squares = measure("score", lambda: index.search(train, 6)[0])
        return np.sqrt(np.maximum(squares[:, 5], 0))
    if library == "scikit-learn brute":
        from sklearn.neighbors import NearestNeighbors

        model = NearestNeighbors(n_neighbors=5, algorithm="brute", n_jobs=2)
        measure("fit", lambda: model.fit(train))
        return measure("score", lambda: model.kneighbors()[0][:, -1])
    # What is compiled when it is first called is compiled before.
    pyod_scores(train[:1_000], detector)
    outcome["seconds"]["fit"] = 0.0
    return measure("score", lambda: pyod_scores(train, detector))


def pyod_scores(train, detector):
    """The scores of the rows that a detector of PyOD learned from."""
    from pyod.models.copod import COPOD
    from pyod.models.ecod import ECOD
    from pyod.models.hbos import HBOS
    from pyod.models.iforest import IForest
    from pyod.models.knn import KNN
    from pyod.models.mcd import MCD

    makers = {
        "hbos": [HBOS], "ecod": [lambda: ECOD(n_jobs=2)],
        "copod": [lambda: COPOD(n_jobs=2)], "knn": [lambda: KNN(n_jobs=2)],
        "ensemble": [
            lambda: IForest(n_jobs=2, random_state=0),
            lambda: MCD(random_state=0), lambda: KNN(n_jobs=2)],
    }
    scores = [make().fit(train).decision_scores_ for make in makers[detector]]
    # Of several, the mean z-score, as PyOD's `combination.average` takes it.
    if len(scores) > 1:
        scores = [(each - each.mean()) / each.std() for each in scores]
    return np.mean(scores, axis=0)


def isotree(train, trees, samples, seed):
    from isotree import IsolationForest

    # It fits faster by columns and scores faster by rows; both are given.
    by_columns = np.asfortranarray(train)
    model = IsolationForest(
        ntrees=trees, sample_size=samples, ndim=1, missing_action="fail",
        standardize_data=False, penalize_range=False, max_depth="auto",
        nthreads=2, random_seed=seed)
    measure("fit", lambda: model.fit(by_columns))
    return measure("score", lambda: model.decision_function(train))


def decoding(library, images, side):
    from PIL import Image

    def decode(path):
        with Image.open(path) as image:
            small = image.convert("RGB").resize((side, side), Image.BOX)
        return np.asarray(small, np.float32) / 255

    with ThreadPool(2) as pool:
        pixels = measure("decode", lambda: pool.map(decode, images))
    return np.stack(pixels)


def autoencoder(library, train, architecture, epochs, batchSize):
    import torch
    from torch import nn

    torch.manual_seed(0)
    layout = {"PyTorch NCHW": torch.contiguous_format,
              "PyTorch channels_last": torch.channels_last,
              "PyTorch": torch.contiguous_format}[library]
    images = torch.from_numpy(read(train)) * 2 - 1
    if architecture == "fcn":
        sizes = [12288, 128, 64, 12, 3, 12, 64, 128, 12288]
        layers = [nn.Linear(a, b) for a, b in zip(sizes, sizes[1:])]
    else:
        images = images.reshape(-1, 64, 64, 3).permute(0, 3, 1, 2)
        images = images.contiguous(memory_format=layout)
        layers = [nn.Conv2d(a, b, 4, 2, 1)
                  for a, b in ((3, 12), (12, 24), (24, 48))]
        layers += [nn.ConvTranspose2d(a, b, 4, 2, 1)
                   for a, b in ((48, 24), (24, 12), (12, 3))]
    steps = [step for layer in layers for step in (layer, nn.ReLU())]
    if architecture == "fcn":
        # No nonlinearity after the code of three numbers.
        del steps[7]
    model = nn.Sequential(*steps[:-1], nn.Tanh())
    model = model.to(memory_format=layout)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)

    def train_all():
        for _ in range(epochs):
            losses = []
            for batch in torch.randperm(len(images)).split(batchSize):
                inputs = images[batch]
                loss = nn.functional.mse_loss(model(inputs), inputs)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                losses.append(loss.item())
        outcome["figures"]["loss"] = [sum(losses) / len(losses)]

    def score():
        with torch.no_grad():
            return torch.cat([
                ((model(inputs) - inputs) ** 2).flatten(1).sum(1).sqrt()
                for inputs in images.split(batchSize)]).numpy()

    measure("train", train_all)
    return measure("score", score)


def local_reconstruction(library, train, test, side):
    import local_features

    train, test = (
        list(read(table).reshape(-1, side, side, 3)) for table in (train, test))
    model = local_features.LocalReconstruction()
    grids = measure("features", lambda: local_features.all_features(train))
    measure("blocks", lambda: model.fit(grids))
    return measure("score", lambda: model.scores(
        model.heat(local_features.all_features(test))))


WORKS = {
    "autoencoder": autoencoder,
    "oneClassSVM": one_class_svm,
    "kMeans": k_means,
    "principalComponents": principal_components,
    "isolationForest": isolation_forest,
    "tableDetector": table_detector,
    "decoding": decoding,
    "localReconstruction": local_reconstruction,
}


def peak_bytes():
    with open("/proc/self/status") as status:
        for line in status:
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024


if __name__ == "__main__":
    ((name, options),) = json.loads(sys.argv[1]).items()
    scores = WORKS[name](sys.argv[3], **options)
    outcome["peakBytes"] = peak_bytes()
    np.asarray(scores, np.float32).tofile(sys.argv[2])
    print(json.dumps(outcome))
