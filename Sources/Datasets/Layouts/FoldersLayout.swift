import Execution
import Files
import Foundation

extension DatasetKind {
  /// Folders `train` and `test` of pictures, flat or with subfolders.
  public static let folders = FoldersLayout.kind
}

/// Folders `train` and `test` of pictures, flat or with subfolders.
///
/// The id is the file's stem, and the order is the numeric order of the ids;
/// where stems occur twice it is the path inside `test`, without extension.
/// Subfolders of `test` give labels only if one of them has a name for ordinary
/// pictures (`good`, `normal`, `OK`, `ok_front`): all others are anomalies.
/// Subfolders of `train` with such names, or for anomalies, decide in the same
/// way what is learned from.
enum FoldersLayout: WritableLayout {
  static let name = "folders"
  static let summary = "a folder with train/ and test/ pictures"

  static func sign(of place: Folder) -> String? {
    ["train", "test"].map(place.part).first(where: \.exists)
      .map { "\($0.name)/" }
  }

  static func read(
    _ folder: Folder, name: String, options: DatasetOptions,
    in context: RunContext
  ) throws -> [DatasetCategory] {
    var train =
      options.needsTraining || folder.part("train").exists
      ? try samples(in: folder.part("train"), category: name) : []
    let hasOrdinary = train.contains { isOrdinary($0.defect) == true }
    for index in train.indices {
      switch isOrdinary(train[index].defect) {
      case true?: train[index].label = 0
      case false?: train[index].label = 1
      case nil where hasOrdinary && train[index].defect != nil:
        train[index].label = 1
      case nil: break
      }
    }
    if !train.isEmpty {
      train = try train.withoutAnomalies(
        of: name, path: folder.part("train").url.path, in: context)
    }
    var test = try samples(in: folder.part("test"), category: name)
    let areOrdinary = test.map { isOrdinary($0.defect) == true }
    if test.allSatisfy({ $0.defect != nil }), areOrdinary.contains(true) {
      for index in test.indices {
        test[index].label = areOrdinary[index] ? 0 : 1
      }
    }
    return [
      DatasetCategory(
        name: name, train: SampleSet(imageFiles: train),
        test: SampleSet(imageFiles: test))
    ]
  }

  /// Whether the folders of a path are called by ordinary pictures or by
  /// anomalies; nil when none tells.
  static func isOrdinary(_ path: String?) -> Bool? {
    path?.split(separator: "/").lazy
      .compactMap { LabelWords.label(ofFolder: String($0)) }.first
      .map { $0 == 0 }
  }

  private static func samples(
    in folder: Folder, category: String
  ) throws -> [Sample] {
    guard folder.exists else {
      throw DatasetFault.missing(
        path: folder.url.path,
        neededFor: "training images are in train/, test images in test/")
    }
    let files = try images(in: folder)
    guard !files.isEmpty else {
      throw DatasetFault.noImages(path: folder.url.path)
    }
    return try samples(of: files, category: category, path: folder.url.path)
  }

  /// A picture, and the path to it inside the folder; nil when it lies in it.
  typealias File = (path: String?, image: URL)

  /// Samples in the numeric order of their ids.
  ///
  /// - Parameter path: What faults name as the place.
  static func samples(
    of files: [File], category: String = "", path: String
  ) throws -> [Sample] {
    let stems = files.map { $0.image.stem }
    let areUnique = Set(stems).count == stems.count
    let samples = files.map { file in
      Sample(
        id: areUnique
          ? file.image.stem
          : [file.path, file.image.stem].compactMap { $0 }
            .joined(separator: "/"),
        category: category, defect: file.path, image: file.image)
    }.sortedNumerically(by: \.id)
    for (a, b) in zip(samples, samples.dropFirst()) where a.id == b.id {
      throw DatasetFault.duplicateID(path: path, id: a.id)
    }
    return samples
  }

  /// The images in a folder and in the folders inside it, each folder once
  /// however many links lead to it, by its own path if it has one.
  static func images(in folder: Folder) throws -> [File] {
    typealias Place = (folder: Folder, path: String?)
    var seen: Set<FileIdentity> = []
    var links: [Place] = []
    func images(in place: Place) throws -> [File] {
      guard
        let identity = FileIdentity(at: place.folder.url),
        seen.insert(identity).inserted
      else { return [] }
      return try place.folder.pictures().map { (place.path, $0) }
        + place.folder.folders().flatMap { inner -> [File] in
          let name = inner.url.lastPathComponent
          let inner = (inner, place.path.map { "\($0)/\(name)" } ?? name)
          guard !inner.0.url.isLink else {
            links.append(inner)
            return []
          }
          return try images(in: inner)
        }
    }
    var files = try images(in: (folder, nil))
    while !links.isEmpty {
      files += try images(in: links.removeFirst())
    }
    return files
  }

  static func write(
    _ dataset: Dataset, to url: URL, by writer: DatasetWriter
  ) throws {
    let category = try dataset.pooled()
    try WholeFolder.write(to: url) { folder in
      let (train, test) = try writer.rows(category)
      try writer.writeImages(
        train,
        to: (0..<train.source.rows).map {
          folder.appendingPathComponent("train/\($0).png")
        })
      try writer.writeImages(
        test,
        to: category.test.samples.map {
          folder.appendingPathComponent("test/\($0.id).png")
        })
      try writer.writeLabels(of: category.test.samples, to: folder)
    }
  }
}
