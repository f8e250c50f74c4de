import Datasets
import Diagnostics
import Execution
import LinearAlgebra
import ONNX

/// Makes features in one way for training and test samples alike.
package struct FeatureExtractor: Codable, Hashable, Sendable {
  package let kind: FeatureKind
  /// The images that features are computed from; nil for tables, whose
  /// columns are the features.
  package let imageShape: ImageShape?
  /// The columns of a table that have names; nil without any.
  package let table: TableFeatures?

  /// - Throws: `FeatureFault.imageTooSmall`.
  package init(
    kind: FeatureKind, imageShape: ImageShape?, table: TableFeatures? = nil
  ) throws {
    self.kind = kind
    self.table = table
    self.imageShape = imageShape
    if kind == .hog, let imageShape {
      _ = try HOGLayout(imageShape)
    }
  }

  /// The word for it in result tables.
  package var name: String { imageShape == nil ? "columns" : kind.rawValue }

  /// The geometry of a row of features when it is itself an image.
  package var featureImageShape: ImageShape? {
    kind == .pixels ? imageShape : nil
  }

  /// One row of features for every sample: in memory where they take at most
  /// a quarter of the memory budget, else made when they are read.
  ///
  /// Columns that single precision would round stay where they are.
  /// Pictures that must then be read again and again are kept as bytes where
  /// that loses nothing and fits.
  ///
  /// - Throws: `FeatureFault`, what reading the samples throws, or
  ///   `CancellationError`.
  package func samples(
    of set: SampleSet, in context: RunContext = RunContext()
  ) throws -> any SampleSource {
    guard let images = set.source(of: imageShape) else {
      throw FeatureFault.anotherKindOfSamples(
        category: set.samples.first?.category ?? "no samples",
        expected: imageShape == nil ? "a table" : "images")
    }
    try images.checkRowMemory(in: context)
    if table != nil {
      let (rows, missing, ignored) = set.source(matching: table)
      guard missing.isEmpty else {
        throw FeatureFault.missingColumns(
          missing, there: set.tableFeatures?.names ?? [])
      }
      if !ignored.isEmpty {
        context.note(
          "columns that the model does not know: \(ignored.joined(separator: ", "))"
        )
      }
      return rows
    }
    // Columns become single precision once they are shifted and scaled.
    if images is any PreciseSource { return images }
    return try context.withThreads {
      let features = try features(of: images)
      let size = features.rows * features.columns * MemoryLayout<Float>.stride
      if size / context.team.size <= context.memoryBudget / 4 {
        let rows = try features.ownRows(in: context)
        // In memory, nobody knows where they stood.
        if let (row, column) = (rows as? Matrix)?.firstNonFinite()
          ?? (rows as? HeldRows)?.firstNonFinite()
        {
          throw FeatureFault.unusableNumber(
            "a value is not a finite number", at: features.place(row, column))
        }
        return rows
      }
      guard context.team.isAlone,
        let bytes = try (images as? ImageFiles)?.bytes(in: context)
      else {
        return features
      }
      return try self.features(of: bytes)
    }
  }

  /// Adds the input of a model and what makes features of it to a graph; gives
  /// rows of features.
  ///
  /// - Parameter count: The number of features.
  package func addFeatures(
    _ count: Int, to graph: inout ONNXGraph
  ) throws -> ONNXGraph.Value {
    guard let imageShape else {
      return graph.input(
        "columns", .float64, shape: [count],
        words: "columns of a table, as they are")
    }
    let pixels = graph.input(
      "pixels", .float32,
      shape: [imageShape.height, imageShape.width, imageShape.channels],
      words: "pictures of this size, 0 (black) to 1 (white), channels last")
    guard kind == .hog else {
      return graph.reshaped(pixels, [-1, imageShape.count])
    }
    return try HOGLayout(imageShape).addFeatures(of: pixels, to: &graph)
  }

  private func features(
    of images: any SampleSource
  ) throws -> any SampleSource {
    guard kind == .hog, let imageShape else { return images }
    return HOGFeatures(images: images, layout: try HOGLayout(imageShape))
  }
}
