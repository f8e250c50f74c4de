import AnomalyKit
import ArgumentParser
import Foundation

struct Anomaly: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "anomaly",
    abstract: "Find the images, or rows of numbers, that do not belong.",
    discussion: """
      DATASET is \(DatasetKind.summary).

      Exit status: 0 done, 64 wrong arguments, 65 bad input data, 74 a file \
      cannot be read or written.
      """,
    version: version,
    subcommands: [
      Compare.self, Fit.self, Score.self, Submit.self, Evaluate.self,
      Ablate.self, Outliers.self, Inspect.self, DatasetCommand.self,
    ])

  static let version = "0.1.0"
}

@main
enum Main {
  static func main() {
    do {
      var command = try Anomaly.parseAsRoot()
      try command.run()
    } catch {
      exit(for: error)
    }
  }

  /// Ends with the one line that the error deserves and its exit status.
  private static func exit(for error: any Error) -> Never {
    switch error {
    case let fault as any Fault:
      complain("\(fault)")
      Foundation.exit(fault.kind.rawValue)
    case is CancellationError:
      complain("stopped")
      Foundation.exit(130)
    case is ExitCode:
      Anomaly.exit(withError: error)
    default:
      // Help and version come as errors too.
      guard Anomaly.exitCode(for: error) != .success else {
        Anomaly.exit(withError: error)
      }
      complain("\(Anomaly.message(for: error)): see anomaly --help")
      Foundation.exit(FaultKind.usage.rawValue)
    }
  }
}

/// Prints one line on standard error.
func complain(_ line: String, as kind: String = "error") {
  let line = line.replacing("\n", with: " ")
  FileHandle.standardError.write(Data("anomaly: \(kind): \(line)\n".utf8))
}
