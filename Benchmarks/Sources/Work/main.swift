import AnomalyKit
import Foundation

// Does the work described by the first argument, writes the scores to the file
// named by the second, and prints the outcome.

let task = try JSONDecoder().decode(
  Task.self, from: Data(CommandLine.arguments[1].utf8))
var outcome = Outcome()
let scores = try work(on: task, reportingTo: &outcome)
try outcome.readPeak()
try scores.write(to: CommandLine.arguments[2])
print(String(decoding: try JSONEncoder().encode(outcome), as: UTF8.self))

func work(
  on task: Task, reportingTo outcome: inout Outcome
) throws -> [Float] {
  switch task {
  case .oneClassSVM(let train, let test, let nu, let cacheMegabytes):
    let (train, test) = try (Matrix(train), Matrix(test))
    let detector = OneClassSVM(nu: nu, cacheSize: cacheMegabytes)
    let model = try outcome.measure("fit") {
      try detector.fit(train, in: RunContext())
    }
    outcome.figures["objective"] = [model.convergence.objective]
    return try outcome.measure("score") { try model.scores(for: test) }

  case .kMeans(let train, let test, let centroids, let maxIterations):
    let (train, test) = try (Matrix(train), Matrix(test))
    let detector = try KMeansDistance(
      nClusters: centroids.rows, maxIterations: maxIterations,
      initialCentroids: Matrix(centroids))
    let model = try outcome.measure("fit") {
      try detector.fit(train, in: RunContext())
    }
    outcome.figures["inertia"] = [model.inertia]
    outcome.figures["iterations"] = [Double(model.iterations)]
    return try outcome.measure("score") { try model.scores(for: test) }

  case .principalComponents(let train, let test, let components):
    let (train, test) = try (Matrix(train), Matrix(test))
    let detector = PCAReconstruction(nComponents: .count(components))
    let model = try outcome.measure("fit") {
      try detector.fit(train, in: RunContext())
    }
    outcome.figures["singularValues"] = model.singularValues
    return try outcome.measure("score") { try model.scores(for: test) }

  case .isolationForest(let train, let trees, let samples, let seed):
    let train = try Matrix(train)
    let detector = IsolationForest(
      nEstimators: trees, maxSamples: .count(samples))
    let model = try outcome.measure("fit") {
      try detector.fit(train, in: RunContext(seed: seed))
    }
    return try outcome.measure("score") { try model.scores(for: train) }

  case .tableDetector(let train, let name):
    let train = try Matrix(train)
    let detector = try DetectorCatalog.standard.detector(named: name)
    return try ownScores(
      of: train, by: detector.detector, reportingTo: &outcome)

  case .decoding(let images, let side):
    let urls = images.map { URL(fileURLWithPath: $0) }
    return try outcome.measure("decode") {
      try decode(urls, size: PixelSize(square: side))
    }

  case .autoencoder(let train, let architecture, let epochs, let batchSize):
    let train = try Matrix(train)
    var detector = Autoencoder(architecture)
    detector.training.epochs = epochs
    detector.training.batchSize = batchSize
    let context = RunContext(
      imageShape: ImageShape(height: 64, width: 64, channels: 3))
    let model = try outcome.measure("train") {
      try detector.fit(train, in: context)
    }
    outcome.figures["loss"] = model.history.suffix(1).map(\.trainingLoss)
    return try outcome.measure("score") { try model.scores(for: train) }

  case .localReconstruction(let train, let test, let side):
    let (train, test) = try (Matrix(train), Matrix(test))
    let features = StageClock(of: "local features")
    let context = RunContext(
      imageShape: ImageShape(height: side, width: side, channels: 3),
      progress: features)
    let model = try outcome.measure("fit") {
      try LocalPCA().fit(train, in: context)
    }
    outcome.seconds["features"] = features.seconds
    outcome.seconds["blocks"] =
      outcome.seconds["fit", default: 0] - features.seconds
    return try outcome.measure("score") {
      try model.scores(for: test, in: context)
    }
  }
}

/// Fits a detector and scores what it learned from.
func ownScores(
  of train: Matrix, by detector: some Detector,
  reportingTo outcome: inout Outcome
) throws -> [Float] {
  let model = try outcome.measure("fit") {
    try detector.fit(train, in: RunContext())
  }
  return try outcome.measure("score") {
    try (model as? any LeaveOneOutModel)?.leaveOneOutScores()
      ?? model.scores(for: train)
  }
}

/// The pixels of all images, on every core.
func decode(_ urls: [URL], size: PixelSize) throws -> [Float] {
  var pixels = [[Float]](repeating: [], count: urls.count)
  pixels.withUnsafeMutableBufferPointer { pixels in
    nonisolated(unsafe) let pixels = pixels
    DispatchQueue.concurrentPerform(iterations: urls.count) { index in
      let image = try? PictureFile.decode(urls[index], size: size, color: .rgb)
      pixels[index] = image?.values ?? []
    }
  }
  return pixels.flatMap { $0 }
}
