/// How many groups of alike samples are made, each with a model of its own.
public enum Grouping: Codable, Hashable, Sendable {
  /// As many as there are.
  case automatic
  /// So many.
  case count(Int)
  /// One model for all.
  case off

  /// Reads `auto`, a number from 1 or `off`; nil for any other text.
  public init?(_ text: String) {
    switch (text, Int(text)) {
    case ("auto", _): self = .automatic
    case ("off", _): self = .off
    case (_, let count?) where count >= 1: self = .count(count)
    default: return nil
    }
  }

  /// The text that is read.
  public var text: String {
    switch self {
    case .automatic: "auto"
    case .count(let count): "\(count)"
    case .off: "off"
    }
  }
}
