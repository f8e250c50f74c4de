/// What can be set, called as each of its readers knows it.
public struct OptionName: Hashable, Sendable {
  /// The argument but for the dashes and the key of a study, such as
  /// `max-iter`.
  public let name: String
  /// Where it is in Swift, such as `maxIterations` or `training.epochs`.
  public let property: String

  /// - Parameters:
  ///   - name: Lower case, words joined by hyphens.
  ///   - property: Nil for the name in camel case: `maxSamples` for
  ///     `max-samples`.
  public init(_ name: String, property: String? = nil) {
    self.name = name
    self.property = property ?? Self.camelCase(name)
  }

  /// Also what it is to a programmer who sets it by its name, as a text.
  public init(text name: String) { self.init(name, property: name) }

  private static func camelCase(_ name: String) -> String {
    let words = name.split(separator: "-")
    return words.dropFirst().reduce(into: String(words.first ?? "")) {
      $0 += $1.prefix(1).uppercased() + $1.dropFirst()
    }
  }
}

extension OptionName: ExpressibleByStringLiteral {
  /// The property has the name in camel case.
  public init(stringLiteral name: String) { self.init(name) }
}
