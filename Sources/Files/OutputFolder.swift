import Foundation

/// Makes folders, with errors that name them.
package enum OutputFolder {
  /// Makes the folder and those above it where they are missing.
  ///
  /// - Throws: `FileFault.unwritable`.
  package static func create(_ url: URL) throws {
    if exists(url) || mkdir(url.path, 0o777) == 0 { return }
    // Another thread may have made it in the meantime.
    if errno == EEXIST, exists(url) { return }
    guard errno == ENOENT, url.pathComponents.count > 1 else {
      throw FileFault.unwritable(path: url.path, reason: systemErrorReason())
    }
    try create(url.deletingLastPathComponent())
    guard mkdir(url.path, 0o777) == 0 || errno == EEXIST else {
      throw FileFault.unwritable(path: url.path, reason: systemErrorReason())
    }
  }

  static func exists(_ url: URL) -> Bool {
    var status = stat()
    return stat(url.path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }
}
