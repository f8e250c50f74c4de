import Autoencoders
import Execution
import LinearAlgebra
import Testing

@testable import Detectors

/// A detector under test, and ways to set it wrongly.
struct Candidate: CustomTestStringConvertible, Sendable {
  var name: String
  var detector: any Detector
  /// Detectors with one hyper-parameter out of range, by its name.
  var faulty: [(hyperparameter: String, detector: any Detector)]

  var testDescription: String { name }

  static let all: [Candidate] = [
    Candidate(
      name: "IsolationForest", detector: IsolationForest(),
      faulty: [
        ("n-estimators", IsolationForest(nEstimators: 0)),
        ("max-samples", IsolationForest(maxSamples: .count(0))),
        ("max-samples", IsolationForest(maxSamples: .fraction(0))),
        ("max-samples", IsolationForest(maxSamples: .fraction(.nan))),
        ("max-features", IsolationForest(maxFeatures: .count(0))),
        ("max-features", IsolationForest(maxFeatures: .fraction(1.5))),
      ]),
    Candidate(
      name: "OneClassSVM", detector: OneClassSVM(),
      faulty: [
        ("nu", OneClassSVM(nu: 0)),
        ("nu", OneClassSVM(nu: 1.5)),
        ("nu", OneClassSVM(nu: .nan)),
        ("gamma", OneClassSVM(gamma: .value(-1))),
        ("gamma", OneClassSVM(gamma: .value(.infinity))),
        ("tolerance", OneClassSVM(tolerance: 0)),
        ("cache-size", OneClassSVM(cacheSize: 0)),
        ("max-samples", OneClassSVM(maxSamples: 0)),
        ("max-iter", OneClassSVM(maxIterations: 0)),
      ]),
    Candidate(
      name: "OneClassSVM of some samples",
      detector: OneClassSVM(nu: 0.1, gamma: .auto, maxSamples: 200),
      faulty: []),
    Candidate(
      name: "KMeansDistance", detector: KMeansDistance(nClusters: 2),
      faulty: [
        ("n-clusters", KMeansDistance(nClusters: 0)),
        ("n-init", KMeansDistance(nInit: 0)),
        ("max-iter", KMeansDistance(maxIterations: 0)),
        ("tolerance", KMeansDistance(tolerance: -1)),
        ("tolerance", KMeansDistance(tolerance: .nan)),
        (
          "initial-centroids",
          KMeansDistance(
            nClusters: 2, initialCentroids: Matrix(rows: 2, columns: 3))
        ),
      ]),
    Candidate(
      name: "KMeansDistance in units of the spread",
      detector: KMeansDistance(nClusters: 2, scaling: .spread), faulty: []),
    Candidate(
      name: "PCAReconstruction", detector: PCAReconstruction(),
      faulty: [
        ("n-components", PCAReconstruction(nComponents: .count(0))),
        ("n-components", PCAReconstruction(nComponents: .varianceFraction(0))),
        (
          "n-components",
          PCAReconstruction(nComponents: .varianceFraction(.nan))
        ),
      ]),
    Candidate(
      name: "PCAReconstruction with the Mahalanobis distance",
      detector: PCAReconstruction(nComponents: .automatic, mahalanobis: true),
      faulty: []),
    Candidate(
      name: "Autoencoder", detector: autoencoder { _ in },
      faulty: [
        ("epochs", autoencoder { $0.training.epochs = 0 }),
        ("batch-size", autoencoder { $0.training.batchSize = 0 }),
        ("learning-rate", autoencoder { $0.training.learningRate = 0 }),
        ("learning-rate", autoencoder { $0.training.learningRate = .nan }),
      ]),
  ]

  private static func autoencoder(
    _ change: (inout Autoencoder) -> Void
  ) -> Autoencoder {
    var detector = Autoencoder(.fcn)
    detector.widths = [16, 8]
    detector.training.epochs = 5
    change(&detector)
    return detector
  }
}

enum ConformanceSamples {
  /// Normal samples around 1 in 10 features, most of the spread in three.
  static func ordinary(rows: Int = 300) -> Matrix {
    var generator = SeededGenerator(seed: 42)
    let columns = 10
    let values = (0..<rows * columns).map { index in
      let spread = index % columns < 3 ? 3 : 0.5
      return 1 + Float(spread * generator.normal())
    }
    return Matrix(rows: rows, columns: columns, values: values)
  }
}

/// Samples of an odd shape that every detector must bear.
struct UnusualSamples: CustomTestStringConvertible, Sendable {
  var testDescription: String
  var samples: Matrix

  static let all: [UnusualSamples] = {
    let ordinary = ConformanceSamples.ordinary
    let samples = ordinary(60)
    var constantColumns = samples
    for row in 0..<samples.rows {
      constantColumns[row, 0] = 0
      constantColumns[row, 5] = 7
    }
    return [
      ("constant columns", constantColumns),
      ("all the same", Matrix(rows: 40, columns: 4, repeating: 3)),
      ("every row twice", samples.selecting(rows: (0..<60).map { $0 / 2 })),
      (
        "two different rows",
        samples.selecting(rows: (0..<60).map { $0 % 2 })
      ),
      ("fewer rows than columns", ordinary(4)),
      ("two rows", ordinary(2)),
      (
        "one column",
        Matrix(rows: 60, columns: 1, values: Array(samples.values.prefix(60)))
      ),
      (
        "large and small values",
        Matrix(
          rows: 60, columns: 10,
          values: samples.values.enumerated().map {
            $0.element * ($0.offset % 2 == 0 ? 1e12 : 1e-12)
          })
      ),
    ].map(UnusualSamples.init)
  }()
}
