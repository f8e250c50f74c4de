import Diagnostics
import Execution
import Files
import Foundation
import Images
import Parameters

extension DatasetKind {
  /// MVTec AD: a category, or a folder of categories, with `train/good`,
  /// `test/*` and `ground_truth/*`.
  public static let mvtec = MVTecLayout.kind
}

/// What becomes of the pictures in `validation`.
#if hasAttribute(nonexhaustive)
@nonexhaustive
#endif
public enum ValidationUse: String, CaseIterable, Sendable {
  /// They are learned from, after those in `train`.
  case train
  /// They are tested, after those in `test`.
  case test
}

/// The layout of MVTec AD: `train/good`, `test/*` with a folder for each kind
/// of defect, and `ground_truth/*/*_mask.png` (Bergmann and others 2019).
///
/// Those of MVTec LOCO (a folder of masks for a picture), MVTec 3D-AD (`rgb` and
/// `gt` in each folder) and BTAD (`ok`, `ko`, masks called as their pictures)
/// are kinds of it. Ids are running numbers over all test images of the
/// categories, in the order of category, defect and file.
enum MVTecLayout: WritableLayout {
  static let name = "mvtec"
  static let summary = "an MVTec AD folder or one category of it"
  static let parameters: [Parameter<DatasetOptions>] = [
    Parameter(
      "validation", \.validation, .choice,
      "what becomes of the pictures in validation/", unset: "passed over")
  ]

  private static let ordinaryNames: Set = ["good", "ok"]

  static func sign(of place: Folder) throws -> String? {
    if let sign = try categorySign(of: place) { return sign }
    // What has these is no folder of categories, whatever else is in it.
    guard place.exists, !place.part("train").exists, !place.part("test").exists
    else {
      return nil
    }
    for folder in try place.folders() {
      if let sign = try categorySign(of: folder) {
        return "\(folder.name)/\(sign)"
      }
    }
    return nil
  }

  private static func categorySign(of folder: Folder) throws -> String? {
    if let ordinary = try ordinary(in: folder.part("train")) {
      return "train/\(ordinary.name)/"
    }
    return folder.part("ground_truth").exists
      && (folder.part("train").exists || folder.part("test").exists)
      ? "ground_truth/" : nil
  }

  /// The folder of ordinary pictures in another.
  private static func ordinary(in folder: Folder) throws -> Folder? {
    guard folder.exists else { return nil }
    return try folder.folders().first(where: isOrdinary)
  }

  private static func isOrdinary(_ folder: Folder) -> Bool {
    ordinaryNames.contains(folder.name.lowercased())
  }

  /// The categories in the folder, which may be one itself.
  static func read(
    _ folder: Folder, name: String, options: DatasetOptions,
    in context: RunContext
  ) throws -> [DatasetCategory] {
    let wanted = options.categories
    var folders = [folder]
    if try categorySign(of: folder) == nil {
      folders = try folder.folders().filter { folder in
        ["train", "test", "ground_truth"].contains {
          folder.part($0).exists
        }
      }
      let used = Set(folders.map(\.name))
      context.noteStrays(try folder.names().filter { !used.contains($0) })
    }
    if !wanted.isEmpty {
      let known = folders.map(\.name)
      for name in wanted where !known.contains(name) {
        throw DatasetFault.unknownCategory(
          path: folder.url.path, name: name, known: known)
      }
      folders = folders.filter { wanted.contains($0.name) }
    }
    guard !folders.isEmpty else {
      throw DatasetFault.unrecognizedLayout(path: folder.url.path)
    }
    if options.validation == nil,
      folders.contains(where: { $0.part("validation").exists })
    {
      context.note(
        "passed over: validation/, which \(option: "validation", "train") would"
          + " learn from")
    }
    var trainCount = 0
    var testCount = 0
    return try folders.map { folder in
      var train = try trainSamples(folder, options, in: context)
      var test = try testSamples(folder, options)
      number(&train, from: &trainCount)
      number(&test, from: &testCount)
      return DatasetCategory(
        name: folder.name, train: SampleSet(imageFiles: train),
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
    _ folder: Folder, _ options: DatasetOptions, in context: RunContext
  ) throws -> [Sample] {
    let train = folder.part("train")
    guard let good = try ordinary(in: train) else {
      throw DatasetFault.missing(
        path: train["good"].url.path,
        neededFor: "it holds the ordinary images of an MVTec category")
    }
    let others = try train.folders().map(\.name).filter { $0 != good.name }
    if !others.isEmpty {
      context.note(
        "\(folder.name): not learned from, as no \(good.name)/: "
          + FaultMessage(
            others.map { "train/\($0)/" }.joined(separator: ", ")))
    }
    return try samples(of: good, category: folder.name)
      + (options.validation == .train
        ? try validationSamples(folder).filter { $0.label == 0 } : [])
  }

  private static func testSamples(
    _ folder: Folder, _ options: DatasetOptions
  ) throws -> [Sample] {
    let test = folder.part("test")
    guard test.exists else {
      throw DatasetFault.missing(
        path: test.url.path,
        neededFor: "it holds a folder of images for each kind of defect")
    }
    let defects = try test.folders()
    guard !defects.isEmpty else {
      throw DatasetFault.noImages(path: test.url.path)
    }
    let masks = folder.part("ground_truth")
    return try defects.flatMap { defect in
      // MVTec 3D-AD has the masks beside the pictures.
      let beside = defect["gt"]
      return try samples(
        of: defect, category: folder.name,
        masks: beside.exists ? beside : masks.exists ? masks[defect.name] : nil)
    } + (options.validation == .test ? try validationSamples(folder) : [])
  }

  private static func validationSamples(_ folder: Folder) throws -> [Sample] {
    let validation = folder.part("validation")
    guard validation.exists else { return [] }
    return try validation.folders().flatMap {
      try samples(of: $0, category: folder.name)
    }
  }

  /// The pictures of one kind, those of a defect with their masks.
  private static func samples(
    of kind: Folder, category: String, masks: Folder? = nil
  ) throws -> [Sample] {
    let isGood = isOrdinary(kind)
    let masks = isGood ? nil : masks
    let found = try masks.flatMap { $0.exists ? try MaskFolder($0) : nil }
    return try images(kind).map { image in
      let mask = found?.mask(of: image)
      if let masks, mask == nil {
        throw DatasetFault.missingMask(
          path: masks["\(image.stem)_mask.png"].url.path, image: image.path)
      }
      return Sample(
        id: "", category: category, label: isGood ? 0 : 1, defect: kind.name,
        image: image, mask: mask)
    }
  }

  /// The pictures in a folder, or in `rgb` in it, as MVTec 3D-AD has them.
  private static func images(_ folder: Folder) throws -> [URL] {
    let inner = folder["rgb"]
    let folder = inner.exists ? inner : folder
    let images = try folder.pictures()
    guard !images.isEmpty else {
      throw DatasetFault.noImages(path: folder.url.path)
    }
    return images
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
      var image = try DefectMaskFile.read(mask, size: writer.size)
      // A mask stays black and white when it is shrunk.
      image.values = image.values.map { $0 < 0.5 ? 0 : 1 }
      try writer.write(
        image,
        to: folder.appendingPathComponent("ground_truth/\(place)_mask.png"))
    }
  }
}
