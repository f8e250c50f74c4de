import AnomalyKit
import ArgumentParser
import Foundation

struct Ablate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Run a study: what varies, and tables and figures of it.",
    discussion: """
      A study is a YAML file: datasets, a baseline, lists of values that vary \
      as a full grid or one factor at a time, seeds, and the tables to make. \
      Finished runs are kept at once: the same command goes on where it was \
      stopped. Written are results.csv, results.jsonl, report.html, tables/ \
      (Markdown, CSV, LaTeX) and figures/ (SVG, pgfplots).
      """)

  @Argument(help: "The study, a YAML file.")
  var study: String

  @Option(help: "The folder to write; one that was begun is gone on with.")
  var output: String

  @OptionGroup var shards: ShardArguments
  @OptionGroup var resources: ResourceArguments

  func run() throws {
    let study = try Study(
      contentsOf: URL(fileURLWithPath: study),
      catalog: AnomalyCommandLine.catalog)
    let session = Session(resources)
    let folder = URL(fileURLWithPath: output)
    let ablation = try session.run {
      try Ablation(
        study, in: folder, shard: shards.shard, with: session.context)
    }
    complain(ablation.remainingWork, as: "study")
    guard let shard = shards.shard else {
      return try ablation.finish(in: folder, session)
    }
    let failures = try session.stoppable {
      try ablation.runMissing(in: $0)
    }
    complain(
      "shard \(shard) in \(output): when all are there, anomaly merge puts them"
        + " together", as: "done")
    if !failures.isEmpty { throw ExitCode(FaultKind.data.rawValue) }
  }
}

extension Ablation {
  /// Runs what is missing, and writes and prints the report.
  func finish(in folder: URL, _ session: Session) throws {
    let results = try session.stoppable { try run(in: $0) }
    let report = AblationReport(results, provenance: .thisCommand)
    try OutputFolder.withLock(folder) { try report.write(to: folder) }
    try StandardStreams.print(report.text)
    if results.runs.contains(where: { $0.failure != nil }) {
      throw ExitCode(FaultKind.data.rawValue)
    }
  }
}

extension Session {
  /// Does work that goes on from where it was stopped.
  fileprivate func stoppable<Result>(
    _ work: (RunContext) throws -> Result
  ) throws -> Result {
    do {
      return try run { try work(context) }
    } catch is CancellationError {
      complain("stopped: the same command goes on from here")
      throw ExitCode(130)
    }
  }
}

extension Shard {
  /// Reads a part such as 2/8, or takes that which the scheduler gave.
  static func argument(_ text: String) throws -> Shard {
    if let shard = text == "auto"
      ? Shard(ofScheduler: environment) : Shard(text)
    {
      return shard
    }
    throw ValidationError(
      text == "auto"
        ? "--shard auto: no job array of Slurm and no indexed job of Kubernetes"
          + " says which part this is: give it, such as 2/8"
        : "--shard \(text): give the number of the part and how many there are,"
          + " such as 2/8")
  }

  private static var environment: [String: String] {
    ProcessInfo.processInfo.environment
  }
}
