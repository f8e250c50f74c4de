import CZlib
import Foundation

/// A running CRC-32, as zip files and PNGs have it: tells whether bytes have
/// changed by accident.
package struct Checksum: BitwiseCopyable, Sendable {
  /// The checksum of what has been added so far.
  package private(set) var value: UInt32 = 0

  package init() {}

  /// Such as `crc32:0a1b2c3d`.
  package var text: String { "crc32:" + String(format: "%08x", value) }

  package mutating func add(_ bytes: UnsafeRawBufferPointer) {
    guard let start = bytes.baseAddress else { return }
    value = UInt32(
      crc32_z(
        UInt(value), start.assumingMemoryBound(to: UInt8.self), bytes.count))
  }

  /// Adds the bytes that another checksum is of, `count` of them.
  package mutating func add(_ other: Checksum, count: Int) {
    value = UInt32(crc32_combine(UInt(value), UInt(other.value), count))
  }

  package mutating func add(_ text: String) {
    Array(text.utf8).withUnsafeBytes { add($0) }
  }
}
