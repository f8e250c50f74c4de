import Foundation
import Testing

/// A Python for tests beside the packages of others: that of
/// `ANOMALYKIT_PYTHON`, or `python3`.
package enum Python {
  /// What a test without one is skipped with.
  package static let missing: Comment =
    "no Python with onnx and onnxruntime: name one by ANOMALYKIT_PYTHON"

  /// Whether it can import a package.
  package static func has(_ package: String) -> Bool {
    (try? run("import \(package)"))?.status == 0
  }

  /// Runs a program.
  package static func run(
    _ program: String, _ arguments: String...
  ) throws -> CommandRun {
    let name = ProcessInfo.processInfo.environment["ANOMALYKIT_PYTHON"]
    return try CommandRun(
      of: URL(filePath: "/usr/bin/env"),
      [name ?? "python3", "-c", program] + arguments)
  }
}
