import Autoencoders
import Datasets
import Detectors
import Features
import Images

/// Something that a study sets, or varies: the detector, a hyper-parameter or
/// what becomes of the samples before.
///
/// Names and values are those of the command's options.
struct StudyFactor: Sendable {
  let name: String
  /// The values that are possible, in words.
  let allowed: String
  /// The detectors that it matters to; nil for all.
  let detectors: Set<String>?
  /// Sets it; false for a text that is no value.
  let apply: @Sendable (String, inout StudyConfiguration) -> Bool

  private init(
    _ name: String, _ allowed: String, of detectors: Set<String>? = nil,
    apply: @escaping @Sendable (String, inout StudyConfiguration) -> Bool
  ) {
    self.name = name
    self.allowed = allowed
    self.detectors = detectors
    self.apply = apply
  }

  /// A factor whose value is read from text and kept where the path says.
  private init<Value>(
    _ name: String, _ allowed: String, of detectors: Set<String>? = nil,
    _ path: WritableKeyPath<StudyConfiguration, Value?> & Sendable,
    read: @escaping @Sendable (String) -> Value?
  ) {
    self.init(name, allowed, of: detectors) { text, configuration in
      guard let value = read(text) else { return false }
      configuration[keyPath: path] = value
      return true
    }
  }

  func matters(to detector: String) -> Bool {
    detectors?.contains(detector) ?? true
  }

  static func named(_ name: String) -> StudyFactor? {
    all.first { $0.name == name }
  }

  static let detector = StudyFactor(
    "detector",
    DetectorCatalog.standard.entries.map(\.name).joined(separator: ", ")
  ) { text, configuration in
    configuration.detector = text
    return (try? DetectorCatalog.standard.entry(named: text)) != nil
  }

  static let all = [detector] + preparation + classical + autoencoders

  private static let preparation = [
    StudyFactor(
      "features", FeatureKind.allNames
    ) { text, configuration in
      guard let kind = FeatureKind(rawValue: text) else { return false }
      configuration.features.kind = kind
      return true
    },
    StudyFactor("size", "pixels a side, 1 to 4096") { text, configuration in
      guard let side = whole(1...4096)(text) else { return false }
      configuration.features.size = PixelSize(square: side)
      return true
    },
    StudyFactor("color", ColorMode.allNames) { text, configuration in
      guard let color = ColorMode(rawValue: text) else { return false }
      configuration.features.color = color
      return true
    },
    StudyFactor(
      "scaler", Scaler.allNames, \.scaler, read: Scaler.init(rawValue:)),
  ]

  private static let classical = [
    StudyFactor(
      "nu", "a number above 0 and at most 1", of: ["ocsvm"], \.options.nu,
      read: number { $0 > 0 && $0 <= 1 }),
    StudyFactor(
      "gamma", "scale, auto or a number above 0", of: ["ocsvm"],
      \.options.gamma
    ) { text in
      Gamma(text).flatMap {
        if case .value(let value) = $0, !(value > 0 && value.isFinite) {
          nil
        } else {
          $0
        }
      }
    },
    StudyFactor(
      "n-clusters", "a count of 1 or more", of: ["kmeans"],
      \.options.nClusters, read: count),
    StudyFactor(
      "n-init", "a count of 1 or more", of: ["kmeans"], \.options.nInit,
      read: count),
    StudyFactor(
      "max-iter", "a count of 1 or more", of: ["kmeans", "ocsvm"],
      \.options.maxIterations, read: count),
    StudyFactor(
      "cluster-scaling", ClusterScaling.allNames, of: ["kmeans"],
      \.options.clusterScaling, read: ClusterScaling.init(rawValue:)),
    StudyFactor(
      "n-components", "a count, a fraction of the variance below 1, or auto",
      of: ["pca"], \.options.nComponents, read: ComponentCount.init),
    StudyFactor(
      "mahalanobis", "true or false", of: ["pca"], \.options.mahalanobis,
      read: Bool.init),
    StudyFactor(
      "n-estimators", "a count of 1 or more", of: ["iforest"],
      \.options.nEstimators, read: count),
    StudyFactor(
      "max-samples", "auto, a count, or a fraction up to 1.0",
      of: ["iforest", "ocsvm"], \.options.maxSamples,
      read: IsolationForest.SampleCount.init),
    StudyFactor(
      "max-features", "a count, or a fraction up to 1.0", of: ["iforest"],
      \.options.maxFeatures, read: IsolationForest.FeatureCount.init),
  ]

