import Diagnostics
import Files
import Foundation

/// The header of a NumPy array file.
///
/// https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
struct NPYHeader: Hashable {
  let type: ElementType
  let isColumnMajor: Bool
  let shape: [Int]
  /// The bytes of the array itself.
  let byteCount: Int

  enum Problem: Error {
    case noArray
    case damaged
    case pickled
    case unknownType(String)
    case badShape

    func fault(path: String) -> FileFault {
      let (problem, remedy): (FaultMessage, FaultMessage) =
        switch self {
        case .noArray: ("not a NumPy array", "save it with numpy.save")
        case .damaged:
          (
            "the header of the NumPy array is damaged",
            "copy the file again from its source"
          )
        case .pickled:
          (
            "the array holds pickled Python objects",
            "save it as numbers, such as with astype(numpy.float32)"
          )
        case .unknownType(let name):
          (
            "the array holds elements of type \(name)",
            "save it as integers or real numbers"
          )
        case .badShape:
          (
            "the shape of the array is negative or too large",
            "save it again with numpy.save"
          )
        }
      return .malformed(path: path, problem: problem, remedy: remedy)
    }
  }

  /// The bytes before the length of the header.
  static let prefixCount = 8
  /// No header of an array of numbers comes near this.
  private static let largestCount = 1 << 16

  /// Reads the header by asking for its bytes one stretch after the other.
  ///
  /// - Parameter takesText: Whether the elements may be texts.
  /// - Throws: `Problem`, or what `next` throws.
  init(
    takesText: Bool = false, next: (Int) throws -> Data
  ) throws {
    let prefix = [UInt8](try next(Self.prefixCount))
    guard prefix.starts(with: [0x93] + Array("NUMPY".utf8)) else {
      throw Problem.noArray
    }
    guard (1...3).contains(prefix[6]) else { throw Problem.damaged }
    let lengthBytes = try next(prefix[6] == 1 ? 2 : 4)
    let length = lengthBytes.reversed().reduce(0) { $0 << 8 | Int($1) }
    guard length <= Self.largestCount else { throw Problem.damaged }
    var literal = PythonLiteral(text: [UInt8](try next(length))[...])
    let entries = try literal.dictionary()

    guard
      case .string(let name)? = entries["descr"],
      case .boolean(let isColumnMajor)? = entries["fortran_order"],
      case .tuple(let shape)? = entries["shape"]
    else {
      if case .other? = entries["descr"] {
        throw Problem.unknownType("structure")
      }
      throw Problem.damaged
    }
    type = try ElementType(descriptor: name)
    guard !type.isText || takesText else { throw Problem.unknownType(name) }
    self.isColumnMajor = isColumnMajor
    self.shape = shape
    guard
      elementCount(Array(shape.dropFirst())) != nil,
      let count = elementCount(shape),
      let byteCount = elementCount([count, type.width])
    else { throw Problem.badShape }
    self.byteCount = byteCount
  }
}

extension ElementType {
  /// Characters of a text that is no longer a label.
  private static let largestText = 1 << 16

  /// The type that NumPy writes as, for example, `<f4`.
  fileprivate init(descriptor: String) throws {
    guard let letter = descriptor.dropFirst().first else {
      throw NPYHeader.Problem.damaged
    }
    guard letter != "O" else { throw NPYHeader.Problem.pickled }
    let texts: [Character: (Kind, Int)] = [
      "U": (.unicode, 4), "S": (.bytes, 1),
    ]
    if let (kind, width) = texts[letter],
      let count = Int(descriptor.dropFirst(2)), 1...Self.largestText ~= count
    {
      self.init(
        kind, width: width * count, isBigEndian: descriptor.first == ">")
      return
    }
    let kinds: [Character: (Kind, [Int])] = [
      "b": (.boolean, [1]), "u": (.unsigned, [1, 2, 4, 8]),
      "i": (.signed, [1, 2, 4, 8]), "f": (.floating, [2, 4, 8]),
    ]
    guard
      let (kind, widths) = kinds[letter],
      let width = Int(descriptor.dropFirst(2)), widths.contains(width),
      let order = descriptor.first, "<>|=".contains(order)
    else { throw NPYHeader.Problem.unknownType(descriptor) }
    self.init(kind, width: width, isBigEndian: order == ">")
  }
}

/// The little of Python's notation that a header needs.
private struct PythonLiteral {
  enum Value {
    case string(String)
    case boolean(Bool)
    case tuple([Int])
    case other
  }

  var text: ArraySlice<UInt8>

  mutating func dictionary() throws -> [String: Value] {
    var entries: [String: Value] = [:]
    try expect("{")
    while !accept("}") {
      guard case .string(let key) = try value() else {
        throw NPYHeader.Problem.damaged
      }
      try expect(":")
      entries[key] = try value()
      if !accept(",") {
        try expect("}")
        break
      }
    }
    return entries
  }

  private mutating func value() throws -> Value {
    if accept("'") { return .string(try string(endingWith: "'")) }
    if accept("\"") { return .string(try string(endingWith: "\"")) }
    if accept("True") { return .boolean(true) }
    if accept("False") { return .boolean(false) }
    if accept("(") { return .tuple(try tuple()) }
    if text.first == UInt8(ascii: "[") {
      // The fields of a structure: no array of ours.
      let end = text.lastIndex(of: UInt8(ascii: "]")) ?? text.startIndex
      text = text[end...].dropFirst()
      return .other
    }
    throw NPYHeader.Problem.damaged
  }

  private mutating func string(endingWith quote: Character) throws -> String {
    let end = quote.asciiValue.flatMap { text.firstIndex(of: $0) }
    guard let end else { throw NPYHeader.Problem.damaged }
    defer { text = text[(end + 1)...] }
    return String(decoding: text[..<end], as: UTF8.self)
  }

  private mutating func tuple() throws -> [Int] {
    var sizes: [Int] = []
    while !accept(")") {
      let isNegative = accept("-")
      let digits = text.prefix { (0x30...0x39).contains($0) }
      guard !digits.isEmpty else { throw NPYHeader.Problem.damaged }
      guard
        !isNegative, let size = Int(String(decoding: digits, as: UTF8.self))
      else { throw NPYHeader.Problem.badShape }
      sizes.append(size)
      text = text.dropFirst(digits.count)
      // Python 2 wrote long integers so.
      _ = accept("L")
      if !accept(",") {
        try expect(")")
        break
      }
    }
    return sizes
  }

  private mutating func accept(_ word: String) -> Bool {
    text = text.drop { $0 == 0x20 || $0 == 0x0a }
    guard text.starts(with: word.utf8) else { return false }
    text = text.dropFirst(word.utf8.count)
    return true
  }

  private mutating func expect(_ word: String) throws {
    guard accept(word) else { throw NPYHeader.Problem.damaged }
  }
}
