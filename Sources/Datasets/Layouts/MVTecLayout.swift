import Execution
import Files
import Foundation
import Images

extension DatasetKind {
  /// MVTec AD: a category, or a folder of categories, with `train/good`,
  /// `test/*` and `ground_truth/*`.
  public static let mvtec = MVTecLayout.kind
}

/// The layout of MVTec AD: `train/good`, `test/*` with a folder for each kind
/// of defect, and `ground_truth/*/*_mask.png` (Bergmann and others 2019).
///
/// Ids are running numbers over all test images of the categories, in the
/// order of category, defect and file.
enum MVTecLayout: DatasetLayout {
  static let name = "mvtec"
  static let summary = "an MVTec AD folder or one category of it"

  static func recognizes(_ place: Folder) throws -> Bool {
    if isCategory(place) { return true }
    // What has these is no folder of categories, whatever else is in it.
    guard place.exists, !place["train"].exists, !place["test"].exists else {
      return false
    }
    return try place.folders().contains(where: isCategory)
  }

  private static func isCategory(_ folder: Folder) -> Bool {
    folder["train"]["good"].exists
      || folder["ground_truth"].exists
        && (folder["train"].exists || folder["test"].exists)
  }

  /// The categories in the folder, which may be one itself.
  static func read(
    _ folder: Folder, name: String, options: DatasetOptions,
    in context: RunContext
  ) throws -> [DatasetCategory] {
    let wanted = options.categories
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
        name: name, train: SampleSet(imageFiles: train),
        test: SampleSet(imageFiles: test))
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

  /// The mask of a picture, its ending in capitals or not; nil where there is a
  /// folder of masks, as MVTec LOCO has them.
  private static func mask(of image: URL, in folder: Folder) throws -> URL? {
    let name = "\(image.stem)_mask"
    let masks = ["png", image.pathExtension, "PNG"].map {
      folder["\(name).\($0)"].url
    }
    if let mask = masks.first(where: \.isReachable) { return mask }
    if folder[image.stem].exists { return nil }
    throw DatasetFault.missingMask(path: masks[0].path, image: image.path)
  }

  static func write(
    _ dataset: Dataset, to url: URL, by writer: DatasetWriter
  ) throws {
    try WholeFolder.write(to: url) { folder in
      for category in dataset.categories {
        try write(
          category,
          to: dataset.categories.count == 1
            ? folder : folder.appendingPathComponent(category.name),
          by: writer)
      }
    }
  }

  private static func write(
    _ category: DatasetCategory, to folder: URL, by writer: DatasetWriter
  ) throws {
    let (train, test) = try writer.rows(category)
    guard category.test.labels != nil else {
      throw unwritable("the labels of the test images are not known")
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
    try writer.writeImages(
      train,
      to: category.train.samples.map {
        var sample = $0
        sample.label = 0
        return folder.appendingPathComponent(
          "train/\(place("train", sample)).png")
      })
    let places = category.test.samples.map { place("test", $0) }
    try writer.writeImages(
      test, to: places.map { folder.appendingPathComponent("test/\($0).png") })
    for (sample, place) in zip(category.test.samples, places) {
      guard let mask = sample.mask else { continue }
      try writer.context.cancellation.check()
      var image = try PNG.decode(mask, size: writer.size, color: .grey)
      // A mask stays black and white when it is shrunk.
      image.values = image.values.map { $0 < 0.5 ? 0 : 1 }
      try writer.write(
        image,
        to: folder.appendingPathComponent("ground_truth/\(place)_mask.png"))
    }
  }
}
