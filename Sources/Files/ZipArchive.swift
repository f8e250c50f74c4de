import CZlib
import Diagnostics
import Foundation

/// A zip archive, mapped into memory.
///
/// Knows stored and deflated entries and the 64-bit extension (PKWARE
/// APPNOTE 6.3); checks every size and checksum it reads.
package struct ZipArchive: Sendable {
  /// One file in the archive.
  package struct Entry: Sendable {
    package let name: String
    /// The bytes in the archive file, compressed if `isDeflated`.
    package let range: Range<Int>
    package let isDeflated: Bool
    /// The number of bytes once inflated.
    package let count: Int
    package let checksum: UInt32
  }

  package let file: MappedFile
  package let entries: [Entry]

  /// - Throws: `FileFault`.
  package init(_ url: URL) throws {
    let file = try MappedFile(url)
    self.file = file
    entries = try file.withBytes { bytes in
      do {
        return try Directory(bytes: bytes).entries()
      } catch let problem as Problem {
        throw problem.fault(path: url.path)
      }
    }
  }

  /// Throws the fault of an entry whose bytes are not what was promised.
  package func damaged(_ entry: Entry) -> FileFault {
    .malformed(
      path: file.url.path, problem: "\(entry.name) is damaged or cut short",
      remedy: Problem.copyAgain)
  }

  /// Checks the bytes of a stored entry against their checksum.
  ///
  /// - Throws: `FileFault`.
  package func verify(_ entry: Entry) throws {
    var checksum = Checksum()
    try file.withBytes { bytes in
      checksum.add(UnsafeRawBufferPointer(rebasing: bytes[entry.range]))
    }
    guard checksum.value == entry.checksum else { throw damaged(entry) }
  }

  private enum Problem: Error {
    case noArchive
    case damaged
    case encrypted(String)
    case unknownMethod(String)

    static let copyAgain: FaultMessage = "copy the file again from its source"

    func fault(path: String) -> FileFault {
      let (problem, remedy): (FaultMessage, FaultMessage) =
        switch self {
        case .noArchive:
          ("not a zip archive, or one that was cut short", Self.copyAgain)
        case .damaged:
          ("the directory of the zip archive is damaged", Self.copyAgain)
        case .encrypted(let name):
          ("\(name) is encrypted", "store it without a password")
        case .unknownMethod(let name):
          (
            "\(name) is compressed by an unknown method",
            "store it deflated or uncompressed, as numpy.savez does"
          )
        }
      return .malformed(path: path, problem: problem, remedy: remedy)
    }
  }

  /// The directory at the end of the archive.
  private struct Directory {
    let bytes: UnsafeRawBufferPointer

    func entries() throws -> [Entry] {
      let end = try endRecord()
      var count = try number(UInt16.self, at: end + 10)
      var offset = try number(UInt32.self, at: end + 16)
      if count == 0xffff || offset == 0xffff_ffff {
        let locator = end - 20
        guard locator >= 0, try signature(at: locator) == 0x0706_4b50 else {
          throw Problem.damaged
        }
        let record = try number(UInt64.self, at: locator + 8)
        guard try signature(at: record) == 0x0606_4b50 else {
          throw Problem.damaged
        }
        count = try number(UInt64.self, at: record + 32)
        offset = try number(UInt64.self, at: record + 48)
      }
      var entries: [Entry] = []
      for _ in 0..<count {
        entries.append(try entry(at: &offset))
      }
      return entries
    }

    /// The place of the end record, which only a comment may follow.
    private func endRecord() throws -> Int {
      let lowest = max(0, bytes.count - 22 - 0xffff)
      var place = bytes.count - 22
      while place >= lowest {
        if try signature(at: place) == 0x0605_4b50 { return place }
        place -= 1
      }
      throw Problem.noArchive
    }

    private func entry(at offset: inout Int) throws -> Entry {
      guard try signature(at: offset) == 0x0201_4b50 else {
        throw Problem.damaged
      }
      let flags = try number(UInt16.self, at: offset + 8)
      let method = try number(UInt16.self, at: offset + 10)
      let checksum = try number(UInt32.self, at: offset + 16)
      var packedCount = try number(UInt32.self, at: offset + 20)
      var count = try number(UInt32.self, at: offset + 24)
      let nameCount = try number(UInt16.self, at: offset + 28)
      let extraCount = try number(UInt16.self, at: offset + 30)
      let commentCount = try number(UInt16.self, at: offset + 32)
      var local = try number(UInt32.self, at: offset + 42)
      let nameStart = offset + 46
      let extraStart = nameStart + nameCount
      let next = extraStart + extraCount + commentCount
      guard next <= bytes.count else { throw Problem.damaged }
      let name = String(decoding: bytes[nameStart..<extraStart], as: UTF8.self)

      // The 64-bit values stand in the extra field, in this order, for each
      // number that does not fit.
      var place = extraStart
      while place + 4 <= extraStart + extraCount {
        let kind = try number(UInt16.self, at: place)
        let size = try number(UInt16.self, at: place + 2)
        if kind == 1 {
          var field = place + 4
          func widen(_ value: inout Int) throws {
            guard value == 0xffff_ffff else { return }
            guard field + 8 <= place + 4 + size else { throw Problem.damaged }
            value = try number(UInt64.self, at: field)
            field += 8
          }
          try widen(&count)
          try widen(&packedCount)
          try widen(&local)
        }
        place += 4 + size
      }

      guard flags & 1 == 0 else { throw Problem.encrypted(name) }
      guard method == 0 || method == 8 else {
        throw Problem.unknownMethod(name)
      }
      guard try signature(at: local) == 0x0403_4b50 else {
        throw Problem.damaged
      }
      let start =
        try local + 30 + number(UInt16.self, at: local + 26)
        + number(UInt16.self, at: local + 28)
      guard
        start <= bytes.count, packedCount <= bytes.count - start,
        method == 8 || packedCount == count
      else { throw Problem.damaged }
      offset = next
      return Entry(
        name: name, range: start..<start + packedCount,
        isDeflated: method == 8, count: count, checksum: UInt32(checksum))
    }

    private func signature(at offset: Int) throws -> Int {
      try number(UInt32.self, at: offset)
    }

    private func number<Value: FixedWidthInteger & BitwiseCopyable>(
      _ type: Value.Type, at offset: Int
    ) throws -> Int {
      guard
        offset >= 0, offset <= bytes.count - MemoryLayout<Value>.size,
        let value = Int(
          exactly: Value(
            littleEndian: bytes.loadUnaligned(
              fromByteOffset: offset, as: Value.self)))
      else { throw Problem.damaged }
      return value
    }
  }
}
