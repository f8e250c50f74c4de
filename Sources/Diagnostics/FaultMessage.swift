/// Words for people, in which every option is called as its reader knows it.
///
///     "lower \(option: "max-samples") or the size of the images"
///
/// `--max-samples` for somebody at a command line, `max-samples` for the writer
/// of a study, `maxSamples` for a programmer.
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
    case option(String, value: String?)
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
      case .option(let name, nil): Self.option(name, for: reader)
      case .option(let name, let value?):
        Self.option(name, for: reader) + Self.assignment(for: reader) + value
      }
    }.joined()
  }

  private static func option(_ name: String, for reader: Reader) -> String {
    switch reader {
    case .commandLine: return "--" + name
    case .study: return name
    case .programmer:
      let words = name.split(separator: "-")
      return words.dropFirst().reduce(into: words.first.map(String.init) ?? "")
      {
        $0 += $1.prefix(1).uppercased() + $1.dropFirst()
      }
    }
  }

  private static func assignment(for reader: Reader) -> String {
    switch reader {
    case .commandLine: " "
    case .study: ": "
    case .programmer: " = "
    }
  }

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

    /// The name of an option as the command line has it but for the dashes,
    /// such as `n-clusters`, and a value to give to it.
    public mutating func appendInterpolation(
      option name: String, _ value: some Any
    ) {
      pieces.append(.option(name, value: "\(value)"))
    }

    /// The name of an option as the command line has it but for the dashes,
    /// such as `n-clusters`.
    public mutating func appendInterpolation(option name: String) {
      pieces.append(.option(name, value: nil))
    }
  }
}

extension FaultMessage: CustomStringConvertible {
  /// The words for a programmer.
  public var description: String { text(for: .programmer) }
}
