import Execution
import Files
import Foundation
import Parameters

extension DatasetKind {
  /// A folder with `trainingset.npy` and `testingset.npy`.
  public static let npy = NPYLayout.kind
}

/// `trainingset.npy` and `testingset.npy`, as the machine-learning courses of
/// NTU hand them out; or one `.npy` file, which is fitted and scored.
enum NPYLayout: WritableLayout {
  static let name = "npy"
  static let summary =
    "a folder with \(trainName) and \(testName), or an .npy"

  static let parameters = [AxisOrder.parameter]

  private static let trainName = "trainingset.npy"
  private static let testName = "testingset.npy"

  static func sign(of place: Folder) throws -> String? {
    guard place.exists else {
      return place.url.pathExtension.lowercased() == "npy" ? "an .npy" : nil
    }
    let names = try place.names()
    return [trainName, testName].first(where: names.contains)
  }

  static func read(
    _ place: Folder, name: String, options: DatasetOptions,
    in context: RunContext
  ) throws -> [DatasetCategory] {
    guard place.exists else {
      return [
        .transductive(
          name: name,
          try array(place.url).samples(
            category: name, path: place.url.path, in: options.layout,
            telling: context.note))
      ]
    }
    func set(
      _ array: StoredArray, _ file: String, like training: StoredArray? = nil
    ) throws -> SampleSet {
      try array.samples(
        category: name, path: place[file].url.path, in: options.layout,
        like: training, telling: context.note)
    }
    guard options.needsTraining || place[trainName].url.isReachable else {
      let test = try set(array(place[testName].url), testName)
      return [
        DatasetCategory(name: name, train: test.selecting([]), test: test)
      ]
    }
    let train = try array(place[trainName].url)
    let test = try array(place[testName].url)
    guard train.shape.dropFirst() == test.shape.dropFirst() else {
      throw DatasetFault.differentShapes(
        path: place[testName].url.path, train: train.shape, test: test.shape)
    }
    return [
      DatasetCategory(
        name: name, train: try set(train, trainName),
        test: try set(test, testName, like: train))
    ]
  }

  private static func array(_ url: URL) throws -> StoredArray {
    guard url.isReachable else {
      throw DatasetFault.missing(
        path: url.path,
        neededFor: "training images are in \(trainName), test images in"
          + " \(testName)")
    }
    let array = try NPY.read(url)
    _ = try array.images(path: url.path)
    return array
  }

  static func write(
    _ dataset: Dataset, to url: URL, by writer: DatasetWriter
  ) throws {
    let category = try dataset.pooled()
    try WholeFolder.write(to: url) { folder in
      let (train, test) = try writer.rows(category)
      try NPY.write(train, to: folder.appendingPathComponent(trainName))
      try NPY.write(test, to: folder.appendingPathComponent(testName))
      try writer.writeLabels(of: category.test.samples.numbered, to: folder)
    }
  }
}
