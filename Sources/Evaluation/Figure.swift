/// A figure of a run: what it is called, how it is told, and what several runs
/// make of it.
///
/// JSON, CSV and the tables of reports walk `all`: a figure is added there.
package struct Figure: Hashable, Sendable {
  /// Which values are preferred.
  package enum Better: Hashable, Sendable {
    case higher
    case lower
    case neither
  }

  package enum Format: Hashable, Sendable {
    /// From 0 to 1, with four places.
    case fraction
    case count
    /// With three places; a sum with two.
    case seconds
  }

  /// How the figures of several runs become one.
  package enum Combination: Hashable, Sendable {
    case mean
    case sum
    /// The sum over the runs of the first seed: the others repeat it.
    case sumOfFirstSeed
    /// They are not put together: several detectors share it.
    case none
  }

  /// The key of JSON and the column of CSV.
  package let name: String
  /// What people call it.
  private let word: String
  package let better: Better
  package let format: Format
  package let combination: Combination
  /// Whether only detectors have it that give a score for every pixel.
  package let isOfPixels: Bool

  private init(
    _ name: String, _ word: String, _ better: Better, _ format: Format,
    _ combination: Combination, isOfPixels: Bool = false
  ) {
    self.name = name
    self.word = word
    self.better = better
    self.format = format
    self.combination = combination
    self.isOfPixels = isOfPixels
  }

  /// Seconds, for a time; nil for what has no unit.
  package var unit: String? { format == .seconds ? "s" : nil }

  /// The heading of a table, with the unit.
  package var title: String { unit.map { "\(word) \($0)" } ?? word }

  package static let auroc = Figure("auroc", "AUC", .higher, .fraction, .mean)
  package static let averagePrecision = Figure(
    "averagePrecision", "average precision", .higher, .fraction, .mean)
  package static let pixelAuroc = Figure(
    "pixelAuroc", "pixel AUC", .higher, .fraction, .mean, isOfPixels: true)
  package static let aupro = Figure(
    "aupro", "AUPRO", .higher, .fraction, .mean, isOfPixels: true)
  package static let trainCount = Figure(
    "trainCount", "train", .neither, .count, .sumOfFirstSeed)
  package static let testCount = Figure(
    "testCount", "test", .neither, .count, .sumOfFirstSeed)
  package static let fitSeconds = Figure(
    "fitSeconds", "fit", .lower, .seconds, .sum)
  package static let scoreSeconds = Figure(
    "scoreSeconds", "score", .lower, .seconds, .sum)
  package static let loadSeconds = Figure(
    "loadSeconds", "load", .lower, .seconds, .none)

  /// All figures, in the order in which they are told.
  package static let all = [
    auroc, averagePrecision, pixelAuroc, aupro, trainCount, testCount,
    fitSeconds, scoreSeconds, loadSeconds,
  ]
}

/// The figures of one run, or of several put together.
package struct FigureValues: Hashable, Sendable {
  private var values: [String: Double] = [:]

  package init() {}

  /// Those of several runs, as each figure has it; nil where one of the runs
  /// that count has none.
  package init(combining runs: [(seed: UInt64, figures: FigureValues)]) {
    for figure in Figure.all {
      let counted =
        switch figure.combination {
        case .mean, .sum: runs
        case .sumOfFirstSeed: runs.filter { $0.seed == runs[0].seed }
        case .none: runs.filter { _ in false }
        }
      let values = counted.compactMap { $0.figures[figure] }
      guard !values.isEmpty, values.count == counted.count else { continue }
      let sum = values.reduce(0, +)
      self[figure] =
        figure.combination == .mean ? sum / Double(values.count) : sum
    }
  }

  /// Nil where there is none, such as after a failure.
  package subscript(figure: Figure) -> Double? {
    get { values[figure.name] }
    set { values[figure.name] = newValue }
  }
}

extension FigureValues: Codable {
  private struct Key: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  /// Absent figures may be null, or left out as earlier versions did with
  /// figures that they did not know.
  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    for figure in Figure.all {
      let key = Key(stringValue: figure.name)
      self[figure] =
        figure.format == .count
        ? try container.decodeIfPresent(Int.self, forKey: key).map(Double.init)
        : try container.decodeIfPresent(Double.self, forKey: key)
    }
  }

  /// Absent figures are null, not absent keys.
  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    for figure in Figure.all {
      let key = Key(stringValue: figure.name)
      if figure.format == .count {
        try container.encode(self[figure].map { Int($0) }, forKey: key)
      } else {
        try container.encode(self[figure], forKey: key)
      }
    }
  }
}
