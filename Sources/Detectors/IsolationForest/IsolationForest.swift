import Diagnostics
import Execution
import LinearAlgebra
import Parameters
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
    /// This many; at least 1; all where there are fewer.
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

  public var parameters: [Parameter<Self>] {
    [
      Parameter("n-estimators", \.nEstimators, .count, "number of trees"),
      Parameter(
        "max-samples", \.maxSamples, .sampleCount,
        "samples a tree, 256 with auto"),
      Parameter(
        "max-features", \.maxFeatures, .featureCount,
        "features a tree sees, all with 1.0"),
    ]
  }

  public static let description = DetectorDescription(
    "iforest", "isolation forest", prototype: IsolationForest())

  /// Grows the trees; O(trees · subsample · log subsample) but for a check of
  /// the samples.
  ///
  /// Of samples that are not in memory only those that some tree
  /// sees are read; the trees are the same.
  public func learn(
    from source: any SampleSource, in context: RunContext
  ) throws -> IsolationForestModel {
    var plan = try Plan(
      self, rows: source.rows, columns: source.columns, in: context)
    if let samples = source as? Matrix {
      return try grow(plan, over: samples, in: context)
    }
    let drawn = plan.keepOnlyDrawnRows()
    return try grow(plan, over: source.finite(rows: drawn), in: context)
  }

  private func grow(
    _ plan: Plan, over samples: Matrix, in context: RunContext
  ) throws -> IsolationForestModel {
    let finished = Atomic<Int>(0)
    let trees = try Parallel.map(nEstimators) { index in
      try context.cancellation.check()
      var draw = plan.draws[index]
      let tree = try IsolationTree(
        rows: draw.rows,
        features: draw.generator.sample(
          plan.featureCount, below: samples.columns),
        of: samples, heightLimit: plan.heightLimit, using: &draw.generator,
        cancellation: context.cancellation)
      context.progress.report(
        ProgressReport(
          stage: "growing trees",
          completed: finished.add(1, ordering: .relaxed).newValue,
          total: nEstimators))
      return tree
    }
    return IsolationForestModel(
      trees, sampleCount: plan.sampleCount, featureCount: samples.columns)
  }
}

/// The hyper-parameters for samples of one shape, and the rows of every tree.
private struct Plan {
  let sampleCount: Int
  let featureCount: Int
  let heightLimit: Int
  /// For every tree its rows, and its random numbers after they were drawn.
  private(set) var draws: [(rows: [Int], generator: SeededGenerator)]

  init(
    _ detector: IsolationForest, rows: Int, columns: Int,
    in context: RunContext
  ) throws {
    let sampleCount = detector.maxSamples.resolved(of: rows)
    self.sampleCount = sampleCount
    featureCount = detector.maxFeatures.resolved(of: columns)
    if case .count(let wanted) = detector.maxFeatures, wanted > columns {
      context.warn(
        "there are \(columns) features, not the \(wanted) that a tree may see")
    }
    heightLimit = IsolationTree.heightLimit(sampleCount: sampleCount)

    // The trees, once more while they are joined to a forest, and their rows.
    let bytesPerTree =
      2 * IsolationTree.byteCount(heightLimit: heightLimit)
      + MemoryLayout<Int>.stride * sampleCount
    let needed = Double(detector.nEstimators) * Double(bytesPerTree)
    guard needed <= Double(context.memoryBudget) else {
      throw DetectorFault.exceedsMemoryBudget(
        needed: Int(min(needed, 0x1p62)), budget: context.memoryBudget,
        remedy: "lower \(option: "max-samples") or \(option: "n-estimators")")
    }
    draws = try Parallel.map(detector.nEstimators) { tree in
      try context.cancellation.check()
      var generator = SeededGenerator(seed: context.seed, stream: UInt64(tree))
      return (generator.sample(sampleCount, below: rows), generator)
    }
  }

  /// Gives the rows that any tree sees, and from now on counts among them.
  mutating func keepOnlyDrawnRows() -> [Int] {
    let drawn = Set(draws.lazy.flatMap(\.rows)).sorted()
    let places = Dictionary(
      uniqueKeysWithValues: zip(drawn, drawn.indices))
    for tree in draws.indices {
      draws[tree].rows = draws[tree].rows.compactMap { places[$0] }
    }
    return drawn
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

  fileprivate func resolved(of rows: Int) -> Int {
    switch self {
    case .automatic: min(256, rows)
    case .count(let count): min(count, rows)
    case .fraction(let fraction): max(1, Int(fraction * Double(rows)))
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

  fileprivate func resolved(of columns: Int) -> Int {
    switch self {
    case .count(let count): min(count, columns)
    case .fraction(let fraction): max(1, Int(fraction * Double(columns)))
    }
  }
}

extension Domain<IsolationForest.SampleCount> {
  fileprivate static var sampleCount: Domain {
    Domain("auto, a count, or a fraction above 0 and at most 1.0") { count in
      switch count {
      case .automatic: true
      case .count(let count): count >= 1
      case .fraction(let fraction): fraction > 0 && fraction <= 1
      }
    }
  }
}

extension Domain<IsolationForest.FeatureCount> {
  fileprivate static var featureCount: Domain {
    Domain("a count, or a fraction above 0 and at most 1.0") { count in
      switch count {
      case .count(let count): count >= 1
      case .fraction(let fraction): fraction > 0 && fraction <= 1
      }
    }
  }
}
