import Diagnostics
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
    let names = Anomaly.configuration.subcommands.map { $0._commandName }
    let given = arguments.first { !$0.hasPrefix("-") }
    if let given, !names.contains(given), given == arguments.first {
      line =
        "there is no command \(given): "
        + (nearest(given, among: names).map { "did you mean \($0)?" }
          ?? "see anomaly --help")
      return
    }
    let help =
      "see anomaly \(given.flatMap { names.contains($0) ? "\($0) " : nil } ?? "")"
      + "--help"
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
    let sentence = message.trimmingCharacters(in: .whitespacesAndNewlines)
    line =
      sentence.hasSuffix("?")
      ? sentence
      : (sentence.hasSuffix(".") ? String(sentence.dropLast()) : sentence)
        + ": \(help)"
  }
}
