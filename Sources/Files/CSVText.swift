/// Comma-separated text as RFC 4180 has it, but with line feeds alone.
package enum CSVText {
  /// A line of the fields, quoted where they must be, and its line feed.
  package static func line(_ fields: some Sequence<String>) -> String {
    fields.map(field).joined(separator: ",") + "\n"
  }

  private static func field(_ text: String) -> String {
    // Byte by byte: in a `Character`, accents and line feeds hide what stands
    // before them.
    let special = Array(",\"\n\r".utf8)
    // Readers that trim fields keep what is quoted.
    let isTrimmed = text.utf8.first == 0x20 || text.utf8.last == 0x20
    guard isTrimmed || text.utf8.contains(where: special.contains) else {
      return text
    }
    let quote = UInt8(ascii: "\"")
    let bytes = text.utf8.flatMap { $0 == quote ? [quote, quote] : [$0] }
    return "\"\(String(decoding: bytes, as: UTF8.self))\""
  }
}
