import Autoencoders
import Detectors

/// The detectors that the command line knows by name.
public struct DetectorCatalog: Sendable {
  /// One detector: how it is called, what it is, how it is made.
  public struct Entry: Sendable {
    public var name: String
    /// One line for the help.
    public var summary: String
    public var type: any Detector.Type
    /// The detector with the options that it has; defaults for the rest.
    public var make: @Sendable (DetectorOptions) -> any Detector

    public init<D: Detector>(
      name: String, summary: String,
      make: @escaping @Sendable (DetectorOptions) -> D
    ) {
      self.name = name
      self.summary = summary
      self.type = D.self
      self.make = make
    }
  }

  public var entries: [Entry]

  public init(entries: [Entry]) {
    self.entries = entries
  }

  /// The detectors of this package.
  ///
  /// Defaults: `ocsvm` nu 0.1, gamma scale; `kmeans` 8 clusters, 3 starts;
  /// `pca` 0.9 of the variance; `iforest` 100 trees of 256 samples.
  /// Autoencoders: 20 epochs of batches of 128, Adam with learning rate 1e-3.
  public static let standard = DetectorCatalog(
    entries: classical + autoencoders)

  /// The detectors that `all` stands for: those that suit any data and take
  /// seconds.
  private static let classical = [
    Entry(name: "ocsvm", summary: "one-class SVM with an RBF kernel") {
      options in
      var detector = OneClassSVM(nu: options.nu ?? 0.1)
      detector.gamma = options.gamma ?? detector.gamma
      if case .count(let count) = options.maxSamples {
        detector.maxSamples = count
      }
      detector.maxIterations = options.maxIterations
      return detector
    },
    Entry(name: "kmeans", summary: "distance to the nearest k-means centroid") {
      options in
      var detector = KMeansDistance(nInit: options.nInit ?? 3)
      detector.nClusters = options.nClusters ?? detector.nClusters
      detector.maxIterations = options.maxIterations ?? detector.maxIterations
      detector.scaling = options.clusterScaling ?? detector.scaling
      return detector
    },
    Entry(name: "pca", summary: "PCA reconstruction error") { options in
      var detector = PCAReconstruction(
        nComponents: options.nComponents ?? .varianceFraction(0.9))
      detector.mahalanobis = options.mahalanobis ?? detector.mahalanobis
      return detector
    },
    Entry(name: "iforest", summary: "isolation forest") { options in
      var detector = IsolationForest()
      detector.nEstimators = options.nEstimators ?? detector.nEstimators
      detector.maxSamples = options.maxSamples ?? detector.maxSamples
      detector.maxFeatures = options.maxFeatures ?? detector.maxFeatures
      return detector
    },
  ]

  private static let autoencoders =
    [
      Entry(
        name: "autoencoder",
        summary: "the default architecture, \(Architecture.automatic.rawValue)"
      ) { $0.autoencoder.detector(.automatic) }
    ]
    + Architecture.allCases.map { architecture in
      Entry(name: architecture.rawValue, summary: "autoencoder") {
        $0.autoencoder.detector(architecture)
      }
    }

  /// The detector of that name.
  ///
  /// - Throws: `ExperimentFault.unknownDetector`.
  public func entry(named name: String) throws -> Entry {
    guard let entry = entries.first(where: { $0.name == name }) else {
      throw ExperimentFault.unknownDetector(
        name, known: entries.map(\.name))
    }
    return entry
  }

  /// The detectors of those names, `all` standing for every one that is not
  /// trained by epochs.
  ///
  /// - Throws: `ExperimentFault.unknownDetector`.
  public func detectors(
    named names: [String], options: DetectorOptions = DetectorOptions()
  ) throws -> [NamedDetector] {
    let chosen = try names.flatMap { name in
      name == "all"
        ? entries.filter { $0.type != Autoencoder.self }
        : [try entry(named: name)]
    }
    return chosen.map { NamedDetector($0.name, $0.make(options)) }
  }
}
