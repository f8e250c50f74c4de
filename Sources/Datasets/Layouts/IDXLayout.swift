import Diagnostics
import Execution
import Files
import Foundation
import LinearAlgebra

/// A folder of MNIST-style IDX files: `train-images*`, `t10k-images*` and, if
/// known, `train-labels*` and `t10k-labels*`, each plain or `.gz`.
///
/// A category holds the training images of one class, or of the classes that
/// were called ordinary, and the test images of all classes; those of other
/// classes are its anomalies. Ids are places in the file.
struct IDXLayout {
  private let folder: Folder
  private let name: String
  private let options: DatasetOptions

  init(_ folder: Folder, name: String, options: DatasetOptions) {
    self.folder = folder
    self.name = name
    self.options = options
  }

  static func matches(_ names: [String]) -> Bool {
    names.contains { $0.hasPrefix("train-images") }
      || names.contains { $0.hasPrefix("t10k-images") }
  }

  func categories() throws -> [DatasetCategory] {
    let train = try images("train-images")
    let trainLabels = try labels("train-labels", of: train)
    if let contamination = options.contamination {
      return [
        try contaminated(train, labels: trainLabels, by: contamination)
      ]
    }
    let test = try images("t10k-images")
    guard train.array.shape.dropFirst() == test.array.shape.dropFirst() else {
      throw DatasetFault.differentShapes(
        path: test.url.path, train: train.array.shape, test: test.array.shape)
    }
    let testLabels = try labels("t10k-labels", of: test)
    guard let trainLabels, let testLabels else {
      guard options.normalLabels == nil else {
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
      options.normalLabels.map { [$0] }
      ?? Set(trainLabels).sorted().map { [$0] }
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
    guard let normal = options.normalLabels else {
      throw DatasetFault.unusableOption(
        name: "contamination", problem: "no label is called ordinary",
        remedy: "give the normal labels too")
    }
    guard 0 <= contamination, contamination <= 1 else {
      throw DatasetFault.unusableOption(
        name: "contamination", problem: "\(contamination) is no fraction",
        remedy: "use a number from 0 to 1")
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
      && (options.anomalyLabels?.contains(label) ?? true)
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
    let content: SampleContent

    /// Some of the images; with labels, those not in `normal` are anomalies.
    func selecting(
      _ indices: some Collection<Int>, category: String, labels: [Int]? = nil,
      normal: [Int] = []
    ) -> SampleSet {
      let samples = indices.map { index in
        Sample(
          id: String(index), category: category,
          label: labels.map { normal.contains($0[index]) ? 0 : 1 },
          defect: labels.map { String($0[index]) })
      }
      guard
        indices.count != array.rows,
        case .rows(let source, let imageShape) = content
      else { return SampleSet(samples: samples, content: content) }
      return SampleSet(
        samples: samples,
        content: .rows(
          SelectedRows(source: source, indices: Array(indices)),
          imageShape: imageShape))
    }
  }

  private func file(_ prefix: String) throws -> URL? {
    try folder.names().first { $0.hasPrefix(prefix) }.map { folder[$0].url }
  }

  private func images(_ prefix: String) throws -> Images {
    guard let url = try file(prefix) else {
      throw DatasetFault.missing(
        path: folder[prefix].url.path,
        neededFor: "training images are in train-images*, test images in"
          + " t10k-images*")
    }
    let array = try IDX.read(url)
    return Images(
      url: url, array: array, content: try array.content(path: url.path))
  }

  private func labels(_ prefix: String, of images: Images) throws -> [Int]? {
    guard let url = try file(prefix) else { return nil }
    let array = try IDX.read(url)
    guard array.shape.count == 1, array.rows == images.array.rows else {
      throw DatasetFault.wrongLabels(
        path: url.path,
        problem: "there are \(array.rows) labels for \(images.array.rows)"
          + " images",
        remedy: "use the label file that belongs to \(images.url.path)")
    }
    return try array.matrix().values.map { value in
      guard let label = Int(exactly: value) else {
        throw DatasetFault.wrongLabels(
          path: url.path, problem: "\(value) is no label",
          remedy: "use whole numbers")
      }
      return label
    }
  }
}
