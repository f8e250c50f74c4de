import AnomalyKit
import ArgumentParser
import Foundation

struct Compare: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Run detectors side by side and print their ROC AUC.",
    discussion: """
      Tables with labels (.npz, .csv) are fitted and scored on all rows; all \
      other data is fitted on its training samples and scored on its test \
      samples.
      """)

  @OptionGroup var data: DatasetArguments

  @Option(
    help: ArgumentHelp(
      "Detectors, separated by commas.",
      valueName: "all|" + detectorNames.replacing("|", with: ",")))
  var detectors = "all"

  @OptionGroup var hyperparameters: DetectorArguments
  @OptionGroup var features: FeatureArguments
  @OptionGroup var arguments: RunArguments

  @Option(help: "Runs of every detector, with seeds counting up from --seed.")
  var repeats = 1

  @Option(help: "A folder for report.html, the tables and the scores.")
  var output: String?

  @Flag(help: "Print one JSON document instead of tables.")
  var json = false

  func validate() throws {
    guard repeats >= 1 else {
      throw ValidationError("--repeats \(repeats): use 1 or more")
    }
  }

  func run() throws {
    let session = Session(arguments)
    let names = detectors.split(separator: ",").map(String.init)
    let detectors = try DetectorCatalog.standard.detectors(
      named: names, options: hyperparameters.options)
    let runs = try session.run {
      let seeds = (0..<UInt64(repeats)).map { arguments.seed &+ $0 }
      let comparison = Comparison(
        dataset: try data.open(seed: arguments.seed), isPooled: data.pool,
        detectors: detectors, features: features.recipe,
        scaler: features.scaler, seeds: seeds, makesPictures: output != nil)
      return try comparison.run(in: session.context) { run in
        if let failure = run.failure {
          let result = run.result
          session.progress.warn(
            "\(result.detector), \(result.category): \(failure)")
        }
      }
    }
    let report = ComparisonReport(
      runs,
      provenance: .thisCommand)
    if let output {
      try report.write(to: URL(fileURLWithPath: output))
    }
    print(try json ? report.json : report.text, terminator: "")
    if let failure = runs.compactMap(\.failure).first {
      throw ExitCode((failure as? any Fault)?.kind.rawValue ?? 1)
    }
  }
}
