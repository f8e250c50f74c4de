import Foundation
import TestSupport
import Testing

@testable import Files

@Suite("Mapped files")
struct MappedFileTests {
  @Test("The bytes are those of the file, before and after a release")
  func contents() throws {
    let folder = try TemporaryFolder()
    let file = folder.file("bytes")
    let bytes = Data((0..<100_000).map { UInt8(truncatingIfNeeded: $0 * 7) })
    try bytes.write(to: file)
    let mapped = try MappedFile(file)
    #expect(mapped.count == bytes.count)
    #expect(try mapped.data(in: 0..<bytes.count) == bytes)
    #expect(try mapped.data(in: 5000..<5003) == bytes[5000..<5003])
    #expect(try mapped.data(in: 7..<7).isEmpty)
    mapped.release(1..<99_999)
    mapped.release(10..<20)
    #expect(try mapped.withBytes { Data($0) } == bytes)
  }

  /// More than is read at once.
  private static let large = Data(repeating: 7, count: 1 << 20)

  @Test("A mapped file that is cut or written to while it is read is a fault")
  func changes() throws {
    let folder = try TemporaryFolder()
    let file = try folder.write(Self.large, to: "bytes")
    func fault() -> FileFault {
      .unreadable(path: file.path, reason: "it was changed while it was read")
    }
    let cut = try MappedFile(file)
    #expect(throws: fault()) {
      try cut.withBytes { bytes in
        truncate(file.path, 5000)
        return bytes.reduce(0) { $0 + Int($1) }
      }
    }
    #expect(throws: fault()) { try cut.data(in: 0..<1) }

    try Self.large.write(to: file)
    let written = try MappedFile(file)
    // The time of a file is not told more exactly than by some milliseconds.
    Thread.sleep(forTimeInterval: 0.05)
    let handle = try FileHandle(forUpdating: file)
    try handle.write(contentsOf: Data([8]))
    try handle.close()
    #expect(throws: fault()) { try written.data(in: 0..<1) }
  }

  @Test("A mapped file that another takes the place of keeps its bytes")
  func replacement() throws {
    let folder = try TemporaryFolder()
    let file = try folder.write(Self.large, to: "bytes")
    let mapped = try MappedFile(file)
    try folder.write(Data(), to: "other")
    #expect(rename(folder.path("other"), file.path) == 0)
    #expect(try mapped.data(in: 0..<Self.large.count) == Self.large)
  }

  @Test("A pipe is refused without being opened", .timeLimit(.minutes(1)))
  func pipe() throws {
    let folder = try TemporaryFolder()
    let file = folder.file("pipe")
    #expect(mkfifo(file.path, 0o600) == 0)
    #expect(
      throws: FileFault.unreadable(
        path: file.path, reason: "not a regular file")
    ) { try MappedFile(file) }
  }

  @Test("An empty file has no bytes")
  func empty() throws {
    let folder = try TemporaryFolder()
    try Data().write(to: folder.file("empty"))
    let mapped = try MappedFile(folder.file("empty"))
    #expect(mapped.count == 0)
    #expect(try mapped.data(in: 0..<0).isEmpty)
    mapped.release(0..<0)
  }

  @Test("What is no readable file is a fault")
  func unreadable() throws {
    let folder = try TemporaryFolder()
    let missing = folder.file("missing")
    #expect(
      throws: FileFault.unreadable(
        path: missing.path, reason: "no such file or directory")
    ) { try MappedFile(missing) }
    #expect(
      throws: FileFault.unreadable(
        path: folder.url.path, reason: "it is a folder")
    ) { try MappedFile(folder.url) }
  }

  @Test(
    "A file without read permission is a fault",
    .enabled(if: geteuid() != 0, "root may read everything"))
  func noPermission() throws {
    let folder = try TemporaryFolder()
    let file = folder.file("secret")
    try Data([1]).write(to: file)
    #expect(chmod(file.path, 0) == 0)
    #expect(
      throws: FileFault.unreadable(path: file.path, reason: "permission denied")
    ) { try MappedFile(file) }
  }
}
