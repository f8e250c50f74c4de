import Foundation

/// The values that a parameter may have: in words, and from and to text.
public struct ParameterDomain<Value: Sendable>: Sendable {
  /// Such as "a number above 0 and at most 1".
  public let words: String
  /// All values as text, where they are few.
  public let choices: [String]
  let read: @Sendable (String) -> Value?
  /// The text that stands for a value.
  public let text: @Sendable (Value) -> String
  let contains: @Sendable (Value) -> Bool

  /// - Parameters:
  ///   - words: The values in words, as they follow "use".
  ///   - choices: All values as text, where they are few.
  ///   - read: The value that a text stands for; nil for other texts.
  ///   - text: The text that `read` understands.
  ///   - contains: Whether a value that code has set is possible.
  public init(
    _ words: String, choices: [String] = [],
    read: @escaping @Sendable (String) -> Value?,
    text: @escaping @Sendable (Value) -> String = { "\($0)" },
    contains: @escaping @Sendable (Value) -> Bool = { _ in true }
  ) {
    self.words = words
    self.choices = choices
    self.read = read
    self.text = text
    self.contains = contains
  }

  /// The value of a text, if it is in the domain.
  func value(_ text: String) -> Value? {
    read(text).flatMap { contains($0) ? $0 : nil }
  }
}

extension ParameterDomain where Value: LosslessStringConvertible {
  /// Values that are written as their description.
  public init(
    _ words: String,
    where contains: @escaping @Sendable (Value) -> Bool = { _ in true }
  ) {
    self.init(words, read: { Value($0) }, contains: contains)
  }
}

extension ParameterDomain where Value: RawRepresentable<String> & Equatable {
  /// One of some values, by their raw values.
  public static func one(of values: [Value]) -> ParameterDomain {
    let names = values.map(\.rawValue)
    return ParameterDomain(
      names.joined(separator: ", "), choices: names,
      read: { Value(rawValue: $0) }, text: \.rawValue,
      contains: { values.contains($0) })
  }
}

extension ParameterDomain
where Value: CaseIterable & RawRepresentable<String> & Equatable {
  /// One of the cases, by its raw value.
  public static var choice: ParameterDomain { one(of: Array(Value.allCases)) }
}

extension ParameterDomain<Int> {
  /// The counts that mean something on a machine of today: a product of two is
  /// an `Int` still.
  public static let counts = 1...1_000_000_000

  /// A count of 1 or more, of those that mean something.
  public static var count: ParameterDomain {
    whole(counts, "a count of 1 to \(counts.upperBound)")
  }

  /// A whole number of a range, named by its words.
  public static func whole(_ range: ClosedRange<Int>, _ words: String)
    -> ParameterDomain
  {
    ParameterDomain(words) { range.contains($0) }
  }
}

extension ParameterDomain
where Value: BinaryFloatingPoint & LosslessStringConvertible {
  /// A finite number with a property that the words tell.
  public static func number(
    _ words: String, where isPossible: @escaping @Sendable (Value) -> Bool
  ) -> ParameterDomain {
    ParameterDomain(words) { $0.isFinite && isPossible($0) }
  }

  /// Finite and above 0.
  public static var positive: ParameterDomain {
    number("a number above 0") { $0 > 0 }
  }

  /// Finite and at least 0.
  public static var notNegative: ParameterDomain {
    number("a number of 0 or more") { $0 >= 0 }
  }

  /// Above 0 and below 1.
  public static var fraction: ParameterDomain {
    number("a number between 0 and 1") { $0 > 0 && $0 < 1 }
  }
}

extension ParameterDomain<Bool> {
  /// True or false; on a command line the option is a flag without a value.
  public static var flag: ParameterDomain {
    ParameterDomain(
      "true or false", choices: ["true", "false"], read: { Bool($0) })
  }
}

extension ParameterDomain<URL> {
  /// A file or folder.
  public static func path(_ words: String) -> ParameterDomain {
    ParameterDomain(
      words, read: { $0.isEmpty ? nil : URL(fileURLWithPath: $0) },
      text: \.relativePath)
  }
}

extension ParameterDomain<String> {
  /// Any text, such as a name or a path.
  public static func any(_ words: String) -> ParameterDomain {
    ParameterDomain(words) { !$0.isEmpty }
  }
}
