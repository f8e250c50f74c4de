import Execution
import Files
import Foundation
import Images
import LinearAlgebra

extension Dataset {
  /// Writes the dataset in another layout.
  ///
  /// Images become bytes or 8-bit PNG files, tables keep their precision. `npz` and `csv` hold the training rows, then the test rows, and
  /// labels if those of the test rows are known. `npy` and `folders` get a
  /// `labels.csv` beside them. `idx` has the classes 0 and 1.
  ///
  /// - Parameters:
  ///   - kind: The layout to write.
  ///   - url: The file or folder to write.
  ///   - size: What images are resampled to; nil keeps their size.
  ///   - color: Which channels of images are kept.
  ///   - context: Threads, and who watches or stops the writing.
  /// - Throws: `DatasetFault` when the layout cannot hold the data;
  ///   `FileFault`, also where something is already; `ImageFault`; `CancellationError`. The target is then as
  ///   it was.
  public func write(
    as kind: DatasetKind, to url: URL, size: PixelSize? = nil,
    color: ColorMode = .automatic, in context: RunContext = RunContext()
  ) throws {
    try size?.checkForResampling()
    guard let layout = kind.layout as? any WritableLayout.Type else {
      throw kind.layout.unwritable("nothing is written in this layout")
    }
    try context.withThreads {
      try layout.write(
        self, to: url,
        by: DatasetWriter(size: size, color: color, context: context))
    }
  }
}

/// What the layouts need to write categories.
struct DatasetWriter {
  let size: PixelSize?
  let color: ColorMode
  let context: RunContext

  // MARK: Tables

  /// All rows: those of a transductive set once, else the training rows before
  /// the test rows, called by running numbers.
  func table(
    _ category: DatasetCategory
  ) throws -> (WrittenRows, [Sample]) {
    let (train, test) = try rows(category)
    guard !category.isTransductive else {
      return (train, category.test.samples)
    }
    var samples = (category.train.samples + category.test.samples).numbered
    if category.test.labels != nil {
      for index in category.train.samples.indices {
        samples[index].label = samples[index].label ?? 0
      }
    }
    let sources = [train.source, test.source]
    let precise = sources.compactMap { $0 as? any PreciseSource }
    return (
      WrittenRows(
        source: precise.count == sources.count
          ? JoinedPreciseRows(sources: precise) : JoinedRows(sources: sources),
        imageShape: train.imageShape, context: context), samples
    )
  }

  /// Writes a `labels.csv` if all labels are known.
  func writeLabels(of samples: [Sample], to folder: URL) throws {
    guard let labels = samples.labels else { return }
    let lines = zip(samples, labels).map { CSVText.line([$0.id, "\($1)"]) }
    try WholeFile.write(
      "id,label\n" + lines.joined(),
      to: folder.appendingPathComponent("labels.csv"))
  }

  // MARK: Images

  func writeImages(_ rows: WrittenRows, to urls: [URL]) throws {
    guard let shape = rows.imageShape else {
      throw FoldersLayout.unwritable("a table has no images")
    }
    try rows.forEachBlock { range, matrix in
      _ = try Parallel.map(range.count) { index in
        try write(
          RasterImage(shape: shape, values: Array(matrix.row(index))),
          to: urls[range.lowerBound + index])
      }
    }
  }

  func write(_ image: RasterImage, to url: URL) throws {
    try OutputFolder.create(url.deletingLastPathComponent())
    try PNG.write(image, to: url)
  }

  // MARK: Rows

  /// The training and the test rows, of one shape.
  func rows(
    _ category: DatasetCategory
  ) throws -> (train: WrittenRows, test: WrittenRows) {
    let shape = try category.imageShape(size: size, color: color)
    func rows(_ set: SampleSet) throws -> WrittenRows {
      guard let source = set.source(of: shape) else {
        throw DatasetFault.unusableOption(
          name: "convert", problem: "images stand beside rows of a table",
          remedy: "convert either alone")
      }
      return WrittenRows(source: source, imageShape: shape, context: context)
    }
    return (try rows(category.train), try rows(category.test))
  }
}
