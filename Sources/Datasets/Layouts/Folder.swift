import Files
import Foundation
import Images

/// A folder as the layouts see it.
struct Folder {
  let url: URL

  /// The names in the folder, sorted; hidden ones and those that archivers
  /// leave behind are not listed.
  ///
  /// - Throws: `FileFault`.
  func names() throws -> [String] {
    try FolderListing.names(in: url.path).filter { $0 != "__MACOSX" }.sorted()
  }

  var name: String { url.lastPathComponent }

  subscript(name: String) -> Folder {
    Folder(url: url.appendingPathComponent(name))
  }

  /// A folder that layouts know by name, such as `train`, in capitals or not.
  func part(_ name: String) -> Folder {
    guard !self[name].exists else { return self[name] }
    let other = try? names().first {
      $0.lowercased() == name && self[$0].exists
    }
    return self[other ?? name]
  }

  var exists: Bool { url.isFolder }

  /// The folders in this folder, sorted by name.
  func folders() throws -> [Folder] {
    try names().map { self[$0] }.filter(\.exists)
  }

  /// The pictures in this folder, in numeric order: files whose names end as
  /// those of pictures, and files without an ending whose bytes tell.
  ///
  /// - Throws: `DatasetFault.foreignPicture` when there are pictures of formats
  ///   that are not read.
  func pictures() throws -> [URL] {
    try names().filter { name in
      let ending = (name as NSString).pathExtension
      let named = PictureFormat(ending: ending)
      if named?.isRead == true { return true }
      let url = self[name].url
      guard named != nil || ending.isEmpty, !url.isFolder else { return false }
      // What calls itself otherwise is often a JPEG file all the same.
      let found =
        named == nil
        ? (try? PictureFormat(at: url)) ?? nil : try PictureFormat(at: url)
      guard let format = found ?? named else { return false }
      guard format.isRead else {
        throw DatasetFault.foreignPicture(
          path: url.path, format: format.rawValue)
      }
      return true
    }.map { self[$0].url }.sortedNumerically(by: \.stem)
  }
}

/// The masks in a folder, each called by its picture.
struct MaskFolder {
  private let places: [String: URL]

  /// - Throws: `FileFault.unreadable`.
  init(_ folder: Folder) throws {
    let names = try folder.names().map {
      ((($0 as NSString).deletingPathExtension).lowercased(), folder[$0].url)
    }
    places = Dictionary(names) { first, _ in first }
  }

  /// The file, or the folder of files, of a picture's mask: of its name with
  /// `_mask` or another of the usual words behind it or without, whatever the
  /// ending.
  func mask(of picture: URL) -> URL? {
    let stem = picture.stem.lowercased()
    return ["_mask", "", "_gt", "_label"].lazy
      .compactMap { places[stem + $0] }.first
  }
}

extension URL {
  /// The name of the file without its extension.
  var stem: String { deletingPathExtension().lastPathComponent }

  var isFolder: Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
      && isFolder.boolValue
  }

  var isLink: Bool {
    (try? FileManager.default.destinationOfSymbolicLink(atPath: path)) != nil
  }

  var isReachable: Bool { FileManager.default.fileExists(atPath: path) }
}
