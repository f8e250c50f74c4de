import Datasets
import Evaluation

/// The figures of one detector on one category with one seed.
///
/// The names are those of the command's JSON.
public struct DetectorResult: Hashable, Sendable {
  /// As `Dataset.name` has it.
  public var dataset: String
  /// As `DatasetCategory.name` has it.
  public var category: String
  /// As `NamedDetector.name` has it.
  public var detector: String
  /// `pixels`, `hog`, or `columns` for a table.
  public var features: String
  /// What every random choice of the fit follows from.
  public var seed: UInt64
  /// The AUROC of every kind of defect by itself, against all ordinary samples;
  /// empty where the data names no kinds, or the detector failed.
  public var defectAurocs: [String: Double] = [:]
  package var figures = FigureValues()

  /// - Parameters:
  ///   - dataset: The name of the file or folder.
  ///   - category: What it was fitted to and judged on.
  ///   - detector: Its name in tables.
  ///   - features: The word for them in tables.
  ///   - seed: Of the fit.
  ///   - evaluation: Where its AUC and average precision come from; nil for a
  ///     detector that failed.
  public init(
    dataset: String, category: DatasetCategory, detector: String,
    features: String, seed: UInt64 = 0, evaluation: Evaluation? = nil
  ) {
    self.dataset = dataset
    self.category = category.name
    self.detector = detector
    self.features = features
    self.seed = seed
    figures[.trainCount] = Double(category.train.count)
    figures[.testCount] = Double(category.test.count)
    figures[.loadSeconds] = 0
    figures[.auroc] = evaluation?.auroc
    figures[.averagePrecision] = evaluation?.averagePrecision
  }

  /// Nil when the detector failed.
  public var auroc: Double? { figures[.auroc] }
  /// From the share of anomalies to 1; nil when the detector failed.
  public var averagePrecision: Double? { figures[.averagePrecision] }
  /// Of all test pixels; nil unless the detector gives a score for every pixel
  /// and masks tell where the defects are.
  public var pixelAuroc: Double? { figures[.pixelAuroc] }
  /// The area under the per-region-overlap curve up to 30 % false positives;
  /// nil as `pixelAuroc` is.
  public var aupro: Double? { figures[.aupro] }
  /// The training samples of the category.
  public var trainCount: Int { Int(figures[.trainCount] ?? 0) }
  /// The test samples of the category.
  public var testCount: Int { Int(figures[.testCount] ?? 0) }
  /// For the fit; nil when the detector failed.
  public var fitSeconds: Double? { figures[.fitSeconds] }
  /// For scoring all test samples; nil when the detector failed.
  public var scoreSeconds: Double? { figures[.scoreSeconds] }
  /// For reading the samples and making features, shared by all detectors.
  public var loadSeconds: Double { figures[.loadSeconds] ?? 0 }
}

extension DetectorResult: Codable {
  private enum CodingKeys: CodingKey {
    case dataset
    case category
    case detector
    case features
    case seed
    case defectAurocs
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    dataset = try container.decode(String.self, forKey: .dataset)
    category = try container.decode(String.self, forKey: .category)
    detector = try container.decode(String.self, forKey: .detector)
    features = try container.decode(String.self, forKey: .features)
    seed = try container.decode(UInt64.self, forKey: .seed)
    defectAurocs =
      try container.decodeIfPresent(
        [String: Double].self, forKey: .defectAurocs) ?? [:]
    figures = try FigureValues(from: decoder)
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(dataset, forKey: .dataset)
    try container.encode(category, forKey: .category)
    try container.encode(detector, forKey: .detector)
    try container.encode(features, forKey: .features)
    try container.encode(seed, forKey: .seed)
    if !defectAurocs.isEmpty {
      try container.encode(defectAurocs, forKey: .defectAurocs)
    }
    try figures.encode(to: encoder)
  }
}
