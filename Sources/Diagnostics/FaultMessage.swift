/// Words for people, in which every option is called as its reader knows it.
///
///     "lower \(option: "max-samples") or the size of the images"
///
/// `--max-samples` for somebody at a command line, `max-samples` for the writer
/// of a study, `maxSamples` for a programmer; see `OptionName`.
public struct FaultMessage: Hashable, Sendable {
  /// Who reads a message.
  public enum Reader: Sendable {
    /// Options as properties: `maxSamples`.
    case programmer
    /// Options as arguments: `--max-samples`.
    case commandLine
    /// Options as keys of a study: `max-samples`.
    case study
  }

  fileprivate enum Piece: Hashable, Sendable {
    case text(String)
    case option(OptionName, value: String?)
  }

  private var pieces: [Piece]

  /// The same words for everybody.
  public init(_ text: String) {
    pieces = [.text(text)]
  }

  /// Texts one after the other become one: what reads the same is equal.
  private init(_ pieces: [Piece]) {
    self.pieces = pieces.reduce(into: []) { joined, piece in
      if case .text(let next) = piece, case .text(let text)? = joined.last {
        joined[joined.count - 1] = .text(text + next)
      } else {
        joined.append(piece)
      }
    }
  }

  /// The words for one reader.
  public func text(for reader: Reader) -> String {
    pieces.map { piece in
      switch piece {
      case .text(let text): text
      case .option(let option, nil): Self.option(option, for: reader)
      case .option(let option, let value?):
        Self.option(option, for: reader) + Self.assignment(for: reader) + value
      }
    }.joined()
  }

  private static func option(
    _ option: OptionName, for reader: Reader
  ) -> String {
    switch reader {
    case .commandLine: "--" + option.name
    case .study: option.name
    case .programmer: option.property
    }
  }

  private static func assignment(for reader: Reader) -> String {
    switch reader {
    case .commandLine: " "
    case .study: ": "
    case .programmer: " = "
    }
  }

  /// One message after the other.
  public static func + (first: FaultMessage, second: FaultMessage)
    -> FaultMessage
  {
    FaultMessage(first.pieces + second.pieces)
  }
}

extension FaultMessage: ExpressibleByStringInterpolation {
  /// The same words for everybody.
  public init(stringLiteral text: String) { self.init(text) }

  /// Texts and options in the order of the literal.
  public init(stringInterpolation: StringInterpolation) {
    self.init(stringInterpolation.pieces)
  }

  /// Collects the words and options of a literal.
  public struct StringInterpolation: StringInterpolationProtocol {
    fileprivate var pieces: [Piece] = []

    /// Empty; no room is reserved.
    public init(literalCapacity: Int, interpolationCount: Int) {}

    /// Words that are the same for everybody.
    public mutating func appendLiteral(_ text: String) {
      pieces.append(.text(text))
    }

    /// A value as `print` writes it, the same for everybody.
    public mutating func appendInterpolation(_ value: some Any) {
      pieces.append(.text("\(value)"))
    }

    /// Another message, whose options stay as their reader knows them.
    public mutating func appendInterpolation(_ message: FaultMessage) {
      pieces += message.pieces
    }

    /// An option, such as `"n-clusters"`, and a value to give to it.
    public mutating func appendInterpolation(
      option: OptionName, _ value: some Any
    ) {
      pieces.append(.option(option, value: "\(value)"))
    }

    /// An option, such as `"n-clusters"`.
    public mutating func appendInterpolation(option: OptionName) {
      pieces.append(.option(option, value: nil))
    }
  }
}

extension FaultMessage: CustomStringConvertible {
  /// The words for a programmer.
  public var description: String { text(for: .programmer) }
}
