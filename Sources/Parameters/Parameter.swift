import Diagnostics
import Foundation

/// Something that can be set about an `Owner`, declared once: its name, where
/// it is kept, what it may be and what it is for.
///
/// The check before a fit, the options of the command and their help, the
/// factors of a study, tables of documentation and the words of errors all
/// follow from it; a programmer reads the name of the property.
///
///     Parameter("n-clusters", \.nClusters, .count, "number of clusters")
public struct Parameter<Owner>: Sendable {
  /// As options are called: lower case, words joined by hyphens.
  public let name: String
  /// What it is for, in half a line.
  public let summary: String
  /// The values that are possible, in words.
  public let allowed: String
  /// All values, where they are few.
  public let choices: [String]
  /// How often it is given, and whether it needs a value.
  public let form: ParameterForm
  /// Whether a value is the path of a file or folder.
  public let isPath: Bool

  private let path: any PartialKeyPath<Owner> & Sendable
  private let setText: @Sendable (String, inout Owner) -> Bool
  private let reset: @Sendable (inout Owner) -> Void
  private let texts: @Sendable (Owner) -> [String]
  private let impossible: @Sendable (Owner) -> String?
  private let unset: String?

  /// One that always has a value.
  public init<Value>(
    _ name: String, _ path: WritableKeyPath<Owner, Value> & Sendable,
    _ domain: ParameterDomain<Value>, _ summary: String
  ) {
    self.init(
      name, path, domain, summary,
      form: Value.self == Bool.self ? .flag : .value,
      unset: nil,
      set: { $0[keyPath: path] = $1 }, reset: { _ in },
      values: { [$0[keyPath: path]] })
  }

  /// One that may be left open.
  ///
  /// - Parameters:
  ///   - name: As options are called, such as `n-clusters`.
  ///   - path: The property that holds it.
  ///   - domain: What is allowed.
  ///   - summary: Half a line for the help.
  ///   - unset: What happens without a value, such as "every sample".
  public init<Value>(
    _ name: String, _ path: WritableKeyPath<Owner, Value?> & Sendable,
    _ domain: ParameterDomain<Value>, _ summary: String, unset: String? = nil
  ) {
    self.init(
      name, path, domain, summary,
      form: Value.self == Bool.self ? .flag : .value,
      unset: unset,
      set: { $0[keyPath: path] = $1 }, reset: { $0[keyPath: path] = nil },
      values: { $0[keyPath: path].map { [$0] } ?? [] })
  }

  /// One that is given once for every value.
  ///
  /// - Parameters:
  ///   - name: As options are called, such as `n-clusters`.
  ///   - path: The property that holds them.
  ///   - domain: What is allowed.
  ///   - summary: Half a line for the help.
  ///   - unset: What happens without values, such as "all".
  public init<Value>(
    _ name: String, each path: WritableKeyPath<Owner, [Value]> & Sendable,
    _ domain: ParameterDomain<Value>, _ summary: String, unset: String? = nil
  ) {
    self.init(
      name, path, domain, summary, form: .list, unset: unset,
      set: { $0[keyPath: path].append($1) }, reset: { $0[keyPath: path] = [] },
      values: { $0[keyPath: path] })
  }

  private init<Value>(
    _ name: String, _ path: any PartialKeyPath<Owner> & Sendable,
    _ domain: ParameterDomain<Value>, _ summary: String, form: ParameterForm,
    unset: String?,
    set: @escaping @Sendable (inout Owner, Value) -> Void,
    reset: @escaping @Sendable (inout Owner) -> Void,
    values: @escaping @Sendable (Owner) -> [Value]
  ) {
    self.name = name
    self.path = path
    self.summary = summary
    self.form = form
    self.unset = unset
    self.reset = reset
    allowed = domain.words
    choices = domain.choices
    isPath = Value.self == URL.self
    setText = { text, owner in
      guard let value = domain.value(text) else { return false }
      set(&owner, value)
      return true
    }
    texts = { values($0).map(domain.text) }
    impossible = { owner in
      values(owner).first { !domain.contains($0) }.map(domain.text)
    }
  }

