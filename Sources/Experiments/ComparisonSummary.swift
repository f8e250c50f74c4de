import Foundation

/// The mean of one detector over categories and seeds.
public struct MeanResult: Codable, Hashable, Sendable {
  public var detector: String
  public var features: String
  /// The mean over categories of the mean over seeds; nil when a run failed.
  public var auroc: Double?

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(detector, forKey: .detector)
    try container.encode(features, forKey: .features)
    try container.encode(auroc, forKey: .auroc)
  }
}

/// All results of a comparison and their means: the command's JSON document.
public struct ComparisonSummary: Codable, Hashable, Sendable {
  public var results: [DetectorResult]
  public var mean: [MeanResult]

  public init(_ results: [DetectorResult]) {
    self.results = results
    let detectors = results.map(\.detector).uniqued()
    mean = detectors.map { detector in
      let own = results.filter { $0.detector == detector }
      let aurocs = own.compactMap(\.auroc)
      return MeanResult(
        detector: detector, features: own[0].features,
        auroc: aurocs.count == own.count
          ? aurocs.reduce(0, +) / Double(aurocs.count) : nil)
    }
  }

  /// The categories in the order of the results.
  public var categories: [String] { results.map(\.category).uniqued() }
  /// The detectors in the order of the results.
  public var detectors: [String] { results.map(\.detector).uniqued() }

  /// The AUROC of a detector on a category over the seeds; empty when one of
  /// the runs failed.
  public func aurocs(detector: String, category: String) -> [Double] {
    let own = results.filter {
      $0.detector == detector && $0.category == category
    }
    let aurocs = own.compactMap(\.auroc)
    return aurocs.count == own.count ? aurocs : []
  }
}
