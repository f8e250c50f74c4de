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
      : try Self.format(of: url) != nil
        ? [(nil, url)] : try Self.listed(in: url)
    guard !files.isEmpty else {
      throw DatasetFault.noImages(path: url.path)
    }
    self.init(
      imageFiles: try FoldersLayout.samples(of: files, path: url.path))
  }

  /// Pictures without labels as they come to be scored, called by their paths:
  /// inside the folder that is given, as a list has them, or as the one file is
  /// given.
  ///
  /// - Throws: `FileFault`, `DatasetFault`.
  public init(newPicturesAt url: URL) throws {
    guard url.isFolder else {
      let isList = try Self.format(of: url) == nil
      try self.init(
        pictures: isList ? Self.lines(of: url) : [url.relativePath],
        from: isList ? url.deletingLastPathComponent() : nil,
        called: url.relativePath)
      return
    }
    let files = try FoldersLayout.images(in: Folder(url: url))
    let names = files.map { path, image in
      [path, image.lastPathComponent].compactMap { $0 }.joined(separator: "/")
    }
    try self.init(pictures: names, from: url, called: url.relativePath)
  }

  /// Pictures without labels by their paths, which become their ids.
  ///
  /// - Parameters:
  ///   - paths: In any order; none twice.
  ///   - folder: What they are relative to; nil is the working directory.
  ///   - place: What faults name as the place.
  /// - Throws: `FileFault`, `DatasetFault`.
  public init(
    pictures paths: [String], from folder: URL? = nil, called place: String
  ) throws {
    guard !paths.isEmpty else { throw DatasetFault.noImages(path: place) }
    let samples = try paths.map { path in
      let image = URL(fileURLWithPath: path, relativeTo: folder)
      guard image.isReachable else {
        throw FileFault.unreadable(
          path: image.relativePath, reason: "no such file")
      }
      let format = try Self.format(of: image)
      guard format?.isRead == true else {
        throw DatasetFault.foreignPicture(
          path: image.relativePath, format: format?.rawValue ?? "foreign")
      }
      return Sample(id: path, category: "", image: image)
    }.sortedNumerically(by: \.id)
    for (a, b) in zip(samples, samples.dropFirst()) where a.id == b.id {
      throw DatasetFault.duplicateID(path: place, id: a.id)
    }
    self.init(imageFiles: samples)
  }

  /// The lines of a text that are not blank.
  public static func paths(in text: String) -> [String] {
    text.split(whereSeparator: \.isNewline)
      .map { $0.trimmingCharacters(in: .whitespaces) }
      .filter { !$0.isEmpty }
  }

  /// What a file is by its ending, or else by its first bytes; nil for what is
  /// no picture.
  private static func format(of file: URL) throws -> PictureFormat? {
    try PictureFormat(ending: file.pathExtension) ?? PictureFormat(at: file)
  }

  private static func lines(of list: URL) throws -> [String] {
    let text = try MappedFile(list).withBytes {
      String(validating: $0, as: UTF8.self)
    }
    guard let text, !text.contains("\0") else {
      throw FileFault.malformed(
        path: list.path, problem: "neither a picture nor a list of such",
        remedy: "give a folder, or a text file with a path a line")
    }
    return paths(in: text)
  }

  private static func listed(
    in list: URL
  ) throws -> [FoldersLayout.File] {
    let images = try lines(of: list).map {
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
