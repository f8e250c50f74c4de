import Diagnostics
import Execution
import Files
import Foundation
import LinearAlgebra
import Parameters

extension DatasetKind {
  /// A folder of MNIST-style IDX files.
  public static let idx = IDXLayout.kind
}

/// A folder of MNIST-style IDX files: `train-images*`, `t10k-images*` and, if
/// known, `train-labels*` and `t10k-labels*`, each plain or `.gz`; see
/// `IDXFiles`.
///
/// A category holds the training images of one class, or of the classes that
/// were called ordinary, and the test images of all classes; those of other
/// classes are its anomalies. Ids are places in the file.
enum IDXLayout: WritableLayout {
  static let name = "idx"
  static let summary = "a folder of MNIST-style IDX files"
  static let parameters: [Parameter<DatasetOptions>] = [
    Parameter(
      "anomaly-label", each: \.anomalyLabels, ParameterDomain("a whole number"),
      "an anomalous class", unset: "all others"),
    Parameter(
      "contamination", \.contamination,
      .number("a number from 0 to 1") { 0...1 ~= $0 },
      "fit and score one set of the ordinary training images and this"
        + " fraction of anomalies"),
  ]

  static func sign(of place: Folder) throws -> String? {
    guard let files = try IDXFiles(at: place) else { return nil }
    let url = [.trainImages, .testImages, .trainTable].lazy
      .compactMap { files[$0] }.first
    return url.map { url in
      url.path.hasPrefix(place.url.path + "/")
        ? String(url.path.dropFirst(place.url.path.count + 1))
        : url.lastPathComponent
    }
  }

  static func read(
    _ place: Folder, name: String, options: DatasetOptions,
    in context: RunContext
  ) throws -> [DatasetCategory] {
    let files = try IDXFiles(at: place)
    if let files, !files.sets.isEmpty {
      let example = files[.trainImages] ?? files[.testImages]
      throw DatasetFault.severalSets(
        path: files.folder.url.path,
        names: files.sets.map {
          $0.isEmpty
            ? "train-images"
            : $0.trimmingCharacters(in: .punctuationCharacters)
        },
        example: example?.path ?? "")
    }
    return try IDXReader(
      folder: files?.folder ?? place, files: files, name: name,
      options: options, memoryLimit: context.memoryBudget
    ).categories()
  }

  static func write(
    _ dataset: Dataset, to url: URL, by writer: DatasetWriter
  ) throws {
    let category = try dataset.pooled()
    try WholeFolder.write(to: url) { folder in
      let (train, test) = try writer.rows(category)
      let hasLabels = category.test.labels != nil
      for (name, rows, set) in [
        ("train", train, category.train), ("t10k", test, category.test),
      ] {
        guard rows.imageShape != nil else {
          throw unwritable("IDX files hold images, not tables")
        }
        try IDX.write(
          shape: rows.shape,
          to: folder.appendingPathComponent(
            "\(name)-images-idx\(rows.shape.count)-ubyte.gz"),
          forEachBytes: rows.forEachBytes)
        guard hasLabels else { continue }
        try IDX.write(
          shape: [set.count],
          to: folder.appendingPathComponent("\(name)-labels-idx1-ubyte.gz")
        ) { body in
          try set.samples.map { UInt8($0.label ?? 0) }.withUnsafeBytes(body)
        }
      }
    }
  }
}

private struct IDXReader {
  let folder: Folder
  let files: IDXFiles?
  let name: String
  let options: DatasetOptions
  let memoryLimit: Int

  func categories() throws -> [DatasetCategory] {
    for value in options.normalValues where Int(value) == nil {
      throw DatasetFault.unusableOption(
        name: "normal-label", problem: "the class \(value) is no number",
        remedy: "use a whole number")
    }
    let (train, trainLabels) = try part(
      .trainImages, .trainLabels, .trainTable, memoryLimit: memoryLimit)
    if let contamination = options.contamination {
      return [
        try contaminated(train, labels: trainLabels, by: contamination)
      ]
    }
    let (test, testLabels) = try part(
      .testImages, .testLabels, .testTable,
      memoryLimit: memoryLimit - train.array.memory)
    guard train.array.shape.dropFirst() == test.array.shape.dropFirst() else {
      throw DatasetFault.differentShapes(
        path: test.url.path, train: train.array.shape, test: test.array.shape)
    }
    guard let trainLabels, let testLabels else {
      guard options.normalLabels.isEmpty else {
        throw DatasetFault.missing(
          path: folder["train-labels, t10k-labels"].url.path,
          neededFor: "the normal labels refer to them")
      }
      return [
        DatasetCategory(
          name: name,
          train: train.selecting(0..<train.array.rows, category: name),
          test: test.selecting(0..<test.array.rows, category: name))
      ]
    }
    let classes =
      options.normalLabels.isEmpty
      ? Set(trainLabels).sorted().map { [$0] } : [options.normalLabels]
    return try classes.map { normal in
      try category(
        normal: normal, train: (train, trainLabels), test: (test, testLabels))
    }
  }

