import Files
import Foundation
import Images

extension SampleSet {
  /// Pictures without labels, in numeric order: those in a folder and in the
  /// folders inside it, those of a list, or one.
  ///
  /// A list is a text file with a path a line, relative to the folder that the
  /// list is in. The id is the file's stem; where stems occur twice it is the
  /// path inside the folder, or inside what all files of a list have in common,
  /// without extension.
  ///
  /// - Throws: `FileFault`, `DatasetFault`.
  public init(picturesAt url: URL) throws {
    let url = url.standardizedFileURL
    let files =
      url.isFolder
      ? try FoldersLayout.images(in: Folder(url: url))
      : PictureFormat(ending: url.pathExtension) != nil
        ? [(nil, url)] : try Self.listed(in: url)
    guard !files.isEmpty else {
      throw DatasetFault.noImages(path: url.path)
    }
    self.init(
      imageFiles: try FoldersLayout.samples(of: files, path: url.path))
  }

  private static func listed(
    in list: URL
  ) throws -> [FoldersLayout.File] {
    let text = try MappedFile(list).withBytes {
      String(validating: $0, as: UTF8.self)
    }
    guard let text, !text.contains("\0") else {
      // A picture without an ending.
      if try PictureFormat(at: list)?.isRead == true { return [(nil, list)] }
      throw FileFault.malformed(
        path: list.path, problem: "neither a picture nor a list of such",
        remedy: "give a folder, or a text file with a path a line")
    }
    let images = text.split(whereSeparator: \.isNewline)
      .map { $0.trimmingCharacters(in: .whitespaces) }
      .filter { !$0.isEmpty }
      .map {
        URL(fileURLWithPath: $0, relativeTo: list.deletingLastPathComponent())
          .standardizedFileURL
      }
    let folders = images.map {
      $0.deletingLastPathComponent().pathComponents
    }
    let common = folders.dropFirst().reduce(folders.first ?? []) {
      zip($0, $1).prefix { $0 == $1 }.map(\.0)
    }.count
    return zip(images, folders).map { image, folder in
      (
        folder.count == common
          ? nil : folder.dropFirst(common).joined(separator: "/"), image
      )
    }
  }
}
