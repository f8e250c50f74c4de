import Foundation

/// A message of Protocol Buffers: numbered fields, one after the other.
///
/// A field begins with its number and what its bytes are: a whole number of
/// seven bits a byte (0), bytes after their count (2) or four bytes (5)
/// (https://protobuf.dev/programming-guides/encoding).
struct ProtocolBuffer {
  private(set) var bytes = Data()

  mutating func add(_ field: Int, _ value: Int) {
    append(UInt64(field << 3))
    append(UInt64(bitPattern: Int64(value)))
  }

  mutating func add(_ field: Int, _ value: Float) {
    append(UInt64(field << 3 | 5))
    withUnsafeBytes(of: value.bitPattern.littleEndian) {
      bytes.append(contentsOf: $0)
    }
  }

  mutating func add(_ field: Int, _ value: Data) {
    append(UInt64(field << 3 | 2))
    append(UInt64(value.count))
    bytes.append(value)
  }

  mutating func add(_ field: Int, _ text: String) {
    add(field, Data(text.utf8))
  }

  /// A message in the message.
  mutating func add(
    _ field: Int, _ fill: (inout ProtocolBuffer) -> Void
  ) {
    var message = ProtocolBuffer()
    fill(&message)
    add(field, message.bytes)
  }

  /// Many numbers as one field.
  mutating func add(_ field: Int, packed values: [Int]) {
    var packed = ProtocolBuffer()
    for value in values { packed.append(UInt64(bitPattern: Int64(value))) }
    add(field, packed.bytes)
  }

  mutating func add(_ field: Int, packed values: [Float]) {
    add(field, values.littleEndianBytes)
  }

  private mutating func append(_ number: UInt64) {
    var rest = number
    while rest >= 0x80 {
      bytes.append(UInt8(rest & 0x7f) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }
}

extension [Float] {
  var littleEndianBytes: Data {
    map(\.bitPattern.littleEndian).withUnsafeBytes { Data($0) }
  }
}

extension [Double] {
  var littleEndianBytes: Data {
    map(\.bitPattern.littleEndian).withUnsafeBytes { Data($0) }
  }
}

extension [Int64] {
  var littleEndianBytes: Data {
    map(\.littleEndian).withUnsafeBytes { Data($0) }
  }
}
