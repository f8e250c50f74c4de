import Foundation

/// A file's bytes, mapped into memory and read on demand.
///
/// The file must not shrink while it is mapped.
package final class MappedFile: @unchecked Sendable {
  package let url: URL
  private let bytes: UnsafeRawBufferPointer

  /// - Throws: `FileFault.unreadable`.
  package init(_ url: URL) throws {
    self.url = url
    let path = url.path
    func refused() -> FileFault {
      .unreadable(path: path, reason: systemErrorReason())
    }
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw refused() }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw refused() }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw FileFault.unreadable(path: path, reason: "not a regular file")
    }
    let count = Int(status.st_size)
    guard count > 0 else {
      bytes = UnsafeRawBufferPointer(start: nil, count: 0)
      return
    }
    guard
      let start = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0),
      start != MAP_FAILED
    else { throw refused() }
    bytes = UnsafeRawBufferPointer(start: start, count: count)
  }

  deinit {
    if let start = bytes.baseAddress {
      munmap(UnsafeMutableRawPointer(mutating: start), bytes.count)
    }
  }

  package var count: Int { bytes.count }

  /// Lends the bytes for the time of the call.
  package func withBytes<Result>(
    _ body: (UnsafeRawBufferPointer) throws -> Result
  ) rethrows -> Result {
    try body(bytes)
  }

  /// A copy of a range of the bytes.
  package func data(in range: Range<Int>) -> Data {
    Data(UnsafeRawBufferPointer(rebasing: bytes[range]))
  }

  /// Tells the system that a range will not be needed again soon, so that
  /// walking a large file does not fill the memory with it.
  package func release(_ range: Range<Int>) {
    guard let start = bytes.baseAddress else { return }
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    let lower = (range.lowerBound + page - 1) / page * page
    let upper = range.upperBound / page * page
    guard lower < upper else { return }
    madvise(
      UnsafeMutableRawPointer(mutating: start + lower), upper - lower,
      MADV_DONTNEED)
  }
}
