/// The mean and the spread of an AUROC over seeds.
public struct AUROCSpread: Hashable, Sendable {
  /// From 0 to 1.
  public var mean: Double
  /// The sample standard deviation; nil for one seed.
  public var deviation: Double?

  /// Of one figure a seed; nil for none.
  public init?(_ values: [Double]) {
    guard !values.isEmpty else { return nil }
    let mean = Self.mean(values)
    self.mean = mean
    deviation =
      values.count > 1
      ? (values.map { ($0 - mean) * ($0 - mean) }.reduce(0, +)
        / Double(values.count - 1)).squareRoot() : nil
  }

  /// Of the means over everything else, seed by seed; nil for no runs, and
  /// when one of them failed.
  package init?(_ runs: [AblationRun]) {
    let aurocs = runs.compactMap(\.result.auroc)
    guard aurocs.count == runs.count else { return nil }
    // In the order of the runs: that of a dictionary would change the last
    // digits from one time to the next.
    let seeds = runs.map(\.identity.seed)
    self.init(
      seeds.uniqued().map { seed in
        Self.mean(zip(seeds, aurocs).filter { $0.0 == seed }.map(\.1))
      })
  }

  private static func mean(_ values: [Double]) -> Double {
    values.reduce(0, +) / Double(values.count)
  }
}
