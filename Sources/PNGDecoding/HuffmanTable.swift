/// A table that decodes one symbol of a Huffman code of deflate by looking up
/// the next bits (RFC 1951, section 3.2).
///
/// An entry holds, from the low bits on: 6 bits, how many bits the symbol takes
/// with its extra bits; 4 bits, how many of them are the code itself; flags;
/// and the value from bit 16 on. Codes longer than the table's index continue
/// in a second table, which an entry points to.
///
/// Two literals whose codes fit the index together share an entry: the bits of
/// both, their number in place of the code's length, and one byte each.
struct HuffmanTable {
  /// What the symbols of a code mean.
  enum Alphabet {
    /// Literals, lengths and the end of a block.
    case literalsAndLengths
    case distances
    /// The lengths of other codes.
    case codeLengths

    /// Bits that the first lookup takes.
    fileprivate var indexBits: Int {
      switch self {
      case .literalsAndLengths: 11
      case .distances: 8
      case .codeLengths: 7
      }
    }
  }

  /// No plain length or distance.
  static let isSpecial: UInt32 = 1 << 15
  static let isPointer: UInt32 = 1 << 14
  static let isEndOfBlock: UInt32 = 1 << 13
  static let isLiteral: UInt32 = 1 << 12

  /// The bits that index the tables.
  static let codeMask: UInt64 = 1 << 11 - 1
  static let distanceMask: UInt64 = 1 << 8 - 1
  static let codeLengthMask: UInt64 = 1 << 7 - 1

  /// Bits in all, and bits of the code, of an entry.
  static let totalMask: UInt32 = 63
  static let codeShift: UInt32 = 6

  private let alphabet: Alphabet
  private(set) var entries: [UInt32]

  init(_ alphabet: Alphabet) {
    self.alphabet = alphabet
    entries = []
  }

  /// Fills the table for symbols with the given code lengths.
  ///
  /// Returns false unless the code is complete: the rare others are left to
  /// zlib.
  mutating func build(_ lengths: ArraySlice<UInt8>) -> Bool {
    let longest = 15
    var counts = [Int](repeating: 0, count: longest + 1)
    for length in lengths { counts[Int(length)] += 1 }
    counts[0] = 0
    var space = 0
    for length in 1...longest { space = space << 1 + counts[length] }
    guard space == 1 << longest else { return false }

    // The symbols in the order of their codes.
    var next = [Int](repeating: 0, count: longest + 2)
    for length in 1...longest {
      next[length + 1] = next[length] + counts[length]
    }
    var sorted = [(symbol: Int, length: Int)](
      repeating: (0, 0), count: next[longest + 1])
    for (symbol, length) in zip(0..., lengths) where length > 0 {
      sorted[next[Int(length)]] = (symbol, Int(length))
      next[Int(length)] += 1
    }

    let indexBits = alphabet.indexBits
    let indexMask = 1 << indexBits - 1
    entries = [UInt32](repeating: 0, count: 1 << indexBits)
    var code = 0
    var previousLength = sorted[0].length
    var subtable = (prefix: -1, start: 0, bits: 0)
    for (symbol, length) in sorted {
      code <<= length - previousLength
      previousLength = length
      // Codes come with their first bit lowest.
      let reversed = Int(UInt16(code).bitReversed >> UInt16(16 - length))
      let entry = entry(symbol, length: length)
      if length <= indexBits {
        for index in stride(from: reversed, through: indexMask, by: 1 << length)
        {
          entries[index] = entry
        }
      } else {
        let prefix = reversed & indexMask
        if prefix != subtable.prefix {
          // As long as to hold all the codes left that begin so.
          var bits = length - indexBits
          var used = counts[length]
          while used < 1 << bits, indexBits + bits < longest {
            bits += 1
            used = used << 1 + counts[indexBits + bits]
          }
          subtable = (prefix, entries.count, bits)
          entries.append(contentsOf: repeatElement(0, count: 1 << bits))
          entries[prefix] =
            UInt32(subtable.start) << 16 | Self.isSpecial | Self.isPointer
            | UInt32(bits)
        }
        for index in stride(
          from: reversed >> indexBits, to: 1 << subtable.bits,
          by: 1 << (length - indexBits))
        {
          entries[subtable.start + index] = entry
        }
      }
      code += 1
      counts[length] -= 1
    }
    if alphabet == .literalsAndLengths { pairLiterals() }
    return true
  }

  /// Gives literals the literal that follows, where the index shows all of it.
  private mutating func pairLiterals() {
    let indexBits = UInt32(alphabet.indexBits)
    entries.withUnsafeMutableBufferPointer { entries in
      // What follows stands at a smaller index, and is still alone. No branch
      // could be predicted.
      for index in (0..<1 << indexBits).reversed() {
        let first = entries[index]
        let second = entries[index &>> Int(first & Self.totalMask)]
        let bits = first & Self.totalMask &+ second & Self.totalMask
        let both =
          (second &>> 16) &<< 24 | first & 0xff_0000 | Self.isLiteral
          | 2 &<< Self.codeShift | bits
        let isPair =
          first & second & Self.isLiteral != 0 && bits <= indexBits
        entries[index] = isPair ? both : first
      }
    }
  }

  private func entry(_ symbol: Int, length: Int) -> UInt32 {
    let code = UInt32(length) << Self.codeShift
    func ranged(_ range: (base: Int, extraBits: Int)) -> UInt32 {
      UInt32(range.base) << 16 | code | UInt32(length + range.extraBits)
    }
    let literal = UInt32(symbol) << 16 | code | UInt32(length)
    switch alphabet {
    case .codeLengths: return literal
    case .distances:
      return symbol < Self.distances.count
        ? ranged(Self.distances[symbol]) : Self.isSpecial
    case .literalsAndLengths:
      if symbol < 256 {
        return UInt32(symbol) << 16 | Self.isLiteral | 1 << Self.codeShift
          | UInt32(length)
      }
      if symbol == 256 {
        return Self.isSpecial | Self.isEndOfBlock | code | UInt32(length)
      }
      return symbol - 257 < Self.lengths.count
        ? ranged(Self.lengths[symbol - 257]) : Self.isSpecial
    }
  }

  /// The least length and the extra bits of symbols 257 to 285.
  private static let lengths: [(base: Int, extraBits: Int)] =
    bases(from: 3, extraBits: [0] + Array(0...5), each: 4) + [(258, 0)]

  /// The least distance and the extra bits of symbols 0 to 29.
  private static let distances: [(base: Int, extraBits: Int)] = bases(
    from: 1, extraBits: [0] + Array(0...13), each: 2)

  /// Ranges that follow each other, `each` of every width.
  private static func bases(
    from first: Int, extraBits: [Int], each: Int
  ) -> [(base: Int, extraBits: Int)] {
    var base = first
    return extraBits.flatMap { bits in
      (0..<each).map { _ in
        defer { base += 1 << bits }
        return (base, bits)
      }
    }
  }
}

extension UInt16 {
  /// The bits in the opposite order.
  fileprivate var bitReversed: UInt16 {
    var bits = self
    bits = bits >> 1 & 0x5555 | (bits & 0x5555) << 1
    bits = bits >> 2 & 0x3333 | (bits & 0x3333) << 2
    bits = bits >> 4 & 0x0f0f | (bits & 0x0f0f) << 4
    return bits.byteSwapped
  }
}
