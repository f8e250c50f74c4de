import Evaluation

/// The mean of one detector over categories and seeds.
package struct MeanResult: Hashable, Sendable {
  package var detector: String
  package var features: String
  /// Of all its runs together.
  package var figures: FigureValues

  /// The mean over categories of the mean over seeds; nil when a run failed.
  package var auroc: Double? { figures[.auroc] }
}

extension MeanResult: Codable {
  private enum CodingKeys: CodingKey {
    case detector
    case features
    case auroc
  }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    detector = try container.decode(String.self, forKey: .detector)
    features = try container.decode(String.self, forKey: .features)
    figures = FigureValues()
    figures[.auroc] = try container.decode(Double?.self, forKey: .auroc)
  }

  /// Of the figures, the document has the mean AUROC alone.
  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(detector, forKey: .detector)
    try container.encode(features, forKey: .features)
    try container.encode(auroc, forKey: .auroc)
  }
}

/// All results of a comparison and their means: the command's JSON document.
package struct ComparisonSummary: Codable, Hashable, Sendable {
  package var results: [DetectorResult]
  package var mean: [MeanResult]

  package init(_ results: [DetectorResult]) {
    self.results = results
    mean = results.map { [$0.detector, $0.features] }.uniqued().map { names in
      let own = results.filter { [$0.detector, $0.features] == names }
      return MeanResult(
        detector: names[0], features: names[1],
        figures: FigureValues(combining: own.map { ($0.seed, $0.figures) }))
    }
  }

  /// The categories in the order of the results.
  package var categories: [String] { results.map(\.category).uniqued() }
  /// The detectors in the order of the results.
  package var detectors: [String] { results.map(\.detector).uniqued() }

  /// The AUROC of a detector on a category over the seeds; empty when one of
  /// the runs failed.
  package func aurocs(detector: String, category: String) -> [Double] {
    let own = results.filter {
      $0.detector == detector && $0.category == category
    }
    let aurocs = own.compactMap(\.auroc)
    return aurocs.count == own.count ? aurocs : []
  }
}
