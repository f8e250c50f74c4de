import AnomalyKit

/// What the pages of the detectors show.
func detectorExamples(_ samples: Matrix, _ others: Matrix) throws {
  do {
    // docs: ocsvm
    let model = try OneClassSVM(nu: 0.1).fit(samples, in: RunContext())
    let scores = try model.scores(for: others)  // above 0: outside
    // docs: end
    print(scores)
  }
  do {
    // docs: kmeans
    let model = try KMeansDistance(nClusters: 8).fit(samples, in: RunContext())
    let scores = try model.scores(for: others)
    // docs: end
    print(scores)
  }
  do {
    // docs: pca
    let model = try PCAReconstruction(nComponents: .count(64))
      .fit(samples, in: RunContext())
    let scores = try model.scores(for: others)
    let expected = try model.reconstructions(of: others)
    // docs: end
    print(scores, expected)
  }
  do {
    // docs: iforest
    let model = try IsolationForest(nEstimators: 200)
      .fit(samples, in: RunContext(seed: 1))
    let scores = try model.scores(for: others)  // between 0 and 1
    // docs: end
    print(scores)
  }
  do {
    // docs: local-pca
    let context = RunContext(
      imageShape: ImageShape(height: 256, width: 256, channels: 3))
    let model = try LocalPCA().fit(samples, in: context)
    let found = try model.localization(of: others, in: context)
    print(found.scores, found.maps.columns)  // one map a row, 256 * 256
    // docs: end
  }
  do {
    // docs: autoencoder
    var network = Autoencoder(.cnn)
    network.training.epochs = 50
    let context = RunContext(
      seed: 0, imageShape: ImageShape(height: 64, width: 64, channels: 3))
    let model = try network.fit(samples, in: context)
    let scores = try model.scores(for: others)
    // docs: end
    print(scores)
  }
}
