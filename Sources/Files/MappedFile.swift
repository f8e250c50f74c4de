import Foundation

/// A file's bytes: those of a small one read, those of a large one mapped into
/// memory and read on demand.
///
/// A file that is cut short, written to or lost with its disk while it is read
/// is a fault.
package final class MappedFile: @unchecked Sendable {
  package let url: URL
  /// Of the file when it was opened.
  package let stamp: FileStamp
  private let bytes: UnsafeRawBufferPointer
  /// Nil when the bytes are in memory of their own.
  private let place: MappingGuard.Place?

  /// Bytes up to which reading is not slower than mapping.
  private static let smallSize = 1 << 18

  /// - Throws: `FileFault.unreadable`.
  package init(_ url: URL) throws {
    self.url = url
    let path = url.path
    func refused(_ reason: String = systemErrorReason()) -> FileFault {
      .unreadable(path: path, reason: reason)
    }
    func checkIsFile(_ status: stat) throws {
      guard status.st_mode & S_IFMT == S_IFREG else {
        throw refused(
          status.st_mode & S_IFMT == S_IFDIR
            ? "it is a folder" : "not a regular file")
      }
    }
    var status = stat()
    // Before it is opened: a pipe would wait, a device may do something.
    guard stat(path, &status) == 0 else { throw refused() }
    try checkIsFile(status)
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw refused() }
    defer { close(descriptor) }
    guard fstat(descriptor, &status) == 0 else { throw refused() }
    try checkIsFile(status)
    InputFiles.opened(url)
    stamp = FileStamp(status)
    let count = stamp.size
    guard count > Self.smallSize else {
      let memory = UnsafeMutableRawBufferPointer.allocate(
        byteCount: count, alignment: 64)
      bytes = UnsafeRawBufferPointer(memory)
      place = nil
      // From here on, what is thrown gives the memory back.
      var filled = 0
      while filled < count {
        let read = read(
          descriptor, memory.baseAddress.map { $0 + filled }, count - filled)
        if read < 0, errno == EINTR { continue }
        guard read >= 0 else { throw refused() }
        guard read > 0 else { throw refused(Self.changed) }
        filled += read
      }
      guard fstat(descriptor, &status) == 0 else { throw refused() }
      guard FileStamp(status) == stamp else { throw refused(Self.changed) }
      return
    }
    guard
      let start = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0),
      start != MAP_FAILED
    else { throw refused() }
    bytes = UnsafeRawBufferPointer(start: start, count: count)
    guard let place = MappingGuard.add(bytes) else {
      munmap(start, count)
      throw refused("too many files are open")
    }
    self.place = place
  }

  deinit {
    if let place {
      MappingGuard.remove(place)
      munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count)
    } else {
      bytes.deallocate()
    }
  }

  private static let changed = "it was changed while it was read"

  package var count: Int { bytes.count }

  /// Lends the bytes for the time of the call.
  ///
  /// - Throws: `FileFault.unreadable` when the file has changed since it was
  ///   opened, whatever `body` has made of its bytes.
  package func withBytes<Result>(
    _ body: (UnsafeRawBufferPointer) throws -> Result
  ) throws -> Result {
    // Short, so that it becomes a part of the loops that it is called for.
    let result: Result
    do { result = try body(bytes) } catch {
      try checkIsUnchanged()
      throw error
    }
    try checkIsUnchanged()
    return result
  }

  private func checkIsUnchanged() throws {
    guard let place else { return }
    var status = stat()
    // A file that has taken the place of this one, or was removed, has not
    // changed its bytes.
    let hasChanged =
      stat(url.path, &status) == 0
      && FileIdentity(status) == stamp.identity && FileStamp(status) != stamp
    guard !hasChanged, !place.isBroken else {
      throw FileFault.unreadable(path: url.path, reason: Self.changed)
    }
  }

  /// A copy of a range of the bytes.
  ///
  /// - Throws: As `withBytes`.
  package func data(in range: Range<Int>) throws -> Data {
    try withBytes { Data(UnsafeRawBufferPointer(rebasing: $0[range])) }
  }

  /// Tells the system that a range will not be needed again soon, so that
  /// walking a large file does not fill the memory with it.
  package func release(_ range: Range<Int>) {
    guard place != nil, let start = bytes.baseAddress else { return }
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    let lower = (range.lowerBound + page - 1) / page * page
    let upper = range.upperBound / page * page
    guard lower < upper else { return }
    madvise(
      UnsafeMutableRawPointer(mutating: start + lower), upper - lower,
      MADV_DONTNEED)
  }
}
