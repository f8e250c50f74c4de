import Diagnostics
import Execution

/// Training and test samples of data that come without a split.
enum SeededSplit {
  /// One of so many ordinary samples is not learned from.
  private static let testShare = 4

  /// A category whose training samples are three quarters of the ordinary ones,
  /// drawn by the seed; all others, and the anomalies, are test samples.
  ///
  /// - Parameter path: What faults name as the place.
  /// - Precondition: All samples have labels.
  /// - Throws: `DatasetFault.wrongLabels` of fewer than two ordinary samples.
  static func category(
    named name: String, of samples: [Sample], path: String,
    _ options: DatasetOptions, in context: RunContext
  ) throws -> DatasetCategory {
    let ordinary = samples.indices.filter { samples[$0].label == 0 }
    guard ordinary.count >= 2 || !options.needsTraining else {
      throw DatasetFault.wrongLabels(
        path: path, problem: "\(ordinary.count) pictures are ordinary",
        remedy: "give two or more, one to learn from and one to test")
    }
    var random = SeededGenerator(seed: options.seed)
    let drawn = Set(
      random.sample(
        min(ordinary.count, max(1, ordinary.count / testShare)),
        below: ordinary.count
      ).map { ordinary[$0] })
    let learned = ordinary.filter { !drawn.contains($0) }
    if options.needsTraining {
      context.note(
        "\(name): no split is given; learned from are \(learned.count) of"
          + " \(ordinary.count) ordinary pictures, drawn by the seed"
          + " \(Int(clamping: options.seed)), tested are the other"
          + " \(drawn.count) and \(samples.count - ordinary.count) anomalies")
    }
    let isTraining = Set(learned)
    var category = DatasetCategory(
      name: name, train: SampleSet(imageFiles: learned.map { samples[$0] }),
      test: SampleSet(
        imageFiles: samples.indices.filter { !isTraining.contains($0) }
          .map { samples[$0] }))
    category.hasDrawnSplit = true
    return category
  }
}

extension [Sample] {
  /// The samples to learn from: those that are known to be anomalies are left
  /// out, which is told.
  ///
  /// - Parameter path: What faults name as the place.
  /// - Throws: `DatasetFault.noOrdinaryImages`.
  func withoutAnomalies(
    of name: String, path: String, in context: RunContext
  ) throws -> [Sample] {
    let kept = filter { $0.label != 1 }
    guard !kept.isEmpty else {
      throw DatasetFault.noOrdinaryImages(path: path)
    }
    if kept.count < count {
      let kinds = Set(compactMap { $0.label == 1 ? $0.defect : nil }).sorted()
      context.note(
        "\(name): \(count - kept.count) of \(count) training pictures are"
          + " anomalies"
          + (kinds.isEmpty ? "" : " (\(kinds.joined(separator: ", ")))")
          + ", and are left out")
    }
    return kept
  }
}
