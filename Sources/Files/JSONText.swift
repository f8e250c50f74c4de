import Foundation

/// JSON from files that anybody may have written.
package enum JSONText {
  /// The most brackets inside each other: several times what our files have,
  /// and far below what Foundation's decoder survives.
  static let deepestNesting = 64

  /// - Throws: `DecodingError`, also for text that is nested too deeply.
  package static func decode<Value: Decodable>(
    _ type: Value.Type, from text: Data, by decoder: JSONDecoder = JSONDecoder()
  ) throws -> Value {
    guard nesting(of: text) <= deepestNesting else {
      throw DecodingError.dataCorrupted(
        .init(codingPath: [], debugDescription: "it is nested too deeply"))
    }
    return try decoder.decode(type, from: text)
  }

  /// The most brackets that are open at once, those in strings not counted.
  static func nesting(of text: Data) -> Int {
    var (depth, deepest) = (0, 0)
    var (isString, isEscaped) = (false, false)
    for byte in text {
      if isString {
        if isEscaped {
          isEscaped = false
        } else if byte == UInt8(ascii: "\\") {
          isEscaped = true
        } else if byte == UInt8(ascii: "\"") {
          isString = false
        }
        continue
      }
      switch byte {
      case UInt8(ascii: "\""): isString = true
      case UInt8(ascii: "["), UInt8(ascii: "{"):
        depth += 1
        deepest = max(deepest, depth)
      case UInt8(ascii: "]"), UInt8(ascii: "}"): depth -= 1
      default: break
      }
    }
    return deepest
  }
}
