import Foundation
import LinearAlgebra

/// How results came about: what a reader needs to make them again.
public struct Provenance: Hashable, Sendable {
  /// The command line, quoted for a shell.
  public var command: String
  /// Of this toolkit.
  public var version: String
  /// When the results were made; pages show it in UTC.
  public var date: Date

  /// - Parameters:
  ///   - arguments: The words of the command line.
  ///   - version: Of this toolkit.
  ///   - date: When the results were made.
  public init(arguments: [String], version: String, date: Date = Date()) {
    command = Self.command(arguments)
    self.version = version
    self.date = date
  }
}

extension Provenance {
  /// The words of a command line, quoted for a shell.
  static func command(_ words: [String]) -> String {
    words.map(quotedForShell).joined(separator: " ")
  }

  /// Versions and machine, a line each.
  var facts: [String] {
    let process = ProcessInfo.processInfo
    return [
      "AnomalyKit \(version), \(date.formatted(.iso8601)).",
      "\(BLAS.version); \(process.operatingSystemVersionString),"
        + " \(process.activeProcessorCount) processors.",
    ]
  }
}

private func quotedForShell(_ word: String) -> String {
  let plain = "-_./=,:+@%"
  let isPlain = word.unicodeScalars.allSatisfy {
    plain.unicodeScalars.contains($0)
      || $0.isASCII
        && ($0.properties.isAlphabetic
          || $0.properties.numericType != nil)
  }
  return isPlain && !word.isEmpty
    ? word : "'" + word.replacing("'", with: "'\\''") + "'"
}
