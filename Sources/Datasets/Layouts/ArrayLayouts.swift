import Diagnostics
import Execution
import Files
import Foundation
import LinearAlgebra

extension StoredArray {
  /// The shape of the images that the rows are, by the array's rank; nil for
  /// rows of a table.
  ///
  /// - Throws: `DatasetFault.unusableShape`.
  func imageShape(path: String) throws -> ImageShape? {
    let isEmpty = shape.contains(0)
    switch shape.count {
    case 2 where !isEmpty:
      return nil
    case 3 where !isEmpty:
      return ImageShape(height: shape[1], width: shape[2], channels: 1)
    case 4 where !isEmpty && [1, 3].contains(shape[3]):
      return ImageShape(height: shape[1], width: shape[2], channels: shape[3])
    default:
      throw DatasetFault.unusableShape(
        path: path, shape: shape,
        expected: "(rows, columns), (images, height, width) or"
          + " (images, height, width, 3)")
    }
  }

  /// The array as samples; intensities of images stored as bytes become 0...1.
  func content(path: String) throws -> SampleContent {
    let imageShape = try imageShape(path: path)
    var array = self
    if imageShape != nil, type.kind == .unsigned {
      switch type.width {
      case 1: array.divisor = 255
      case 2: array.divisor = 65_535
      default: break
      }
    }
    return .rows(array, imageShape: imageShape)
  }
}

/// Samples without labels that are called by their running number.
private func numberedSamples(_ count: Int, category: String) -> [Sample] {
  (0..<count).map { Sample(id: String($0), category: category) }
}

/// `trainingset.npy` and `testingset.npy`, as the machine-learning courses of
/// NTU hand them out.
enum NPYLayout {
  static let trainName = "trainingset.npy"
  static let testName = "testingset.npy"

  static func read(_ folder: Folder, name: String) throws -> DatasetCategory {
    let train = try array(folder[trainName].url)
    let test = try array(folder[testName].url)
    guard train.shape.dropFirst() == test.shape.dropFirst() else {
      throw DatasetFault.differentShapes(
        path: folder[testName].url.path, train: train.shape, test: test.shape)
    }
    func set(_ array: StoredArray, _ file: String) throws -> SampleSet {
      SampleSet(
        samples: numberedSamples(array.rows, category: name),
        content: try array.content(path: folder[file].url.path))
    }
    return DatasetCategory(
      name: name, train: try set(train, trainName),
      test: try set(test, testName))
  }

  private static func array(_ url: URL) throws -> StoredArray {
    guard url.isReachable else {
      throw DatasetFault.missing(
        path: url.path,
        neededFor: "training images are in \(trainName), test images in"
          + " \(testName)")
    }
    let array = try NPY.read(url)
    _ = try array.imageShape(path: url.path)
    return array
  }
}

/// An `.npz` file with the rows `X` and, if known, their labels `y`.
enum NPZLayout {
  static func read(_ url: URL, name: String) throws -> DatasetCategory {
    let arrays = try NPZ.read(url, ["X", "y"])
    guard let array = arrays["X"] else {
      throw FileFault.malformed(
        path: url.path, problem: "there is no array X",
        remedy: "save it with numpy.savez(file, X=rows, y=labels)")
    }
    let content = try array.content(path: url.path)
    var samples = numberedSamples(array.rows, category: name)
    if let labels = arrays["y"] {
      guard
        labels.rows == array.rows, labels.columns == 1
      else {
        throw DatasetFault.wrongLabels(
          path: url.path,
          problem: "y has \(labels.rows) labels, X has \(array.rows) rows",
          remedy: "save one label a row")
      }
      let values = labels.matrix(ofRows: Array(0..<labels.rows)).values
      for (index, value) in values.enumerated() {
        guard value == 0 || value == 1 else {
          throw DatasetFault.wrongLabels(
            path: url.path, problem: "the label of row \(index) is \(value)",
            remedy: "use 0 for ordinary rows and 1 for anomalies")
        }
        samples[index].label = Int(value)
      }
    }
    return .transductive(
      name: name, SampleSet(samples: samples, content: content))
  }
}

extension DatasetCategory {
  /// A set that is both learned from and judged.
  static func transductive(name: String, _ set: SampleSet) -> DatasetCategory {
    DatasetCategory(name: name, train: set, test: set, isTransductive: true)
  }
}
