import AnomalyKit
import ArgumentParser
import Foundation

/// What the parser says of wrong arguments, as one line with the way on.
struct ArgumentComplaint {
  let line: String

  /// - Parameters:
  ///   - message: Of ArgumentParser.
  ///   - arguments: Those of the process, without its name.
  init(
    _ message: String,
    _ arguments: [String] = Array(CommandLine.arguments.dropFirst())
  ) {
    let command = GivenCommand(arguments)
    if let unknown = command.unknownSubcommand(in: arguments) {
      line =
        "there is no command \(unknown.name): "
        + (nearest(unknown.name, among: unknown.names).map {
          "did you mean \($0)?"
        } ?? "see \(command.path) --help")
      return
    }
    // Whatever else is missing, it is most likely this.
    if let option = command.unknownOption(in: arguments) {
      line = command.complaint(ofUnknown: option)
      return
    }
    // The parser's "The value 'x' is invalid for '--seed <whole number>'", which
    // goes on for values that can be listed.
    let invalid = /The value '(.*)' is invalid for '(--[^ ]+) <(.+?)>'(.*)/
    if let match = message.wholeMatch(of: invalid.dotMatchesNewlines()) {
      let (_, value, option, words, more) = match.output
      let listed = more.matches(of: /'([^']+)'/).map(\.1)
      line =
        "\(option) cannot be \(value): use "
        + (listed.isEmpty
          ? "a \(words.replacing("-", with: " "))"
          : listed.joined(separator: ", "))
      return
    }
    if let match = message.firstMatch(of: /Missing value for '(--[^ ']+)/),
      let place = arguments.firstIndex(of: String(match.1)),
      case let value = arguments.dropFirst(place + 1).first ?? "",
      Double(value) != nil
    {
      line =
        "\(match.1) has no value: write \(match.1)=\(value) for what begins with"
        + " a hyphen"
      return
    }
    let sentence = message.trimmingCharacters(in: .whitespacesAndNewlines)
    line =
      sentence.hasSuffix("?")
      ? sentence
      : (sentence.hasSuffix(".") ? String(sentence.dropLast()) : sentence)
        + ": see \(command.path) --help"
  }
}

/// The command that arguments name.
private struct GivenCommand {
  private var type: any ParsableCommand.Type = Anomaly.self
  private var names = ["anomaly"]

  /// As it is typed, such as "anomaly dataset info".
  var path: String { names.joined(separator: " ") }

  init(_ arguments: [String]) {
    for argument in arguments {
      guard
        let found = type.configuration.subcommands.first(where: {
          $0._commandName == argument
        })
      else { return }
      type = found
      names.append(argument)
    }
  }

  /// What stands where a subcommand should, and those that there are.
  func unknownSubcommand(
    in arguments: [String]
  ) -> (name: String, names: [String])? {
    let subcommands = type.configuration.subcommands.map { $0._commandName }
    guard !subcommands.isEmpty,
      let name = arguments.dropFirst(names.count - 1).first,
      !name.hasPrefix("-")
    else { return nil }
    return (name, subcommands)
  }

  /// The first option that the command has not; those with a single hyphen are
  /// left to the parser.
  func unknownOption(in arguments: [String]) -> String? {
    let known = options
    return arguments.prefix { $0 != "--" }.lazy
      .filter { $0.hasPrefix("--") }
      .map { String($0.prefix { $0 != "=" }) }
      .first { !known.contains($0) }
  }

  func complaint(ofUnknown option: String) -> String {
    if AnomalyCommandLine.catalog.parameters.contains(where: {
      "--\($0.name)" == option
    }), options.contains("--model") {
      return "\(path) has no \(option): it is set when a model is fitted"
    }
    return "\(path) has no \(option): "
      + (nearest(option, among: options).map { "did you mean \($0)?" }
        ?? "see \(path) --help-hidden")
  }

  /// All of its options, those of single layouts and detectors included.
  private var options: [String] {
    let help = Anomaly.helpMessage(for: type, includeHidden: true)
    let ofParser = ["help", "help-hidden", "version"]
    return help.matches(of: /--[a-z0-9][A-Za-z0-9-]*/).map { String($0.0) }
      + ofParser.map { "--\($0)" } + ["--generate-completion-script"]
  }
}
