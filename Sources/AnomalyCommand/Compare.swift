import AnomalyKit
import ArgumentParser
import Diagnostics
import Foundation

struct Compare: ParsableCommand, SharedCommand {
  static let configuration = CommandConfiguration(
    abstract: "Run detectors side by side and print their ROC AUC.",
    discussion: """
      Tables are fitted and scored on all rows, with labels or without; all \
      other data is fitted on its training samples and scored on its test \
      samples. --features takes several kinds, separated by commas, and runs \
      every detector on each.

        anomaly compare data --output report
        anomaly compare data --detectors pca,kmeans --features pixels,hog

      --help-hidden lists the options of single layouts and detectors too.
      """)

  @OptionGroup var data: DatasetArguments

  @Option(
    help: ArgumentHelp(
      "Detectors, separated by commas; all are the quick ones for any data"
        + " (default: those that suit the data). anomaly detectors lists them,"
        + " and what can be set of each.",
      valueName: "all|name,name"),
    completion: .list(["all"] + AnomalyCommandLine.catalog.names))
  var detectors: String?

  @OptionGroup(title: "Detectors") var parameters:
    ParameterArguments<DetectorParameterOptions>
  @OptionGroup var features: FeatureArguments
  @OptionGroup var groups: GroupArguments
  @OptionGroup var arguments: RunArguments

  @Option(
    help: ArgumentHelp(
      "Runs of every detector, with seeds counting up from --seed.",
      valueName: "count"))
  var repeats = 1

  @Option(help: "A folder for report.html, the tables and the scores.")
  var output: String?

  @Flag(help: "Print one JSON document instead of tables.")
  var json = false

  private static let mostRepeats = 1_000_000

  func validate() throws {
    try output.map(data.check(output:))
    guard 1...Self.mostRepeats ~= repeats else {
      throw ValidationError(
        "--repeats \(repeats): use 1 to \(Self.mostRepeats)")
    }
  }

  func run() throws {
    guard let output, AnomalyCommandLine.team.isFirst else {
      return try run(writingTo: nil)
    }
    let folder = URL(fileURLWithPath: output)
    try OutputFolder.withLock(folder) { try run(writingTo: folder) }
  }

  private func run(writingTo folder: URL?) throws {
    let session = Session(arguments)
    let preparations = try features.preparations
    let preparation = preparations[0]
    let kinds = preparations.map(\.features.kind)
    let chosen = try detectors.map {
      try AnomalyCommandLine.catalog.detectors(
        named: $0.split(separator: ",").map {
          $0.trimmingCharacters(in: .whitespaces)
        }.uniqued(), parameters.settings)
    }
    let runs = try session.run {
      let seeds = (0..<UInt64(repeats)).map { arguments.seed &+ $0 }
      let dataset = try data.open(seed: arguments.seed, in: session.context)
      let comparison = Comparison(
        dataset: dataset, isPooled: data.pool,
        detectors: try
          (chosen
          ?? usualDetectors(for: dataset, preparation, in: session.context))
          .flatMap { kinds.count > 1 ? $0.given(kinds) : [$0] }
          .map { $0.grouped(groups.grouping(of: data)) },
        features: preparation.features,
        scaler: preparation.scaler, seeds: seeds,
        makesPictures: output != nil, keepsScores: output != nil)
      return try comparison.run(in: session.context)
    }
    guard session.context.team.isFirst else { return }
    let report = ComparisonReport(
      runs,
      provenance: .thisCommand)
    if let folder { try report.write(to: folder) }
    try StandardStreams.print(json ? report.json : report.text)
    if let note = report.upsideDownNote {
      complain(note.text(for: .commandLine), as: "note")
    }
    if let failure = runs.compactMap(\.failure).first {
      throw ExitCode((failure as? any Fault)?.kind.rawValue ?? 1)
    }
  }

  private func usualDetectors(
    for dataset: Dataset, _ preparation: Preparation, in context: RunContext
  ) throws -> [NamedDetector] {
    let usual = try AnomalyCommandLine.catalog.usualDetectors(
      for: data.pool ? [dataset.pooled()] : dataset.categories, preparation,
      parameters.settings)
    if let note = usual.note { context.warn(note) }
    return usual.detectors
  }
}
