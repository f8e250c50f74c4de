import Foundation

/// Writes folders that appear whole or not at all.
package enum WholeFolder {
  /// Fills a folder.
  ///
  /// `body` is given a hidden folder beside the target, which is renamed once
  /// it is filled. The target may be an empty folder; the folders above it are
  /// made where they are missing.
  ///
  /// - Throws: `FileFault.unwritable`, or what `body` throws; in both cases the
  ///   target is as it was.
  package static func write(
    to url: URL, _ body: (URL) throws -> Void
  ) throws {
    let url = try url.standardizedFileURL.followingLinks()
    try OutputFolder.create(url.deletingLastPathComponent())
    try checkIsFree(url)
    try filling(url) { partial in
      try body(partial)
      guard rename(partial.path, url.path) == 0 else {
        throw FileFault.unwritable(
          path: url.path, reason: systemErrorReason())
      }
    }
  }

  /// Calls `body` with a hidden folder beside the target, which is then gone.
  private static func filling<Result>(
    _ url: URL, _ body: (URL) throws -> Result
  ) throws -> Result {
    let (path, descriptor) = try Partial.make(beside: url.path) {
      mkdir($0, 0o777) == 0 ? open($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1
    }
    defer {
      Partial.remove(path)
      close(descriptor)
    }
    do {
      return try body(URL(fileURLWithPath: path, isDirectory: true))
    } catch FileFault.unwritable(let told, let reason)
      where told.hasPrefix(path)
    {
      // Nobody knows the hidden folder.
      throw FileFault.unwritable(
        path: url.path + told.dropFirst(path.count), reason: reason)
    }
  }

  /// Fills a folder beside what is in it already.
  ///
  /// `body` is given a hidden folder beside the target; when it is filled its
  /// files are renamed to their places in the target, which is made where it is
  /// missing. Files of the same names are replaced, all others stay.
  ///
  /// - Throws: `FileFault.unwritable`, or what `body` throws; the target is then
  ///   as it was, unless a file cannot take its place.
  package static func merge<Result>(
    into url: URL, _ body: (URL) throws -> Result
  ) throws -> Result {
    let url = try url.standardizedFileURL.followingLinks()
    try OutputFolder.create(url.deletingLastPathComponent())
    return try filling(url) { partial in
      let result = try body(partial)
      try OutputFolder.create(url)
      for path in try FileManager.default.subpathsOfDirectory(
        atPath: partial.path)
      {
        let (source, target) = (
          partial.appendingPathComponent(path), url.appendingPathComponent(path)
        )
        if OutputFolder.exists(source) {
          try OutputFolder.create(target)
          continue
        }
        try InputFiles.check(target)
        if rename(source.path, target.path) != 0 {
          throw FileFault.unwritable(
            path: target.path, reason: systemErrorReason())
        }
      }
      return result
    }
  }

  /// Throws before the work starts what would be thrown after it.
  private static func checkIsFree(_ url: URL) throws {
    let names = try? FileManager.default.contentsOfDirectory(atPath: url.path)
    let isFree =
      names?.isEmpty ?? !FileManager.default.fileExists(
        atPath: url.path)
    guard isFree else {
      throw FileFault.unwritable(path: url.path, reason: "it exists already")
    }
  }
}
