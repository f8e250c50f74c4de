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
    let rows = try extractor.samples(of: set, in: context)
    let scaler = try (scaler ?? .default(for: extractor))
      .fit(rows, in: context)
    let features = FittedFeatures(extractor: extractor, scaler: scaler)
    return (features, try features.scaled(rows, in: context))
  }

  /// In memory where precise rows take at most a quarter of the budget.
  private func scaled(
    _ rows: any SampleSource, in context: RunContext
  ) throws -> any SampleSource {
    let scaled = scaler.scaled(rows)
    let size = rows.rows * rows.columns * MemoryLayout<Float>.stride
    guard rows is any PreciseSource,
      size / context.team.size <= context.memoryBudget / 4
    else { return scaled }
    return try scaled.ownRows(in: context)
  }

  /// The features of a set on the scale of the training samples.
  ///
  /// - Parameter columns: The number of features that there must be.
  func rows(
    of set: SampleSet, columns: Int, in context: RunContext
  ) throws -> any SampleSource {
    let rows = try extractor.samples(of: set, in: context)
    guard rows.columns == columns else {
      throw DetectorFault.wrongFeatureCount(
        actual: rows.columns, expected: columns)
    }
    return try scaled(rows, in: context)
  }

  /// Some samples of a set, as images and on the scale of the training samples;
  /// no images unless the features are.
  func samples(
    _ indices: [Int], of set: SampleSet, in context: RunContext
  ) throws -> (images: [RasterImage], rows: Matrix) {
    let rows = try extractor.samples(of: set.selecting(indices), in: context)
    return (
      images(ofUnscaled: try rows.matrix()), try scaler.scaled(rows).matrix()
    )
  }

  /// Rows as a detector sees or makes them, as images; none unless the
  /// features are images.
  func images(of rows: Matrix) -> [RasterImage] {
    images(ofUnscaled: scaler.unscaled(rows))
  }

  private func images(ofUnscaled rows: Matrix) -> [RasterImage] {
    guard let shape = extractor.featureImageShape else { return [] }
    return (0..<rows.rows).map {
      RasterImage(shape: shape, values: Array(rows.row($0)))
    }
  }
}

extension Scaler {
  /// `standard` for tables, whose columns have units of their own; `none` for
  /// images, whose pixels share one.
  package static func `default`(for extractor: FeatureExtractor) -> Scaler {
    extractor.imageShape == nil ? .standard : .none
  }
}
