import Diagnostics
import Execution
import Files
import Foundation
import Images
import LinearAlgebra

extension Dataset {
  /// Writes the dataset in another layout.
  ///
  /// Images become bytes or 8-bit PNG files, tables stay single-precision
  /// numbers. `npz` and `csv` hold the training rows, then the test rows, and
  /// labels if those of the test rows are known. `npy` and `folders` get a
  /// `labels.csv` beside them. `idx` has the classes 0 and 1.
  ///
  /// - Parameters:
  ///   - kind: The layout to write.
  ///   - url: The file or folder to write.
  ///   - size: What images are resampled to; nil keeps their size.
  ///   - color: Which channels of images are kept.
  ///   - progress: Told of the rows written.
  ///   - cancellation: May stop the writing.
  /// - Throws: `DatasetFault` when the layout cannot hold the data;
  ///   `FileFault`; `ImageFault`; `CancellationError`. The target is then as
  ///   it was.
  public func write(
    as kind: DatasetKind, to url: URL, size: PixelSize? = nil,
    color: ColorMode = .automatic,
    progress: any ProgressSink = SilentProgress(),
    cancellation: Cancellation = Cancellation()
  ) throws {
    try size?.checkForResampling()
    let writer = DatasetWriter(
      size: size, color: color,
      monitor: WrittenRows.Monitor(
        progress: progress, cancellation: cancellation))
    switch kind {
    case .npz: try writer.writeNPZ(pooled(), to: url)
    case .csv: try writer.writeCSV(pooled(), to: url)
    case .npy, .idx, .folders:
      let category = try pooled()
      try WholeFolder.write(to: url) { folder in
        switch kind {
        case .npy: try writer.writeNPY(category, to: folder)
        case .idx: try writer.writeIDX(category, to: folder)
        default: try writer.writeFolders(category, to: folder)
        }
      }
    case .mvtec:
      try WholeFolder.write(to: url) { folder in
        for category in categories {
          try writer.writeMVTec(
            category,
            to: categories.count == 1
              ? folder : folder.appendingPathComponent(category.name))
        }
      }
    }
  }
}

/// Writes categories in one layout or another.
private struct DatasetWriter {
  let size: PixelSize?
  let color: ColorMode
  let monitor: WrittenRows.Monitor

  // MARK: Arrays and tables

  func writeNPY(_ category: DatasetCategory, to folder: URL) throws {
    let (train, test) = try rows(category)
    try NPY.write(
      train, to: folder.appendingPathComponent(NPYLayout.trainName))
    try NPY.write(test, to: folder.appendingPathComponent(NPYLayout.testName))
    // A layout of arrays calls its samples by running numbers.
    try writeLabels(
      category.test.samples.enumerated().map { (String($0), $1.label) },
      to: folder)
  }

  func writeIDX(_ category: DatasetCategory, to folder: URL) throws {
    let (train, test) = try rows(category)
    let hasLabels = category.test.labels != nil
    for (name, rows, set) in [
      ("train", train, category.train), ("t10k", test, category.test),
    ] {
      guard rows.imageShape != nil else {
        throw unusable(.idx, "IDX files hold images, not tables")
      }
      try IDX.write(
        shape: rows.shape,
        to: folder.appendingPathComponent(
          "\(name)-images-idx\(rows.shape.count)-ubyte.gz"),
        forEachBytes: rows.forEachBytes)
      if hasLabels {
        try IDX.write(
          shape: [set.count],
          to: folder.appendingPathComponent("\(name)-labels-idx1-ubyte.gz")
        ) { body in
          try set.samples.map { UInt8($0.label ?? 0) }.withUnsafeBytes(body)
        }
      }
    }
  }

  func writeNPZ(_ category: DatasetCategory, to url: URL) throws {
    let (rows, samples) = try table(category)
    try NPZ.write(rows, labels: labels(samples), to: url)
  }

  func writeCSV(_ category: DatasetCategory, to url: URL) throws {
    let (rows, samples) = try table(category)
    let labels = labels(samples)
    try WholeFile.write(to: url) { sink in
      let names =
        ["id"] + (0..<rows.source.columns).map { "x\($0)" }
        + (labels == nil ? [] : ["label"])
      try sink.write(Data(CSVText.line(names).utf8))
      try rows.forEachBlock { range, matrix in
        var text = ""
        for row in range {
          let numbers = matrix.row(row - range.lowerBound).map { "\($0)" }
          let label = labels.map { ["\($0[row])"] } ?? []
          text += CSVText.line([samples[row].id] + numbers + label)
        }
        try sink.write(Data(text.utf8))
      }
    }
  }

  /// All rows: those of a transductive set once, else the training rows before
  /// the test rows, called by running numbers.
  private func table(
    _ category: DatasetCategory
  ) throws -> (WrittenRows, [Sample]) {
    let (train, test) = try rows(category)
    guard !category.isTransductive else {
      return (train, category.test.samples)
    }
    var samples = category.train.samples + category.test.samples
    for index in samples.indices { samples[index].id = String(index) }
    if category.test.labels != nil {
      for index in category.train.samples.indices {
        samples[index].label = samples[index].label ?? 0
      }
    }
    return (
      WrittenRows(
        source: JoinedRows(sources: [train.source, test.source]),
        imageShape: train.imageShape, monitor: monitor), samples
    )
  }

