import Diagnostics
import LinearAlgebra
import Synchronization

/// Finds samples that random cuts separate early.
///
/// Each tree cuts a small sub-sample at random features and thresholds until
/// every sample stands alone; anomalies stand alone after few cuts. Liu, Ting
/// and Zhou, "Isolation Forest", ICDM 2008.
///
/// scikit-learn's name for it: `sklearn.ensemble.IsolationForest`.
public struct IsolationForest: Detector {
  /// How many training samples a tree sees.
  public enum SampleCount: Codable, Hashable, Sendable {
    /// 256, or all samples when there are fewer.
    case automatic
    /// This many, or all samples when there are fewer; at least 1.
    case count(Int)
    /// This share of the samples, above 0 and at most 1.
    case fraction(Double)
  }

  /// How many features a tree may cut.
  public enum FeatureCount: Codable, Hashable, Sendable {
    /// This many; at least 1, at most the number of features.
    case count(Int)
    /// This share of the features, above 0 and at most 1; at least one feature.
    case fraction(Double)
  }

  /// The number of trees, at least 1 (default 100).
  public var nEstimators: Int
  /// The sub-sample of each tree, drawn without replacement (default
  /// automatic).
  public var maxSamples: SampleCount
  /// The features of each tree, drawn without replacement (default all).
  public var maxFeatures: FeatureCount

  public init(
    nEstimators: Int = 100, maxSamples: SampleCount = .automatic,
    maxFeatures: FeatureCount = .fraction(1)
  ) {
    self.nEstimators = nEstimators
    self.maxSamples = maxSamples
    self.maxFeatures = maxFeatures
  }

  /// Grows the trees; O(trees · subsample · log subsample) but for a check of
  /// the samples.
  public func fit(
    _ samples: Matrix, in context: FitContext
  ) throws -> IsolationForestModel {
    try Parallel.$threadCount.withValue(context.threadCount) {
      try samples.checkForFit()
      let sampleCount = try resolvedSampleCount(of: samples.rows)
      let featureCount = try resolvedFeatureCount(of: samples.columns)
      let heightLimit = IsolationTree.heightLimit(sampleCount: sampleCount)
      try checkMemory(heightLimit: heightLimit, in: context)

      let finished = Atomic<Int>(0)
      let trees = try Parallel.map(nEstimators) { index in
        try context.cancellation.check()
        var generator = SeededGenerator(
          seed: context.seed, stream: UInt64(index))
        let tree = try IsolationTree(
          rows: generator.sample(sampleCount, below: samples.rows),
          features: generator.sample(featureCount, below: samples.columns),
          of: samples, heightLimit: heightLimit, using: &generator,
          cancellation: context.cancellation)
        context.progress.report(
          ProgressReport(
            stage: "growing trees",
            completed: finished.add(1, ordering: .relaxed).newValue,
            total: nEstimators))
        return tree
      }
      return IsolationForestModel(
        trees, sampleCount: sampleCount, featureCount: samples.columns)
    }
  }

  private func resolvedSampleCount(of rows: Int) throws -> Int {
    switch maxSamples {
    case .automatic: return min(256, rows)
    case .count(let count):
      guard count >= 1 else {
        throw DetectorFault.invalidHyperparameter(
          name: "maxSamples", value: "\(count)",
          allowed: "a count of 1 or more")
      }
      return min(count, rows)
    case .fraction(let fraction):
      try checkFraction(fraction, name: "maxSamples")
      return max(1, Int(fraction * Double(rows)))
    }
  }

  private func resolvedFeatureCount(of columns: Int) throws -> Int {
    switch maxFeatures {
    case .count(let count):
      guard 1...columns ~= count else {
        throw DetectorFault.invalidHyperparameter(
          name: "maxFeatures", value: "\(count)",
          allowed: "a count from 1 to the number of features, \(columns)")
      }
      return count
    case .fraction(let fraction):
      try checkFraction(fraction, name: "maxFeatures")
      return max(1, Int(fraction * Double(columns)))
    }
  }

  private func checkFraction(_ fraction: Double, name: String) throws {
    guard fraction > 0, fraction <= 1 else {
      throw DetectorFault.invalidHyperparameter(
        name: name, value: "\(fraction)",
        allowed: "a fraction above 0 and at most 1")
    }
  }

  private func checkMemory(
    heightLimit: Int, in context: FitContext
  ) throws {
    guard nEstimators >= 1 else {
      throw DetectorFault.invalidHyperparameter(
        name: "nEstimators", value: "\(nEstimators)",
        allowed: "a count of 1 or more")
    }
    // The trees, and once more while they are joined to a forest.
    let needed =
      2.0 * Double(nEstimators)
      * Double(IsolationTree.byteCount(heightLimit: heightLimit))
    guard needed <= Double(context.memoryBudget) else {
      throw DetectorFault.exceedsMemoryBudget(
        needed: Int(needed), budget: context.memoryBudget,
        remedy: "lower --max-samples or --n-estimators")
    }
  }
}

extension IsolationForest.SampleCount: LosslessStringConvertible {
  /// Reads `auto`, `256` or `0.5`; nil for any other text.
  public init?(_ text: String) {
    if text == "auto" {
      self = .automatic
    } else if let count = Int(text) {
      self = .count(count)
    } else if let fraction = Double(text) {
      self = .fraction(fraction)
    } else {
      return nil
    }
  }

  /// The text that `init(_:)` reads.
  public var description: String {
    switch self {
    case .automatic: "auto"
    case .count(let count): "\(count)"
    case .fraction(let fraction): "\(fraction)"
    }
  }
}

extension IsolationForest.FeatureCount: LosslessStringConvertible {
  /// Reads `3` or `0.5`; nil for any other text.
  ///
  /// As in scikit-learn `1` is one feature and `1.0` all of them.
  public init?(_ text: String) {
    if let count = Int(text) {
      self = .count(count)
    } else if let fraction = Double(text) {
      self = .fraction(fraction)
    } else {
      return nil
    }
  }

  /// The text that `init(_:)` reads.
  public var description: String {
    switch self {
    case .count(let count): "\(count)"
    case .fraction(let fraction): "\(fraction)"
    }
  }
}
