import Foundation

/// Writes files that appear whole or not at all.
///
/// The bytes go to a hidden file beside the target, which is then renamed over
/// it. A target that is a device or a pipe is written directly.
package enum WholeFile {
  package static func write(_ contents: Data, to url: URL) throws {
    try write(to: url) { try $0.write(contents) }
  }

  package static func write(_ text: String, to url: URL) throws {
    try write(Data(text.utf8), to: url)
  }

  /// Writes what `body` sends to the sink it is given.
  ///
  /// - Parameter replaces: Whether a file that is there is replaced.
  /// - Throws: `FileFault.unwritable`, or what `body` throws; in both cases the
  ///   target is as it was.
  package static func write(
    to url: URL, replaces: Bool = true,
    _ body: (borrowing FileSink) throws -> Void
  ) throws {
    let path = try url.followingLinks().path
    try InputFiles.check(url)
    try checkIsFree(path, replaces: replaces)
    guard isReplaceable(path) else {
      let sink = try FileSink(
        descriptor: open(path, O_WRONLY | O_CLOEXEC), target: path)
      try body(sink)
      return try sink.finish()
    }
    let (partial, descriptor) = try Partial.make(beside: path) {
      open($0, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    }
    do {
      let sink = try FileSink(descriptor: descriptor, target: path)
      try body(sink)
      try sink.finish()
      try checkIsFree(path, replaces: replaces)
      guard rename(partial, path) == 0 else {
        throw FileFault.unwritable(path: path, reason: systemErrorReason())
      }
      Partial.forget(partial)
    } catch {
      Partial.remove(partial)
      throw error
    }
  }

  private static func checkIsFree(_ path: String, replaces: Bool) throws {
    var status = stat()
    if !replaces, stat(path, &status) == 0 {
      throw FileFault.unwritable(path: path, reason: "it exists already")
    }
  }

  /// Whether the path is free or holds a regular file.
  private static func isReplaceable(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) != 0 || status.st_mode & S_IFMT == S_IFREG
  }
}

/// An open file that bytes are appended to.
package struct FileSink: ~Copyable {
  private let descriptor: Int32
  private let target: String

  /// - Throws: `FileFault.unwritable` where the descriptor is negative.
  fileprivate init(descriptor: Int32, target: String) throws {
    self.descriptor = descriptor
    self.target = target
    guard descriptor >= 0 else {
      throw FileFault.unwritable(path: target, reason: systemErrorReason())
    }
  }

  /// Appends the bytes.
  package borrowing func write(_ bytes: some DataProtocol) throws {
    for region in bytes.regions {
      try region.withUnsafeBytes { try write($0) }
    }
  }

  /// Appends the bytes.
  package borrowing func write(_ bytes: UnsafeRawBufferPointer) throws {
    try writeAll(bytes, to: descriptor, called: target)
  }

  fileprivate consuming func finish() throws {
    // Bytes that the disk refuses late are reported here, not lost. Devices
    // and pipes cannot be synchronised and say EINVAL.
    guard fsync(descriptor) == 0 || errno == EINVAL || errno == EROFS else {
      throw FileFault.unwritable(path: target, reason: systemErrorReason())
    }
  }

  deinit {
    close(descriptor)
  }
}
