/// What is set, as text, by the names of parameters; a list has several texts.
public struct ParameterSettings: Hashable, Sendable,
  ExpressibleByDictionaryLiteral
{
  private var texts: [String: [String]] = [:]

  /// One text for each name.
  public init(dictionaryLiteral elements: (String, String)...) {
    for (name, text) in elements { texts[name] = [text] }
  }

  /// One text for each name.
  public init(_ values: [String: String]) {
    texts = values.mapValues { [$0] }
  }

  /// Those that are set.
  public var names: Set<String> { Set(texts.keys) }

  /// The texts of a parameter; nil where it is not set.
  public subscript(name: String) -> [String]? {
    get { texts[name] }
    set { texts[name] = newValue }
  }

  /// Those of some names.
  public func filter(_ isIncluded: (String) -> Bool) -> ParameterSettings {
    var settings = self
    settings.texts = texts.filter { isIncluded($0.key) }
    return settings
  }

  /// Sets the parameters of these settings that the owner has.
  ///
  /// - Throws: `ParameterFault.impossible`.
  public func apply<Owner>(
    _ parameters: [Parameter<Owner>], to owner: inout Owner
  ) throws {
    for parameter in parameters {
      if let texts = texts[parameter.name] {
        try parameter.set(texts, of: &owner)
      }
    }
  }
}
