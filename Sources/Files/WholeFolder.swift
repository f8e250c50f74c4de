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
    let url = url.standardizedFileURL
    let parent = url.deletingLastPathComponent()
    try OutputFolder.create(parent)
    let partial = parent.appendingPathComponent(
      ".\(url.lastPathComponent).\(UInt32.random(in: .min ... .max)).partial")
    do {
      try checkIsFree(url)
      try OutputFolder.create(partial)
      try body(partial)
      guard rename(partial.path, url.path) == 0 else {
        throw FileFault.unwritable(
          path: url.path, reason: systemErrorReason())
      }
    } catch {
      try? FileManager.default.removeItem(at: partial)
      throw error
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
