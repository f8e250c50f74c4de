import Files
import Foundation

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

  subscript(name: String) -> Folder {
    Folder(url: url.appendingPathComponent(name))
  }

  var exists: Bool { url.isFolder }

  /// The folders in this folder, sorted by name.
  func folders() throws -> [Folder] {
    try names().map { self[$0] }.filter(\.exists)
  }

  /// The PNG files in this folder, in numeric order.
  ///
  /// - Throws: `DatasetFault.notPNG` when there are pictures of other formats.
  func images() throws -> [URL] {
    let otherFormats: Set = [
      "jpg", "jpeg", "bmp", "gif", "tif", "tiff", "webp",
    ]
    var images: [URL] = []
    for name in try names() {
      let format = (name as NSString).pathExtension.lowercased()
      guard !otherFormats.contains(format) else {
        throw DatasetFault.notPNG(path: self[name].url.path)
      }
      if format == "png" { images.append(self[name].url) }
    }
    return images.sortedNumerically(by: \.stem)
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