  private static let autoencoders: [StudyFactor] = [
    StudyFactor(
      "epochs", "a count of 1 or more", of: networks,
      \.options.autoencoder.epochs, read: count),
    StudyFactor(
      "batch-size", "a count of 1 or more", of: networks,
      \.options.autoencoder.batchSize, read: count),
    StudyFactor(
      "learning-rate", "a number above 0", of: networks,
      \.options.autoencoder.learningRate, read: single { $0 > 0 }),
    StudyFactor(
      "schedule", TrainingOptions.Schedule.allNames, of: networks,
      \.options.autoencoder.schedule,
      read: TrainingOptions.Schedule.init(rawValue:)),
    StudyFactor(
      "optimizer", TrainingOptions.Optimizer.allNames, of: networks,
      \.options.autoencoder.optimizer,
      read: TrainingOptions.Optimizer.init(rawValue:)),
    StudyFactor(
      "weight-decay", "a number of 0 or more", of: networks,
      \.options.autoencoder.weightDecay, read: single { $0 >= 0 }),
    StudyFactor(
      "patience", "a count of 1 or more", of: networks,
      \.options.autoencoder.patience, read: count),
    StudyFactor(
      "validation-fraction", "a number between 0 and 1", of: networks,
      \.options.autoencoder.validationFraction,
      read: single { $0 > 0 && $0 < 1 }),
    StudyFactor(
      "widths", "counts with commas, such as \"12,24,48\"", of: networks,
      \.options.autoencoder.widths
    ) { text in
      let parts = text.split(separator: ",", omittingEmptySubsequences: false)
      let widths = parts.compactMap { count(String($0)) }
      return widths.count == parts.count ? widths : nil
    },
    StudyFactor(
      "latent-size", "a count of 1 or more", of: networks,
      \.options.autoencoder.latentSize, read: count),
    StudyFactor(
      "beta", "a number of 0 or more", of: [Architecture.vae.rawValue],
      \.options.autoencoder.beta, read: single { $0 >= 0 }),
    StudyFactor(
      "warm-up-epochs", "a count of 0 or more",
      of: [Architecture.vae.rawValue], \.options.autoencoder.warmUpEpochs,
      read: whole(0...Int.max)),
    StudyFactor(
      "score", Autoencoder.Score.allNames, of: networks,
      \.options.autoencoder.score, read: Autoencoder.Score.init(rawValue:)),
  ]

  private static let networks = Set(
    DetectorCatalog.standard.entries.filter { $0.type == Autoencoder.self }
      .map(\.name))

  private static let count = whole(1...Int.max)

  private static func whole(
    _ range: ClosedRange<Int>
  ) -> @Sendable (String) -> Int? {
    { Int($0).flatMap { range.contains($0) ? $0 : nil } }
  }

  private static func number(
    _ isAllowed: @escaping @Sendable (Double) -> Bool
  ) -> @Sendable (String) -> Double? {
    { Double($0).flatMap { $0.isFinite && isAllowed($0) ? $0 : nil } }
  }

  private static func single(
    _ isAllowed: @escaping @Sendable (Double) -> Bool
  ) -> @Sendable (String) -> Float? {
    { number(isAllowed)($0).map(Float.init) }
  }
}

extension CaseIterable where Self: RawRepresentable<String> {
  fileprivate static var allNames: String {
    allCases.map(\.rawValue).joined(separator: ", ")
  }
}

/// What the values of a setting mean.
struct StudyConfiguration: Sendable {
  var detector = ""
  var options = DetectorOptions()
  var features = FeatureRecipe()
  var scaler: Scaler?

  /// - Precondition: the setting's values have been read before.
  init(_ setting: StudySetting) {
    for (name, value) in setting.values {
      _ = StudyFactor.named(name)?.apply(value, &self)
    }
  }

  init() {}

  var namedDetector: NamedDetector {
    get throws {
      let entry = try DetectorCatalog.standard.entry(named: detector)
      return NamedDetector(entry.name, entry.make(options))
    }
  }
}
