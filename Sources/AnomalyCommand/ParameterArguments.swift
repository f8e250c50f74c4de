import AnomalyKit
import ArgumentParser
import Foundation

/// An option of the command, made from declared parameters.
struct DeclaredOption: Sendable {
  var name: String
  var form: ParameterForm
  var help: String
  var choices: [String]
  /// Whether only `--help-hidden` has it: what is set of few layouts or
  /// detectors would bury the rest.
  var isHidden = false

  /// As ArgumentParser declares it.
  fileprivate var wrapper: Any {
    let help = ArgumentHelp(
      "\(help)",
      valueName: choices.isEmpty ? nil : choices.joined(separator: "|"),
      visibility: isHidden ? .hidden : .default)
    let completion: CompletionKind = choices.isEmpty ? .default : .list(choices)
    let name = NameSpecification.customLong(name)
    return switch form {
    case .flag: Flag(wrappedValue: false, name: name, help: help)
    case .value:
      Option<String?>(name: name, help: help, completion: completion)
    case .list:
      Option<[String]>(
        wrappedValue: [], name: name, parsing: .singleValue, help: help,
        completion: completion)
    }
  }
}

/// Where the options of a group come from.
protocol OptionSource {
  static var options: [DeclaredOption] { get }
}

/// The options of a group: ArgumentParser finds what is to be parsed by
/// reflection, so that options need not be properties in the source.
struct ParameterArguments<Source: OptionSource>: ParsableArguments {
  private(set) var settings: ParameterSettings = [:]

  init() {}

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Name.self)
    for option in Source.options {
      let key = Name(stringValue: option.name)
      let texts =
        switch option.form {
        case .flag:
          try container.decode(Flag<Bool>.self, forKey: key).wrappedValue
            ? ["true"] : []
        case .value:
          try container.decode(Option<String?>.self, forKey: key).wrappedValue
            .map { [$0] } ?? []
        case .list:
          try container.decode(Option<[String]>.self, forKey: key).wrappedValue
        }
      if !texts.isEmpty { settings[option.name] = texts }
    }
  }

  private struct Name: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }
}

extension ParameterArguments: CustomReflectable {
  var customMirror: Mirror {
    Mirror(
      self,
      children: Source.options.map { (label: $0.name, value: $0.wrapper) })
  }
}

extension DeclaredOption {
  /// - Parameter owner: What it belongs to, where others do not have it.
  init(_ parameter: ParameterDescription, of owner: String? = nil) {
    name = parameter.name
    form = parameter.form
    choices = parameter.choices
    let summary =
      owner.map { "\($0): \(parameter.summary)" }
      ?? parameter.summary.prefix(1).uppercased()
      + parameter.summary.dropFirst()
    help = summary + (parameter.usual.map { " (default: \($0))." } ?? ".")
  }

  /// Of a parameter that several detectors have, with words for each.
  init(_ parameter: DetectorCatalog.SharedParameter) {
    name = parameter.name
    form = parameter.form
    choices = parameter.choices
    let uses = parameter.uses.map { use in
      let detectors =
        use.isEveryNetwork
        ? "Autoencoders" : use.detectors.joined(separator: ", ")
      return "\(detectors): \(use.summary)"
        + (use.usual.map { " (default: \($0))" } ?? "")
    }
    help = uses.joined(separator: "; ") + "."
  }
}

/// What becomes of samples before a detector sees them.
enum PreparationOptions: OptionSource {
  static let options = Preparation.parameters.map {
    DeclaredOption(ParameterDescription($0, of: Preparation()))
  }
}

/// The parameters of all detectors.
enum DetectorParameterOptions: OptionSource {
  static var options: [DeclaredOption] {
    AnomalyCommandLine.catalog.parameters.map {
      var option = DeclaredOption($0)
      option.isHidden = true
      return option
    }
  }
}
