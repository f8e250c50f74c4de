extension String {
  /// The text with what a terminal would obey written out: control characters,
  /// and those that turn the direction of writing.
  package var visible: String {
    guard unicodeScalars.contains(where: \.isObeyed) else { return self }
    return unicodeScalars.map {
      $0.isObeyed ? "\\u{\(String($0.value, radix: 16))}" : String($0)
    }.joined()
  }
}

extension Unicode.Scalar {
  fileprivate var isObeyed: Bool {
    switch value {
    case 0..<0x20, 0x7f..<0xa0, 0x200e...0x200f, 0x202a...0x202e,
      0x2066...0x2069:
      true
    default: false
    }
  }
}
