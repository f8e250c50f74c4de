import Diagnostics
import Files
import Foundation

/// Walks the records of separated text (RFC 4180): by commas, or by
/// semicolons, tabs or bars when the header has more of them, or by what a
/// first line `sep=;` says.
struct CSVReader {
  /// What a field holds.
  enum Field {
    case number(Double)
    case missing
    case word
  }

  private let bytes: UnsafeRawBufferPointer
  private let path: String
  private let separator: UInt8
  /// A line feed; a carriage return where there is none.
  private let newline: UInt8
  private var offset = 0
  /// The line on which the present record begins, counted from 1.
  private(set) var line = 0
  private var nextLine = 1

  /// The names of the columns.
  private(set) var header: [String] = []

  private static let quote = UInt8(ascii: "\"")
  private static let comma = UInt8(ascii: ",")
  /// What stands for a number that is not there, in lower case.
  private static let missingMarks: Set<String> = [
    "", "na", "n/a", "#n/a", "nan", "null", "none", "nil", "nat", "?", "-",
    "missing",
  ]
  private static let longestMark = missingMarks.reduce(0) {
    max($0, $1.utf8.count)
  }

  /// Reads the header.
  ///
  /// - Throws: `FileFault.malformed`.
  init(_ bytes: UnsafeRawBufferPointer, path: String) throws {
    self.bytes = bytes
    self.path = path
    let mark: [UInt8] = [0xef, 0xbb, 0xbf]
    if bytes.starts(with: mark) { offset = mark.count }
    let newline = UInt8(ascii: bytes.contains(0x0a) ? "\n" : "\r")
    self.newline = newline
    let first = bytes[offset...].prefix { $0 != newline }
    let told = Array("sep=".utf8)
    if first.starts(with: told), case let rest = first.dropFirst(told.count),
      let separator = rest.first, rest.dropFirst().allSatisfy({ $0 == 0x0d })
    {
      self.separator = separator
      offset = min(first.endIndex + 1, bytes.count)
      nextLine = 2
    } else {
      separator =
        Array(",;\t|".utf8).max { a, b in
          first.count { $0 == a } < first.count { $0 == b }
        } ?? Self.comma
    }
    var fields: [Range<Int>] = []
    guard try next(&fields) else {
      throw FileFault.malformed(
        path: path, problem: "the file is empty",
        remedy: "give a line with the names of the columns, then the rows")
    }
    header = fields.map(text)
  }

  /// Moves to the next record that is not blank; false at the end.
  ///
  /// - Throws: `FileFault.malformed` when it has not as many fields as the
  ///   header.
  mutating func next(_ fields: inout [Range<Int>]) throws -> Bool {
    repeat {
      guard offset < bytes.count else { return false }
      line = nextLine
      try readRecord(&fields)
    } while fields.count == 1 && fields[0].isEmpty
    guard !header.isEmpty else { return true }
    // Separators at the ends of lines, of the header alone or of the others.
    if fields.count == header.count + 1, fields.last?.isEmpty == true {
      fields.removeLast()
    } else if fields.count == header.count - 1, header.last == "" {
      fields.append(offset..<offset)
    }
    guard fields.count == header.count else {
      throw malformed(
        "line \(line) has \(fields.count) fields, the header \(header.count)",
        "give every line as many fields as the header")
    }
    return true
  }

  private mutating func readRecord(_ fields: inout [Range<Int>]) throws {
    fields.removeAll(keepingCapacity: true)
    while true {
      var start = offset
      var end: Int
      while start < bytes.count, bytes[start] == 0x20 { start += 1 }
      if start < bytes.count, bytes[start] == Self.quote {
        start += 1
        end = start
        while true {
          guard end < bytes.count else {
            throw malformed(
              "a quotation mark on line \(line) is never closed", "close it")
          }
          if bytes[end] == newline { nextLine += 1 }
          if bytes[end] == Self.quote {
            guard end + 1 < bytes.count, bytes[end + 1] == Self.quote else {
              break
            }
            end += 1
          }
          end += 1
        }
        offset = end + 1
        while offset < bytes.count, bytes[offset] != separator,
          bytes[offset] != newline
        {
          guard bytes[offset] == 0x20 || bytes[offset] == 0x0d else {
            throw malformed(
              "text follows a closing quotation mark on line \(line)",
              "double the quotation marks inside a field")
          }
          offset += 1
        }
      } else {
        end = start
        while end < bytes.count, bytes[end] != separator,
          bytes[end] != newline
        {
          end += 1
        }
        offset = end
        while end > start, bytes[end - 1] == 0x20 || bytes[end - 1] == 0x0d {
          end -= 1
        }
      }
      fields.append(start..<end)
      guard offset < bytes.count else { return }
      let isEnd = bytes[offset] == newline
      offset += 1
      if isEnd {
        nextLine += 1
        return
      }
    }
  }

  /// The text of a field.
  func text(_ field: Range<Int>) -> String {
    let text = String(decoding: bytes[field], as: UTF8.self)
    return bytes[field].contains(Self.quote)
      ? text.replacing("\"\"", with: "\"") : text
  }

  /// What a field holds; between other separators than commas, a comma may
  /// stand for the decimal point.
  func value(_ field: Range<Int>) -> Field {
    if let number = Double(csv: bytes[field]), number.isFinite {
      return .number(number)
    }
    guard field.count <= Self.longestMark || separator != Self.comma else {
      return .word
    }
    let text = text(field)
    if Self.missingMarks.contains(text.lowercased()) { return .missing }
    if separator != Self.comma, text.count(where: { $0 == "," }) == 1,
      let number = Double(text.replacing(",", with: ".")), number.isFinite
    {
      return .number(number)
    }
    return .word
  }

  func malformed(_ problem: FaultMessage, _ remedy: FaultMessage) -> FileFault {
    .malformed(path: path, problem: problem, remedy: remedy)
  }
}

extension Double {
  /// The number that the whole text stands for.
  fileprivate init?(csv text: Slice<UnsafeRawBufferPointer>) {
    // Up to 15 digits and 22 places are exact in one division of doubles
    // (Clinger 1990); all else is left to the general reader.
    var mantissa = 0
    var digits = 0
    var places = 0
    var hasPoint = false
    var rest = text
    let isNegative = rest.first == UInt8(ascii: "-")
    if isNegative { rest = rest.dropFirst() }
    for byte in rest {
      let digit = byte &- 0x30
      if digit < 10 {
        mantissa = mantissa &* 10 &+ Int(digit)
        digits += 1
        if hasPoint { places += 1 }
        if digits > 15 { break }
      } else if byte == UInt8(ascii: "."), !hasPoint {
        hasPoint = true
      } else {
        digits = .max
        break
      }
    }
    if 1...15 ~= digits {
      let value = Double(mantissa) / Self.powersOfTen[places]
      self = isNegative ? -value : value
      return
    }
    // Of words, most are known by how they begin.
    guard let first = rest.first, first < UInt8(ascii: ":"),
      let value = Double(String(decoding: text, as: UTF8.self))
    else { return nil }
    self = value
  }

  private static let powersOfTen: [Double] = (0...15).map {
    (0..<$0).reduce(1.0) { power, _ in power * 10 }
  }
}
