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
      stopped. Written are results.csv, report.html, tables/ (Markdown, CSV, \
      LaTeX) and figures/ (SVG, pgfplots).
      """)

  @Argument(help: "The study, a YAML file.")
  var study: String

  @Option(help: "The folder to write; one that was begun is gone on with.")
  var output: String

  @OptionGroup var resources: ResourceArguments

  func run() throws {
    let study = try Study(
      contentsOf: URL(fileURLWithPath: study),
      catalog: AnomalyCommandLine.catalog)
    let session = Session(resources)
    let folder = URL(fileURLWithPath: output)
    let ablation = try Ablation(study, in: folder)
    complain(ablation.remainingWork, as: "study")
    let results: AblationResults
    do {
      results = try session.run { try ablation.run(in: session.context) }
    } catch is CancellationError {
      complain("stopped: the same command goes on from here")
      throw ExitCode(130)
    }
    let report = AblationReport(
      results,
      provenance: .thisCommand)
    try OutputFolder.withLock(folder) { try report.write(to: folder) }
    try StandardStreams.print(report.text)
    if results.runs.contains(where: { $0.failure != nil }) {
      throw ExitCode(FaultKind.data.rawValue)
    }
  }
}
