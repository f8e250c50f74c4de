import AnomalyKit
import ArgumentParser
import Foundation

struct Anomaly: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "anomaly",
    abstract: "Find the images, or rows of numbers, that do not belong.",
    discussion: """
      DATASET is \(DatasetKind.summary).

      Exit status: 0 done, 64 wrong arguments, 65 bad input data, 71 not enough \
      memory, 74 a file cannot be read or written, 130 stopped (Ctrl-C).

      anomaly compare data
      anomaly submit data --output submission.csv
      anomaly fit data --model m.safetensors
      anomaly score new-pictures --model m.safetensors
      """,
    version: anomalyKitVersion,
    subcommands: [
      Compare.self, Check.self, Fit.self, Score.self, Submit.self,
      Explain.self, Evaluate.self, Combine.self, Ablate.self, Merge.self,
      Outliers.self, Inspect.self, Export.self, DatasetCommand.self,
      Detectors.self,
    ])
}

/// The command `anomaly`, for programs that give it detectors of their own.
///
///     AnomalyCommandLine.run(.standard.adding(NearestNeighbor.description))
public enum AnomalyCommandLine {
  /// The detectors that the command knows.
  @TaskLocal static var catalog = DetectorCatalog.standard
  /// The processes of the run, this one among them.
  @TaskLocal static var processes: (any RunProcesses)?
  static var team: Team { Team(processes) }

  /// Runs the command with the arguments of the process, and ends the process
  /// with its exit status.
  ///
  /// On a processor that OpenBLAS does not know the process starts once more,
  /// with `OPENBLAS_CORETYPE` set.
  public static func run(_ catalog: DetectorCatalog = .standard) -> Never {
    run(catalog, joining: { nil })
  }

  /// The same as one of the processes that `join` gives, of which the first
  /// alone prints and writes.
  package static func run(
    _ catalog: DetectorCatalog = .standard,
    joining join: () -> (any RunProcesses)?
  ) -> Never {
    $catalog.withValue(catalog) {
      StandardStreams.reserve()
      BLAS.restartOnUnknownProcessor()
      // What is written to a closed pipe, or beyond the limit of a file's size,
      // then fails with an error.
      for number in [SIGPIPE, SIGXFSZ] { signal(number, SIG_IGN) }
      MemoryShortage.watch()
      $processes.withValue(join()) { runOnce() }
    }
  }

  private static func runOnce() -> Never {
    if !team.isFirst { StandardStreams.silence() }
    do {
      var command = try Anomaly.parseAsRoot()
      if !team.isAlone, !(command is any SharedCommand) {
        throw ValidationError(
          "several processes can share compare, fit, score and submit: run this"
            + " without mpirun")
      }
      try command.run()
      try StandardStreams.finish()
      exit(status: 0)
    } catch {
      exit(for: error)
    }
  }

  /// Ends with the one line that the error deserves and its exit status.
  private static func exit(for error: any Error) -> Never {
    switch error {
    case let fault as FileFault where fault.isBrokenPipe:
      // As any command that nobody reads from any more.
      signal(SIGPIPE, SIG_DFL)
      raise(SIGPIPE)
      exit(status: 128 + SIGPIPE)
    case let fault as any Fault:
      exit(fault.text(for: .commandLine), status: fault.kind.rawValue)
    case is CancellationError:
      exit("nothing was written", as: "stopped", status: 130)
    case let code as ExitCode:
      exit(status: code.rawValue)
    case is EncodingError, is DecodingError:
      exit(
        "the results cannot be written as JSON (\(error)): a value is not a"
          + " finite number", status: FaultKind.data.rawValue)
    default:
      // Help and version come as errors too.
      guard Anomaly.exitCode(for: error) != .success else {
        do {
          try StandardStreams.print(Anomaly.fullMessage(for: error) + "\n")
          try StandardStreams.finish()
        } catch {
          exit(for: error)
        }
        exit(status: 0)
      }
      guard Anomaly.exitCode(for: error) == .validationFailure else {
        exit("\(error)", status: FaultKind.inputOutput.rawValue)
      }
      exit(
        ArgumentComplaint(Anomaly.message(for: error)).line,
        status: FaultKind.usage.rawValue)
    }
  }

  private static func exit(
    _ line: String? = nil, as kind: String = "error", status: Int32
  ) -> Never {
    guard let processes else {
      if let line { complain(line, as: kind) }
      Foundation.exit(status)
    }
    Foundation.exit(
      processes.leave(status: status) { who in
        if let line { complain(who + line, as: kind) }
      })
  }
}

/// Prints one line on standard error.
func complain(_ line: String, as kind: String = "error") {
  let line = line.replacing("\n", with: " ").visible
  StandardStreams.tell("anomaly: \(kind): \(line)\n")
}
