import Execution
import Files
import Foundation

extension DatasetKind {
  /// Folders `train` and `test` of PNG files, flat or with subfolders.
  public static let folders = FoldersLayout.kind
}

/// Folders `train` and `test` of PNG files, flat or with subfolders.
///
/// The id is the file's stem, and the order is the numeric order of the ids;
/// where stems occur twice it is the path inside `test`, without extension.
/// Subfolders of `test` give labels only if one of them is named `good` or
/// `normal`: its images are ordinary, all others anomalies.
enum FoldersLayout: DatasetLayout {
  static let name = "folders"
  static let summary = "a folder with train/ and test/ PNGs"

  static func recognizes(_ place: Folder) -> Bool {
    place["train"].exists || place["test"].exists
  }

  static func read(
    _ folder: Folder, name: String, options: DatasetOptions,
    in context: RunContext
  ) throws -> [DatasetCategory] {
    let train =
      options.needsTraining || folder["train"].exists
      ? try samples(in: folder["train"], category: name) : []
    var test = try samples(in: folder["test"], category: name)
    let kinds = Set(test.map(\.defect))
    if !kinds.contains(nil), !kinds.isDisjoint(with: ordinaryNames) {
      for index in test.indices {
        test[index].label = ordinaryNames.contains(test[index].defect) ? 0 : 1
      }
    }
    return [
      DatasetCategory(
        name: name, train: SampleSet(imageFiles: train),
        test: SampleSet(imageFiles: test))
    ]
  }

  private static let ordinaryNames: Set<String?> = ["good", "normal"]

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
      return try place.folder.images().map { (place.path, $0) }
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
