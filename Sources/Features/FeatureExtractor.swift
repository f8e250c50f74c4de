import Datasets
import Diagnostics
import Execution
import Foundation
import Images
import LinearAlgebra

/// Makes features in one way for training and test samples alike.
public struct FeatureExtractor: Codable, Hashable, Sendable {
  public let kind: FeatureKind
  /// The images that features are computed from; nil for tables, whose
  /// columns are the features.
  public let imageShape: ImageShape?

  /// - Throws: `FeatureFault.imageTooSmall`.
  init(kind: FeatureKind, imageShape: ImageShape?) throws {
    self.kind = kind
    self.imageShape = imageShape
    if kind == .hog, let imageShape {
      _ = try HOGLayout(imageShape)
    }
  }

  /// The word for it in result tables.
  public var name: String { imageShape == nil ? "columns" : kind.rawValue }

  /// The geometry of a row of features when it is itself an image.
  public var featureImageShape: ImageShape? {
    kind == .pixels ? imageShape : nil
  }

  /// Rows for one step of reading: enough to keep the threads busy.
  private static let blockRows = 512

  /// One row of features for every sample.
  ///
  /// - Throws: `FeatureFault`, what reading the samples throws, or
  ///   `CancellationError`.
  public func matrix(
    of set: SampleSet, progress: any ProgressSink = SilentProgress(),
    cancellation: Cancellation = Cancellation()
  ) throws -> Matrix {
    let pixels = try pixels(
      of: set, progress: progress, cancellation: cancellation)
    guard kind == .hog, let imageShape else { return pixels }
    return try HOGLayout(imageShape).features(of: pixels)
  }

  /// The features, read when they are needed where that is possible.
  public func source(
    of set: SampleSet, progress: any ProgressSink = SilentProgress(),
    cancellation: Cancellation = Cancellation()
  ) throws -> any SampleSource {
    guard kind == .pixels, case .rows(let rows, let shape) = set.content else {
      return try matrix(of: set, progress: progress, cancellation: cancellation)
    }
    return try reshaped(rows, from: shape, category: set.category)
  }

  private func pixels(
    of set: SampleSet, progress: any ProgressSink, cancellation: Cancellation
  ) throws -> Matrix {
    switch set.content {
    case .imageFiles:
      guard let imageShape else {
        throw FeatureFault.anotherKindOfSamples(
          category: set.category, expected: "a table")
      }
      return try PNG.decodeAll(
        set.samples.compactMap(\.image), shape: imageShape,
        progress: progress, cancellation: cancellation)
    case .rows(let rows, let shape):
      let source = try reshaped(rows, from: shape, category: set.category)
      if let matrix = source as? Matrix { return matrix }
      var values: [Float] = []
      values.reserveCapacity(source.rows * source.columns)
      for block in Parallel.blocks(source.rows, size: Self.blockRows) {
        try cancellation.check()
        values += try source.matrix(ofRows: Array(block)).values
        progress.report(
          ProgressReport(
            stage: "reading samples", completed: block.upperBound,
            total: source.rows))
      }
      return Matrix(rows: source.rows, columns: source.columns, values: values)
    }
  }

  private func reshaped(
    _ rows: any SampleSource, from shape: ImageShape?, category: String
  ) throws -> any SampleSource {
    guard shape != imageShape else { return rows }
    guard let shape, let imageShape else {
      throw FeatureFault.anotherKindOfSamples(
        category: category, expected: imageShape == nil ? "a table" : "images")
    }
    return ResampledRows(rows, from: shape, to: imageShape)
  }
}

extension SampleSet {
  /// The category's name, for messages.
  fileprivate var category: String { samples.first?.category ?? "no samples" }
}
