import Foundation

/// The layout of MVTec AD: `train/good`, `test/*` with a folder for each kind
/// of defect, and `ground_truth/*/*_mask.png` (Bergmann and others 2019).
///
/// Ids are running numbers over all test images of the categories, in the
/// order of category, defect and file.
enum MVTecLayout {
  static func isCategory(_ folder: Folder) -> Bool {
    folder["train"]["good"].exists
      || folder["ground_truth"].exists
        && (folder["train"].exists || folder["test"].exists)
  }

  /// The categories in the folder, which may be one itself.
  static func read(
    _ folder: Folder, categories wanted: [String]
  ) throws -> [DatasetCategory] {
    var folders = isCategory(folder) ? [folder] : try folder.folders()
    if !wanted.isEmpty {
      let known = folders.map(\.url.lastPathComponent)
      for name in wanted where !known.contains(name) {
        throw DatasetFault.unknownCategory(
          path: folder.url.path, name: name, known: known)
      }
      folders = folders.filter { wanted.contains($0.url.lastPathComponent) }
    }
    guard !folders.isEmpty else {
      throw DatasetFault.unrecognizedLayout(path: folder.url.path)
    }
    var trainCount = 0
    var testCount = 0
    return try folders.map { folder in
      let name = folder.url.lastPathComponent
      var train = try trainSamples(folder, category: name)
      var test = try testSamples(folder, category: name)
      number(&train, from: &trainCount)
      number(&test, from: &testCount)
      return DatasetCategory(
        name: name, train: SampleSet(samples: train, content: .imageFiles),
        test: SampleSet(samples: test, content: .imageFiles))
    }
  }

  private static func number(_ samples: inout [Sample], from start: inout Int) {
    for index in samples.indices {
      samples[index].id = String(start)
      start += 1
    }
  }

  private static func trainSamples(
    _ folder: Folder, category: String
  ) throws -> [Sample] {
    let good = folder["train"]["good"]
    guard good.exists else {
      throw DatasetFault.missing(
        path: good.url.path,
        neededFor: "it holds the ordinary images of an MVTec category")
    }
    return try images(good).map {
      Sample(
        id: "", category: category, label: 0, defect: "good", image: $0)
    }
  }

  private static func testSamples(
    _ folder: Folder, category: String
  ) throws -> [Sample] {
    let test = folder["test"]
    guard test.exists else {
      throw DatasetFault.missing(
        path: test.url.path,
        neededFor: "it holds a folder of images for each kind of defect")
    }
    let defects = try test.folders()
    guard !defects.isEmpty else {
      throw DatasetFault.noImages(path: test.url.path)
    }
    let masks = folder["ground_truth"]
    let hasMasks = masks.exists
    return try defects.flatMap { defect in
      let name = defect.url.lastPathComponent
      let isGood = name == "good"
      return try images(defect).map { image in
        Sample(
          id: "", category: category, label: isGood ? 0 : 1, defect: name,
          image: image,
          mask: isGood || !hasMasks
            ? nil : try mask(of: image, in: masks[name]))
      }
    }
  }

  private static func images(_ folder: Folder) throws -> [URL] {
    let images = try folder.images()
    guard !images.isEmpty else {
      throw DatasetFault.noImages(path: folder.url.path)
    }
    return images
  }

  private static func mask(of image: URL, in folder: Folder) throws -> URL {
    let mask = folder["\(image.stem)_mask.png"].url
    guard mask.isReachable else {
      throw DatasetFault.missingMask(path: mask.path, image: image.path)
    }
    return mask
  }
}
