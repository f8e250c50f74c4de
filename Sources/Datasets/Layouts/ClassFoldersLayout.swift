import Diagnostics
import Execution
import Files
import Foundation

extension DatasetKind {
  /// Folders of ordinary pictures and of anomalies, such as `normal` and
  /// `abnormal`, without a split.
  public static let classes = ClassFoldersLayout.kind
}

/// Folders of pictures that are called by what they hold, one of them ordinary
/// (`good`, `normal`, `ok_front`), without a split, which is drawn by the seed.
enum ClassFoldersLayout: DatasetLayout {
  static let name = "classes"
  static let summary = "a folder with normal/ and abnormal/"

  /// Folders that hold something else than the pictures.
  private static let maskNames: Set = [
    "ground_truth", "groundtruth", "masks", "mask", "gt", "labels",
  ]

  static func sign(of place: Folder) throws -> String? {
    guard place.exists, !place.part("train").exists, !place.part("test").exists
    else {
      return nil
    }
    let folders = try folders(in: place)
    guard
      folders.count >= 2,
      let ordinary = folders.first(where: {
        LabelWords.label(ofFolder: $0.name) == 0
      })
    else { return nil }
    return "\(ordinary.name)/ beside "
      + folders.filter { $0.name != ordinary.name }.prefix(3)
      .map { "\($0.name)/" }.joined(separator: ", ")
  }

  private static func folders(in place: Folder) throws -> [Folder] {
    try place.folders().filter { !maskNames.contains($0.name.lowercased()) }
  }

  static func read(
    _ place: Folder, name: String, options: DatasetOptions,
    in context: RunContext
  ) throws -> [DatasetCategory] {
    let folders = try folders(in: place)
    let samples = try samples(in: folders, category: name, path: place.url.path)
    let used = Set(folders.map(\.name))
    context.noteStrays(try place.names().filter { !used.contains($0) })
    return [
      try SeededSplit.category(
        named: name, of: samples, path: place.url.path, options, in: context)
    ]
  }

  /// The pictures of folders that are called by what they hold.
  ///
  /// - Parameter path: What faults name as the place.
  static func samples(
    in folders: [Folder], category: String, path: String
  ) throws -> [Sample] {
    let files = try folders.flatMap { folder in
      try FoldersLayout.images(in: folder).map { inner, image in
        ([folder.name, inner].compactMap { $0 }.joined(separator: "/"), image)
      }
    }
    guard !files.isEmpty else { throw DatasetFault.noImages(path: path) }
    var samples = try FoldersLayout.samples(
      of: files, category: category, path: path)
    for index in samples.indices {
      samples[index].label =
        FoldersLayout.isOrdinary(samples[index].defect) == true ? 0 : 1
    }
    return samples
  }
}

extension RunContext {
  private static var mostNamed: Int { 8 }

  /// Tells what lies in a folder and is not used.
  func noteStrays(_ names: [String]) {
    guard !names.isEmpty else { return }
    let more = names.count - Self.mostNamed
    note(
      "passed over: "
        + FaultMessage(names.prefix(Self.mostNamed).joined(separator: ", "))
        + (more > 0 ? " and \(more) more" : ""))
  }
}
