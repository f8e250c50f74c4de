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

  /// Does work that writes into the folder, which no other process may do at
  /// the same time.
  ///
  /// The folder is made where it is missing, and gone again when the work leaves
  /// nothing in it.
  ///
  /// - Throws: `FileFault.unwritable`, what `work` throws.
  package static func withLock<Result>(
    _ url: URL, _ work: () throws -> Result
  ) throws -> Result {
    let isNew = !exists(url)
    try create(url)
    let descriptor = open(url.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    defer {
      if isNew { rmdir(url.path) }
      close(descriptor)
    }
    // Where folders cannot be opened or locked, there is no lock.
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK
    else {
      throw FileFault.unwritable(
        path: url.path, reason: "another run is writing there")
    }
    return try work()
  }

  static func exists(_ url: URL) -> Bool {
    var status = stat()
    return stat(url.path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }
}