  private func labels(_ samples: [Sample]) -> [Int]? {
    let labels = samples.compactMap(\.label)
    return labels.count == samples.count ? labels : nil
  }

  private func writeLabels(
    _ labels: [(id: String, label: Int?)], to folder: URL
  ) throws {
    var text = "id,label\n"
    for (id, label) in labels {
      guard let label else { return }
      text += CSVText.line([id, "\(label)"])
    }
    try WholeFile.write(text, to: folder.appendingPathComponent("labels.csv"))
  }

  // MARK: Folders of images

  func writeFolders(_ category: DatasetCategory, to folder: URL) throws {
    let (train, test) = try rows(category)
    try writeImages(
      train,
      to: (0..<train.source.rows).map {
        folder.appendingPathComponent("train/\($0).png")
      })
    try writeImages(
      test,
      to: category.test.samples.map {
        folder.appendingPathComponent("test/\($0.id).png")
      })
    try writeLabels(
      category.test.samples.map { ($0.id, $0.label) }, to: folder)
  }

  func writeMVTec(_ category: DatasetCategory, to folder: URL) throws {
    let (train, test) = try rows(category)
    guard category.test.labels != nil else {
      throw unusable(.mvtec, "the labels of the test images are not known")
    }
    /// The images of each defect are numbered for themselves.
    var counts: [String: Int] = [:]
    func place(_ split: String, _ sample: Sample) -> String {
      let defect =
        sample.label == 1
        ? sample.defect.flatMap { $0 == "good" ? nil : $0 } ?? "defective"
        : "good"
      let kind = "\(split)/\(defect)"
      let number = String(format: "%03d", counts[kind, default: 0])
      counts[kind, default: 0] += 1
      return "\(defect)/\(number)"
    }
    try writeImages(
      train,
      to: category.train.samples.map {
        var sample = $0
        sample.label = 0
        return folder.appendingPathComponent(
          "train/\(place("train", sample)).png")
      })
    let places = category.test.samples.map { place("test", $0) }
    try writeImages(
      test, to: places.map { folder.appendingPathComponent("test/\($0).png") })
    for (sample, place) in zip(category.test.samples, places) {
      guard let mask = sample.mask else { continue }
      try monitor.cancellation.check()
      var image = try PNG.decode(mask, size: size, color: .grey)
      // A mask stays black and white when it is shrunk.
      image.values = image.values.map { $0 < 0.5 ? 0 : 1 }
      try write(
        image,
        to: folder.appendingPathComponent("ground_truth/\(place)_mask.png"))
    }
  }

  private func writeImages(_ rows: WrittenRows, to urls: [URL]) throws {
    guard let shape = rows.imageShape else {
      throw unusable(.folders, "a table has no images")
    }
    try rows.forEachBlock { range, matrix in
      _ = try Parallel.map(range.count) { index in
        try write(
          Image(shape: shape, values: Array(matrix.row(index))),
          to: urls[range.lowerBound + index])
      }
    }
  }

  private func write(_ image: Image, to url: URL) throws {
    try OutputFolder.create(url.deletingLastPathComponent())
    try PNG.write(image, to: url)
  }

  // MARK: Rows

  /// The training and the test rows, of one shape.
  private func rows(
    _ category: DatasetCategory
  ) throws -> (train: WrittenRows, test: WrittenRows) {
    let shape = try imageShape(category)
    func rows(_ set: SampleSet) -> WrittenRows {
      let source: any SampleSource =
        switch set.content {
        case .imageFiles:
          ImageFileRows(
            urls: set.samples.compactMap(\.image),
            shape: shape ?? ImageShape(height: 0, width: 0, channels: 0))
        case .rows(let source, let stored):
          if let stored, let shape, stored != shape {
            ResampledRows(source, from: stored, to: shape)
          } else {
            source
          }
        }
      return WrittenRows(source: source, imageShape: shape, monitor: monitor)
    }
    return (rows(category.train), rows(category.test))
  }

  /// The shape of the images that are written; nil for a table.
  private func imageShape(_ category: DatasetCategory) throws -> ImageShape? {
    switch category.train.content {
    case .imageFiles:
      return try PNG.commonShape(
        of: (category.train.samples + category.test.samples)
          .compactMap(\.image), size: size, color: color)
    case .rows(_, nil):
      return nil
    case .rows(_, let stored?):
      return ImageShape(
        height: size?.height ?? stored.height,
        width: size?.width ?? stored.width,
        channels: color == .automatic
          ? stored.channels : color == .rgb ? 3 : 1)
    }
  }

  private func unusable(_ kind: DatasetKind, _ problem: Message) -> DatasetFault
  {
    .unusableOption(
      name: "convert to \(kind.rawValue)", problem: problem,
      remedy: "choose another layout")
  }
}
