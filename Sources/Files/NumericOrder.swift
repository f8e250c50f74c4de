/// Names in the order that people count in: 1, 2, 10, and a2 before a10.
package struct NumericOrder: Comparable {
  private enum Piece: Comparable {
    // A number is told from its digits, without leading zeros, so that no
    // number is too large.
    case number(count: Int, digits: [UInt8])
    case text([UInt8])

    static func < (a: Piece, b: Piece) -> Bool {
      switch (a, b) {
      case (.number(let m, let x), .number(let n, let y)):
        m == n ? x.lexicographicallyPrecedes(y) : m < n
      case (.text(let x), .text(let y)): x.lexicographicallyPrecedes(y)
      case (.number, .text): true
      case (.text, .number): false
      }
    }
  }

  package let name: String
  private let pieces: [Piece]

  package init(_ name: String) {
    self.name = name
    var rest = Array(name.utf8)[...]
    var pieces: [Piece] = []
    func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
    while let first = rest.first {
      let piece = rest.prefix { isDigit($0) == isDigit(first) }
      if isDigit(first) {
        let digits = piece.drop { $0 == 0x30 }
        pieces.append(.number(count: digits.count, digits: Array(digits)))
      } else {
        pieces.append(.text(Array(piece)))
      }
      rest = rest.dropFirst(piece.count)
    }
    self.pieces = pieces
  }

  package static func < (a: NumericOrder, b: NumericOrder) -> Bool {
    a.pieces == b.pieces
      ? a.name < b.name : a.pieces.lexicographicallyPrecedes(b.pieces)
  }

  package static func == (a: NumericOrder, b: NumericOrder) -> Bool {
    a.name == b.name
  }
}

extension Sequence {
  /// The elements in the numeric order of their names.
  package func sortedNumerically(by name: (Element) -> String) -> [Element] {
    map { (NumericOrder(name($0)), $0) }.sorted { $0.0 < $1.0 }.map(\.1)
  }
}
