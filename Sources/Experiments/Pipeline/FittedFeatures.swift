import Datasets
import Detectors
import Execution
import Features
import Images
import LinearAlgebra

/// From samples to the rows that a detector sees, and back: the only place
/// where samples are scaled.
struct FittedFeatures: Sendable {
  let extractor: FeatureExtractor
  let scaler: FittedScaler

  /// Learns the scale of the training samples, and gives them on it.
  ///
  /// - Parameter scaler: Nil is the default of the data.
  static func fit(
    _ extractor: FeatureExtractor, _ scaler: Scaler?, to set: SampleSet,
    in context: RunContext
  ) throws -> (features: FittedFeatures, rows: any SampleSource) {
    let scaler = scaler ?? .default(for: extractor)
    let rows = try extractor.rows(of: set, in: context)
    guard scaler != .none else {
      return (FittedFeatures(extractor: extractor, scaler: .identity), rows)
    }
    let matrix = try rows.matrix()
    let fitted = scaler.fit(matrix)
    return (
      FittedFeatures(extractor: extractor, scaler: fitted),
      fitted.scaled(matrix)
    )
  }

  /// The features of a set on the scale of the training samples.
  ///
  /// - Parameter columns: The number of features that there must be.
  func rows(
    of set: SampleSet, columns: Int, in context: RunContext
  ) throws -> any SampleSource {
    let rows = try extractor.rows(of: set, in: context)
    guard rows.columns == columns else {
      throw DetectorFault.wrongFeatureCount(
        actual: rows.columns, expected: columns)
    }
    return scaler.scaled(rows)
  }

  /// Some samples before they are scaled.
  func unscaledRows(
    _ indices: [Int], of set: SampleSet, in context: RunContext
  ) throws -> Matrix {
    try extractor.source(
      of: set.selecting(indices), progress: context.progress,
      cancellation: context.cancellation
    ).matrix()
  }

  /// Rows that are not scaled as images, one a row; none unless the features
  /// are images.
  func images(ofUnscaled rows: Matrix) -> [Image] {
    guard let shape = extractor.featureImageShape else { return [] }
    return (0..<rows.rows).map {
      Image(shape: shape, values: Array(rows.row($0)))
    }
  }

  /// Rows as a detector sees or makes them, as images; none unless the
  /// features are images.
  func images(of rows: Matrix) -> [Image] {
    images(ofUnscaled: scaler.unscaled(rows))
  }
}

extension FeatureExtractor {
  /// The features of a set: in memory, or read when they are needed where they
  /// would take more than a quarter of the memory budget.
  fileprivate func rows(
    of set: SampleSet, in context: RunContext
  ) throws -> any SampleSource {
    if case .rows = set.content {
      let source = try source(
        of: set, progress: context.progress,
        cancellation: context.cancellation)
      let bytes = source.rows * source.columns * MemoryLayout<Float>.stride
      if bytes > context.memoryBudget / 4 { return source }
    }
    return try matrix(
      of: set, progress: context.progress, cancellation: context.cancellation)
  }
}

extension Scaler {
  /// `standard` for tables, whose columns have units of their own; `none` for
  /// images, whose pixels share one.
  public static func `default`(for extractor: FeatureExtractor) -> Scaler {
    extractor.imageShape == nil ? .standard : .none
  }
}
