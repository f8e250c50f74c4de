/// How one number of a stored array is written.
package struct ElementType: Hashable, Sendable {
  package enum Kind: Sendable {
    case boolean
    case unsigned
    case signed
    case floating
    /// Characters of 4 bytes each, and of one; they are no numbers.
    case unicode
    case bytes
  }

  package let kind: Kind
  /// Bytes for one number: 1, 2, 4 or 8; for one text as many as it may have.
  package let width: Int
  package let isBigEndian: Bool

  package init(_ kind: Kind, width: Int, isBigEndian: Bool = false) {
    self.kind = kind
    self.width = width
    self.isBigEndian = isBigEndian
  }

  package static let uint8 = ElementType(.unsigned, width: 1)
  package static let int64 = ElementType(.signed, width: 8)
  package static let float32 = ElementType(.floating, width: 4)
  package static let float64 = ElementType(.floating, width: 8)

  var isText: Bool { kind == .unicode || kind == .bytes }

  /// Whether single precision holds every number.
  var fitsFloat: Bool { width < (kind == .floating ? 8 : 4) }

  /// Writes the numbers that start `stride` bytes apart as numbers that
  /// are `targetStride` apart.
  ///
  /// - Precondition: The kind has this width, and all numbers lie in `bytes`.
  func convert<Number: BinaryFloatingPoint>(
    _ bytes: UnsafeRawBufferPointer, stride: Int, count: Int,
    into target: UnsafeMutablePointer<Number>, targetStride: Int
  ) {
    @inline(__always)
    func each<Stored: BitwiseCopyable>(
      _ type: Stored.Type, _ number: (Stored) -> Number
    ) {
      precondition(
        count == 0
          || (count - 1) * stride + MemoryLayout<Stored>.size <= bytes.count)
      for index in 0..<count {
        target[index &* targetStride] = number(
          bytes.loadUnaligned(
            fromByteOffset: index &* stride, as: Stored.self))
      }
    }
    @inline(__always)
    func integers<Stored: FixedWidthInteger & BitwiseCopyable>(
      _ type: Stored.Type
    ) {
      if isBigEndian {
        each(type) { Number(Stored(bigEndian: $0)) }
      } else {
        each(type) { Number(Stored(littleEndian: $0)) }
      }
    }
    @inline(__always)
    func ordered<Bits: FixedWidthInteger>(_ bits: Bits) -> Bits {
      isBigEndian ? Bits(bigEndian: bits) : Bits(littleEndian: bits)
    }
    switch (kind, width) {
    case (.unicode, _), (.bytes, _): preconditionFailure("texts are no numbers")
    case (.boolean, _): each(UInt8.self) { $0 == 0 ? 0 : 1 }
    case (.unsigned, 1): integers(UInt8.self)
    case (.unsigned, 2): integers(UInt16.self)
    case (.unsigned, 4): integers(UInt32.self)
    case (.unsigned, _): integers(UInt64.self)
    case (.signed, 1): integers(Int8.self)
    case (.signed, 2): integers(Int16.self)
    case (.signed, 4): integers(Int32.self)
    case (.signed, _): integers(Int64.self)
    case (.floating, 2): each(UInt16.self) { Number(Float(half: ordered($0))) }
    case (.floating, 4):
      each(UInt32.self) { Number(Float(bitPattern: ordered($0))) }
    case (.floating, _):
      each(UInt64.self) { Number(Double(bitPattern: ordered($0))) }
    }
  }
}

extension Float {
  /// The number that 16 bits stand for (IEEE 754 binary16).
  init(half bits: UInt16) {
    let magnitude = UInt32(bits & 0x7fff) << 13
    // Both formats after moving differ by 112 in the bias of the exponent,
    // except that the largest exponent stands for infinity and NaN.
    let value =
      magnitude >= 0x0f80_0000
      ? Float(bitPattern: magnitude | 0x7f80_0000)
      : Float(bitPattern: magnitude) * 0x1p112
    self = bits & 0x8000 == 0 ? value : -value
  }
}