  /// What it is called on the command line, in studies and in Swift.
  ///
  /// Of a computed property, or one with a wrapper, Swift does not keep the
  /// name: it is then taken to be this one in camel case.
  public var option: OptionName {
    let (text, root) = (path.debugDescription, "\\\(Owner.self).")
    let isNamed = text.hasPrefix(root) && !text.contains("<")
    return OptionName(
      name, property: isNamed ? String(text.dropFirst(root.count)) : nil)
  }

  /// The values that an owner has, as text; none where it is left open.
  public func values(of owner: Owner) -> [String] { texts(owner) }

  /// What holds when nobody sets it, in words; nil where that says nothing.
  public func usual(of owner: Owner) -> String? {
    let values = texts(owner)
    guard values.isEmpty else {
      return form == .flag ? nil : values.joined(separator: ", ")
    }
    return unset
  }

  /// Sets it to what a text says; several texts make a list.
  ///
  /// - Throws: `ParameterFault.impossible`.
  public func set(_ texts: [String], of owner: inout Owner) throws {
    reset(&owner)
    for text in texts {
      guard setText(text, &owner) else { throw fault(value: text) }
    }
  }

  /// - Throws: `ParameterFault.impossible` for a value that the domain has not.
  public func check(_ owner: Owner) throws {
    if let value = impossible(owner) { throw fault(value: value) }
  }

  private func fault(value: String) -> ParameterFault {
    .impossible(
      option, value: value,
      allowed: nearest(value, among: choices).map {
        "\($0), or another of \(allowed)"
      } ?? allowed)
  }
}

/// What is to be told of a parameter, whatever it belongs to.
public struct ParameterDescription: Hashable, Sendable {
  /// As options are called, such as `n-clusters`.
  public let name: String
  /// What it is for, in half a line.
  public let summary: String
  /// The values that are possible, in words.
  public let allowed: String
  /// All values, where they are few; else none.
  public let choices: [String]
  /// How often it is given, and whether it needs a value.
  public let form: ParameterForm
  /// What holds when nobody sets it, in words; nil where that says nothing.
  public let usual: String?

  /// Of a parameter whose usual value is that of the owner.
  public init<Owner>(_ parameter: Parameter<Owner>, of owner: Owner) {
    name = parameter.name
    summary = parameter.summary
    allowed = parameter.allowed
    choices = parameter.choices
    form = parameter.form
    usual = parameter.usual(of: owner)
  }
}

/// How a parameter is given.
#if hasAttribute(nonexhaustive)
@nonexhaustive
#endif
public enum ParameterForm: Sendable {
  /// With one value.
  case value
  /// By its name alone, where it is true.
  case flag
  /// Once for each of several values.
  case list
}

/// Why a parameter cannot be set.
#if hasAttribute(nonexhaustive)
@nonexhaustive
#endif
public enum ParameterFault: Fault, Hashable {
  /// The value is not in the domain.
  case impossible(OptionName, value: String, allowed: String)
  /// What it is given to has no such parameter; others have.
  case unknown(OptionName, owner: String, owners: [String])

  public var kind: FaultKind { .usage }

  public var problem: FaultMessage {
    switch self {
    case .impossible(let option, let value, _):
      "\(option: option) cannot be \(value)"
    case .unknown(let option, let owner, _):
      "\(owner) has no \(option: option)"
    }
  }

  public var remedy: FaultMessage {
    switch self {
    case .impossible(_, _, let allowed): "use \(allowed)"
    case .unknown(_, _, let owners) where owners.isEmpty: "leave it out"
    case .unknown(_, _, let owners):
      "leave it out, or use \(owners.joined(separator: ", "))"
    }
  }
}
