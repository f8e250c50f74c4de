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
    #expect(mapped.data(in: 0..<bytes.count) == bytes)
    #expect(mapped.data(in: 5000..<5003) == bytes[5000..<5003])
    #expect(mapped.data(in: 7..<7).isEmpty)
    mapped.release(1..<99_999)
    mapped.release(10..<20)
    #expect(mapped.withBytes { Data($0) } == bytes)
  }

  @Test("An empty file has no bytes")
  func empty() throws {
    let folder = try TemporaryFolder()
    try Data().write(to: folder.file("empty"))
    let mapped = try MappedFile(folder.file("empty"))
    #expect(mapped.count == 0)
    #expect(mapped.data(in: 0..<0).isEmpty)
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
        path: folder.url.path, reason: "not a regular file")
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
