import Autoencoders
import Detectors
import Execution
import LinearAlgebra
import Testing

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
      name: "IsolationForest of slanted cuts",
      detector: IsolationForest(extensionLevel: 2),
      faulty: [
        ("extension-level", IsolationForest(extensionLevel: -1))
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
      name: "NeighborDistance", detector: NeighborDistance(),
      faulty: [("n-neighbors", NeighborDistance(nNeighbors: 0))]),
    Candidate(
      name: "NeighborDistance by the median",
      detector: NeighborDistance(nNeighbors: 4, distance: .median), faulty: []),
    Candidate(
      name: "LocalOutlierFactor", detector: LocalOutlierFactor(),
      faulty: [("n-neighbors", LocalOutlierFactor(nNeighbors: 0))]),
    Candidate(
      name: "EmpiricalTails", detector: EmpiricalTails(), faulty: []),
    Candidate(name: "CopulaTails", detector: CopulaTails(), faulty: []),
    Candidate(
      name: "HistogramScore", detector: HistogramScore(),
      faulty: [
        ("n-bins", HistogramScore(nBins: 0)),
        ("alpha", HistogramScore(alpha: 0)),
        ("alpha", HistogramScore(alpha: .nan)),
      ]),
    Candidate(
      name: "MinimumCovariance", detector: MinimumCovariance(nInit: starts),
      faulty: [("n-init", MinimumCovariance(nInit: 0))]),
    Candidate(
      name: "PCAReconstruction by variance",
      detector: PCAReconstruction(nComponents: .all, byVariance: true),
      faulty: []),
    Candidate(
      name: "Ensemble", detector: ensemble,
      faulty: [
        ("members", Ensemble(members: [])),
        ("members", Ensemble(members: [.knn, .knn])),
      ]),
    Candidate(
      name: "GaussianDistance", detector: GaussianDistance(), faulty: []),
    Candidate(
      name: "GaussianMixture",
      detector: GaussianMixture(maxComponents: components),
      faulty: [("max-components", GaussianMixture(maxComponents: 0))]),
    Candidate(
      name: "KernelDensity", detector: KernelDensity(),
      faulty: [
        ("bandwidth", KernelDensity(bandwidth: .value(0))),
        ("bandwidth", KernelDensity(bandwidth: .value(.nan))),
      ]),
    Candidate(
      name: "Autoencoder", detector: autoencoder { _ in },
      faulty: [
        ("epochs", autoencoder { $0.training.epochs = 0 }),
        ("batch-size", autoencoder { $0.training.batchSize = 0 }),
        ("learning-rate", autoencoder { $0.training.learningRate = 0 }),
        ("learning-rate", autoencoder { $0.training.learningRate = .nan }),
      ]),
  ]

  // Fewer where code is not optimised.
  #if DEBUG
  private static let (starts, components) = (2, 1)
  #else
  private static let (starts, components) = (50, 3)
  #endif

  /// Of its usual members, but for the one that takes minutes where it is not
  /// optimised.
  private static var ensemble: Ensemble {
    #if DEBUG
    Ensemble(members: [.iforest, .knn])
    #else
    Ensemble()
    #endif
  }

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