  private func category(
    normal: [Int], train: (images: Images, labels: [Int]),
    test: (images: Images, labels: [Int])
  ) throws -> DatasetCategory {
    let name = normal.map(String.init).joined(separator: "+")
    let trainIndices = train.labels.indices.filter {
      normal.contains(train.labels[$0])
    }
    let testIndices = test.labels.indices.filter {
      normal.contains(test.labels[$0]) || isAnomaly(test.labels[$0], normal)
    }
    guard !trainIndices.isEmpty, !testIndices.isEmpty else {
      throw noImages(ofLabels: normal)
    }
    return DatasetCategory(
      name: name,
      train: train.images.selecting(
        trainIndices, category: name, labels: train.labels, normal: normal),
      test: test.images.selecting(
        testIndices, category: name, labels: test.labels, normal: normal))
  }

  /// The ordinary training images and a fraction of their number of anomalies,
  /// rounded down, as one set to learn from and to judge.
  private func contaminated(
    _ train: Images, labels: [Int]?, by contamination: Double
  ) throws -> DatasetCategory {
    guard let labels else {
      throw DatasetFault.missing(
        path: folder["train-labels"].url.path,
        neededFor: "the contaminated set is chosen by them")
    }
    let normal = options.normalLabels
    guard !normal.isEmpty else {
      throw DatasetFault.unusableOption(
        name: "contamination", problem: "no label is called ordinary",
        remedy: "give the ordinary class by \(option: "normal-label", 1)")
    }
    let ordinary = labels.indices.filter { normal.contains(labels[$0]) }
    let anomalies = labels.indices.filter { isAnomaly(labels[$0], normal) }
    guard !ordinary.isEmpty else { throw noImages(ofLabels: normal) }
    let count = Int(Double(ordinary.count) * contamination)
    guard count <= anomalies.count else {
      throw DatasetFault.unusableOption(
        name: "contamination",
        problem: "\(count) anomalies are wanted, \(anomalies.count) are there",
        remedy: "use a smaller fraction or more anomaly labels")
    }
    var random = SeededGenerator(seed: options.seed)
    let planted = random.sample(count, below: anomalies.count).map {
      anomalies[$0]
    }
    let name = normal.map(String.init).joined(separator: "+")
    return .transductive(
      name: name,
      train.selecting(
        (ordinary + planted).sorted(), category: name, labels: labels,
        normal: normal))
  }

  private func isAnomaly(_ label: Int, _ normal: [Int]) -> Bool {
    !normal.contains(label)
      && (options.anomalyLabels.isEmpty
        || options.anomalyLabels.contains(label))
  }

  private func noImages(ofLabels labels: [Int]) -> DatasetFault {
    .wrongLabels(
      path: folder.url.path,
      problem: "there are no images with the label"
        + " \(labels.map(String.init).joined(separator: ", "))",
      remedy: "use labels that occur in the training file")
  }

  // MARK: Files

  /// An image file of the folder.
  private struct Images {
    let url: URL
    let array: StoredArray
    let set: SampleSet

    /// Some of the images; with labels, those not in `normal` are anomalies.
    func selecting(
      _ indices: some Collection<Int>, category: String, labels: [Int]? = nil,
      normal: [Int] = []
    ) -> SampleSet {
      var selected =
        indices.count == set.count ? set : set.selecting(Array(indices))
      selected.samples = indices.map { index in
        Sample(
          id: String(index), category: category,
          label: labels.map { normal.contains($0[index]) ? 0 : 1 },
          defect: labels.map { String($0[index]) })
      }
      return selected
    }
  }

  private typealias Part = (images: Images, labels: [Int]?)

  private func part(
    _ images: IDXFiles.Part, _ labels: IDXFiles.Part, _ table: IDXFiles.Part,
    memoryLimit: Int
  ) throws -> Part {
    if let url = files?[images] {
      let images = try self.images(
        url, IDX.read(url, memoryLimit: memoryLimit))
      return (images, try self.labels(files?[labels], of: images))
    }
    guard let url = files?[table] else {
      throw DatasetFault.missing(
        path: folder[images == .trainImages ? "train-images" : "t10k-images"]
          .url.path,
        neededFor: "training images are in train-images*, test images in"
          + " t10k-images*")
    }
    let (array, classes) = try PixelTable.read(url, memoryLimit: memoryLimit)
    return (try self.images(url, array), classes)
  }

  private func images(_ url: URL, _ array: StoredArray) throws -> Images {
    Images(
      url: url, array: array,
      set: try array.samples(category: name, path: url.path))
  }

  private func labels(_ url: URL?, of images: Images) throws -> [Int]? {
    guard let url else { return nil }
    let array = try IDX.read(url, memoryLimit: memoryLimit)
    // QMNIST has a row for each image, the class first.
    guard 1...2 ~= array.shape.count, array.rows == images.array.rows,
      array.columns > 0
    else {
      throw DatasetFault.wrongLabels(
        path: url.path,
        problem: "labels of shape \(array.shape) are there for"
          + " \(images.array.rows) images",
        remedy: "use the label file that belongs to \(images.url.path)")
    }
    let classes = stride(
      from: 0, to: array.rows * array.columns, by: array.columns)
    let values = try array.matrix().values
    return try classes.map { place in
      let value = values[place]
      guard let label = Int(exactly: value) else {
        throw DatasetFault.wrongLabels(
          path: url.path, problem: "\(value) is no label",
          remedy: "use whole numbers")
      }
      return label
    }
  }
}
