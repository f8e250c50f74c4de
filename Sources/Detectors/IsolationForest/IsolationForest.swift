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
  /// How many further features a cut weighs: 0 cuts at one feature, the number
  /// of features less one in any direction (Hariri, Carrasco Kind and Brunner,
  /// "Extended isolation forest", IEEE TKDE 2019; default 0).
  public var extensionLevel: Int

  /// By default: 100 trees, sub-samples of automatic size, all features, cuts at
  /// one feature.
  public init(
    nEstimators: Int = 100, maxSamples: SampleCount = .automatic,
    maxFeatures: FeatureCount = .fraction(1), extensionLevel: Int = 0
  ) {
    self.extensionLevel = extensionLevel
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
      Parameter(
        "extension-level", \.extensionLevel, .level,
        "further features that a cut weighs"),
    ]
  }

  public var isShared: Bool { true }

  public var invariance: Invariance {
    [.shift, extensionLevel == 0 ? .featureScales : .scale]
  }

  /// The entry of the catalogue, `iforest`.
  public static let description = DetectorDescription(
    "iforest", "isolation forest", prototype: IsolationForest())

  /// Grows the trees; O(trees · subsample · log subsample) but for a check of
  /// the samples.
  ///
  /// Of samples that are not in memory only those that some tree sees are read,
  /// a few trees at a time where they would take half of the memory budget; the
  /// trees are the same. Several processes grow some trees each.
  public func learn(
    from source: any SampleSource, in context: RunContext
  ) throws -> IsolationForestModel {
    let plan = try Plan(
      self, rows: source.rows, columns: source.columns, in: context)
    let own = context.team.share(of: nEstimators)
    var trees: [IsolationTree] = []
    if let samples = source as? Matrix {
      trees = try grow(plan, Array(plan.draws[own]), over: samples, in: context)
    } else {
      let treesAtOnce = try plan.treesAtOnce(
        columns: source.columns, in: context)
      for group in Parallel.blocks(own, size: treesAtOnce) {
        let (draws, drawn) = plan.draws(group)
        trees += try grow(
          plan, draws, over: source.finite(rows: drawn),
          after: trees.count, in: context)
      }
    }
    return IsolationForestModel(
      trees, sampleCount: plan.sampleCount, featureCount: source.columns,
      in: context.team)
  }

  private func grow(
    _ plan: Plan, _ draws: [Plan.Draw], over samples: Matrix,
    after count: Int = 0, in context: RunContext
  ) throws -> [IsolationTree] {
    let finished = Atomic<Int>(count)
    return try Parallel.map(draws.count) { index in
      try context.cancellation.check()
      var draw = draws[index]
      let tree = try IsolationTree(
        rows: draw.rows,
        features: draw.generator.sample(
          plan.featureCount, below: samples.columns),
        of: samples, heightLimit: plan.heightLimit, width: plan.width,
        using: &draw.generator,
        cancellation: context.cancellation)
      context.progress.report(
        ProgressReport(
          stage: "growing trees",
          completed: finished.add(1, ordering: .relaxed).newValue,
          total: nEstimators))
      return tree
    }
  }
}

/// The hyper-parameters for samples of one shape, and the rows of every tree.
private struct Plan {
  let sampleCount: Int
  let featureCount: Int
  let heightLimit: Int
  /// The features that a cut weighs.
  let width: Int
  /// The rows of a tree, and its random numbers after they were drawn.
  typealias Draw = (rows: [Int], generator: SeededGenerator)
  /// One for every tree.
  let draws: [Draw]

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
    width = min(detector.extensionLevel + 1, featureCount)
    if detector.extensionLevel >= featureCount {
      context.warn(
        "a cut weighs all \(featureCount) features that a tree sees, not"
          + " \(detector.extensionLevel + 1)")
    }

    // The trees, once more while they are joined to a forest, and their rows.
    let bytesPerTree =
      2 * IsolationTree.byteCount(heightLimit: heightLimit, width: width)
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

  /// The rows that any tree of a group sees, and what the trees drew, counted
  /// among those.
  func draws(_ group: Range<Int>) -> (draws: [Draw], rows: [Int]) {
    let rows = Set(draws[group].lazy.flatMap(\.rows)).sorted()
    let places = Dictionary(uniqueKeysWithValues: zip(rows, rows.indices))
    let draws = draws[group].map { draw in
      (draw.rows.compactMap { places[$0] }, draw.generator)
    }
    return (draws, rows)
  }

  /// How many trees have rows that fit half of the memory budget together.
  ///
  /// - Throws: `DetectorFault.exceedsMemoryBudget` when not even one has.
  func treesAtOnce(columns: Int, in context: RunContext) throws -> Int {
    let needed = sampleCount * columns * MemoryLayout<Float>.stride
    guard needed <= context.memoryBudget else {
      throw DetectorFault.exceedsMemoryBudget(
        needed: needed, budget: context.memoryBudget,
        remedy: "lower \(option: "max-samples")")
    }
    return max(1, context.memoryBudget / 2 / needed)
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

extension ParameterDomain<Int> {
  fileprivate static var level: ParameterDomain {
    whole(0...1_000_000, "a count from 0 to 1000000")
  }
}

extension IsolationForest {
  private enum CodingKeys: CodingKey {
    case nEstimators
    case maxSamples
    case maxFeatures
    case extensionLevel
  }

  /// Also of files that know nothing of `extensionLevel`.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    nEstimators = try container.decode(Int.self, forKey: .nEstimators)
    maxSamples = try container.decode(SampleCount.self, forKey: .maxSamples)
    maxFeatures = try container.decode(FeatureCount.self, forKey: .maxFeatures)
    extensionLevel =
      try container.decodeIfPresent(Int.self, forKey: .extensionLevel) ?? 0
  }
}

extension ParameterDomain<IsolationForest.SampleCount> {
  fileprivate static var sampleCount: ParameterDomain {
    ParameterDomain("auto, a count, or a fraction above 0 and at most 1.0") {
      count in
      switch count {
      case .automatic: true
      case .count(let count): ParameterDomain<Int>.counts.contains(count)
      case .fraction(let fraction): fraction > 0 && fraction <= 1
      }
    }
  }
}

extension ParameterDomain<IsolationForest.FeatureCount> {
  fileprivate static var featureCount: ParameterDomain {
    ParameterDomain("a count, or a fraction above 0 and at most 1.0") { count in
      switch count {
      case .count(let count): ParameterDomain<Int>.counts.contains(count)
      case .fraction(let fraction): fraction > 0 && fraction <= 1
      }
    }
  }
}
