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
  /// - Throws: `FileFault.unwritable`, or what `body` throws; in both cases the
  ///   target is as it was.
  package static func write(
    to url: URL, _ body: (borrowing FileSink) throws -> Void
  ) throws {
    let path = url.path
    guard isReplaceable(path) else {
      let sink = try FileSink(path: path, target: path, flags: O_WRONLY)
      try body(sink)
      return try sink.finish()
    }
    let partial = url.deletingLastPathComponent().appendingPathComponent(
      ".\(url.lastPathComponent).\(UInt32.random(in: .min ... .max)).partial"
    ).path
    do {
      let sink = try FileSink(
        path: partial, target: path, flags: O_WRONLY | O_CREAT | O_EXCL)
      try body(sink)
      try sink.finish()
      guard rename(partial, path) == 0 else {
        throw FileFault.unwritable(path: path, reason: systemErrorReason())
      }
    } catch {
      unlink(partial)
      throw error
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

  fileprivate init(path: String, target: String, flags: Int32) throws {
    descriptor = open(path, flags | O_CLOEXEC, 0o666)
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
    var rest = bytes[...]
    while !rest.isEmpty {
      let written = Foundation.write(
        descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress,
        rest.count)
      if written < 0 {
        if errno == EINTR { continue }
        throw FileFault.unwritable(path: target, reason: systemErrorReason())
      }
      rest = rest.dropFirst(written)
    }
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
