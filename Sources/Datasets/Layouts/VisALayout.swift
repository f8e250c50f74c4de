import Diagnostics
import Execution
import Files
import Foundation

extension DatasetKind {
  /// VisA: its categories with their split, or one of them.
  public static let visa = VisALayout.kind
}

/// The layout of VisA (Zou and others 2022): `CATEGORY/Data/Images/Normal` and
/// `Anomaly`, masks in `Data/Masks/Anomaly`, and the split in
/// `split_csv/1cls.csv`; without that it is drawn by the seed.
///
/// Ids are running numbers over all test images, in the order of the split.
enum VisALayout: DatasetLayout {
  static let name = "visa"
  static let summary = "VisA or one category of it"

  private static let splitName = "split_csv/1cls.csv"

  static func sign(of place: Folder) throws -> String? {
    guard place.exists else { return nil }
    if place[splitName].url.isReachable { return splitName }
    return try categorySign(of: place)
      ?? place.folders().lazy.compactMap { folder in
        try? categorySign(of: folder).map { "\(folder.name)/\($0)" }
      }.first
  }

  private static func categorySign(of folder: Folder) throws -> String? {
    let images = folder["Data"]["Images"]
    return images.exists
      && images["Normal"].exists ? "Data/Images/Normal/" : nil
  }

  static func read(
    _ place: Folder, name: String, options: DatasetOptions,
    in context: RunContext
  ) throws -> [DatasetCategory] {
    let isCategory = try categorySign(of: place) != nil
    let root =
      isCategory
      ? Folder(url: place.url.deletingLastPathComponent()) : place
    let split = root[splitName].url
    guard split.isReachable else {
      let folders =
        isCategory
        ? [place]
        : try place.folders().filter { try categorySign(of: $0) != nil }
      guard !folders.isEmpty else {
        throw DatasetFault.unrecognizedLayout(path: place.url.path)
      }
      return try folders.map { try unsplit($0, options, in: context) }
    }
    let categories = try categories(
      of: split, in: root, only: isCategory ? name : nil, context)
    if !isCategory {
      let used = Set(categories.map(\.name) + ["split_csv"])
      context.noteStrays(try place.names().filter { !used.contains($0) })
    }
    return categories
  }

  private static func categories(
    of split: URL, in root: Folder, only wanted: String?, _ context: RunContext
  ) throws -> [DatasetCategory] {
    let table = try TextTable(split, memoryLimit: context.memoryBudget)
    func texts(_ name: String) throws -> [String] {
      let column = table.columns.first { $0.name.lowercased() == name }
      guard let column else {
        throw table.malformed(
          "there is no column \(name)",
          "give object, split, label, image and mask, as VisA has them")
      }
      return try table.texts(of: column.place)
    }
    let (objects, splits, labels) = try (
      texts("object"), texts("split"), texts("label")
    )
    let (images, masks) = try (texts("image"), texts("mask"))
    var sets: [String: (train: [Sample], test: [Sample])] = [:]
    for row in objects.indices where wanted.map({ $0 == objects[row] }) ?? true
    {
      let image = root[images[row]].url
      guard image.isReachable else {
        throw DatasetFault.missing(
          path: image.path, neededFor: "\(splitName) names it")
      }
      let isNormal = LabelWords.label(ofFolder: labels[row]) == 0
      let sample = Sample(
        id: "", category: objects[row], label: isNormal ? 0 : 1,
        defect: labels[row], image: image,
        mask: masks[row].isEmpty ? nil : root[masks[row]].url)
      if splits[row].lowercased() == "train" {
        sets[objects[row], default: ([], [])].train.append(sample)
      } else {
        sets[objects[row], default: ([], [])].test.append(sample)
      }
    }
    var counts = (train: 0, test: 0)
    func number(_ samples: [Sample], from start: inout Int) -> SampleSet {
      var samples = samples
      for index in samples.indices {
        samples[index].id = "\(start)"
        start += 1
      }
      return SampleSet(imageFiles: samples)
    }
    let found = try sets.sorted { $0.key < $1.key }.map { name, samples in
      DatasetCategory(
        name: name,
        train: number(
          try samples.train.withoutAnomalies(
            of: name, path: split.path, in: context),
          from: &counts.train),
        test: number(samples.test, from: &counts.test))
    }
    for category in found where category.test.count == 0 {
      throw table.malformed(
        "\(category.name) has no test pictures", "give lines of them")
    }
    guard !found.isEmpty else {
      throw table.malformed(
        "no line is of \(wanted ?? "any category")", "name the categories")
    }
    return found
  }

  /// A category without the split.
  private static func unsplit(
    _ folder: Folder, _ options: DatasetOptions, in context: RunContext
  ) throws -> DatasetCategory {
    let data = folder["Data"]
    var samples = try ClassFoldersLayout.samples(
      in: data["Images"].folders(), category: folder.name,
      path: data["Images"].url.path)
    let masks = data["Masks"]["Anomaly"]
    if masks.exists {
      let masks = try MaskFolder(masks)
      for index in samples.indices where samples[index].label == 1 {
        samples[index].mask = samples[index].image.flatMap(masks.mask)
      }
    }
    return try SeededSplit.category(
      named: folder.name, of: samples, path: folder.url.path, options,
      in: context)
  }
}
