import AnomalyKit
import ArgumentParser
import Foundation

struct Evaluate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Judge any file of scores by a file of labels.",
    discussion: """
      Both are CSV files with a header and an id column; rows are matched by \
      id. Labels are 0 (ordinary) and 1 (anomaly), or words that say so; \
      scores are higher for stranger samples. Scores that are all 0 or 1 are \
      judged as decisions too.
      """)

  @Argument(help: "CSV with the id and the score of every sample.")
  var scores: String

  @Option(help: "CSV with the id and the label, 0 or 1, of every sample.")
  var labels: String

  @OptionGroup(title: "Columns") var parameters:
    ParameterArguments<ScoreParameterOptions>

  @Option(
    help: ArgumentHelp(
      "Also judge the decision that what scores higher is an anomaly.",
      valueName: "number"))
  var threshold: Double?

  @Flag(help: "Print one JSON document instead of a table.")
  var json = false

  func validate() throws {
    guard threshold?.isFinite ?? true else {
      throw ValidationError("--threshold: use a finite number")
    }
  }

  func run() throws {
    var options = DatasetOptions()
    try parameters.settings.apply(
      ScoreParameterOptions.parameters, to: &options)
    let progress = TerminalProgress()
    let table = try ScoreTable(
      scores: URL(fileURLWithPath: scores),
      labels: URL(fileURLWithPath: labels), options: options,
      in: RunContext(progress: progress))
    let report = EvaluationReport(
      try Evaluation(scores: table.scores, labels: table.labels),
      threshold: threshold)
    try StandardStreams.print(json ? report.json : report.text)
    progress.tellNotes()
    if let note = report.upsideDownNote {
      complain(note.text(for: .commandLine), as: "note")
    }
  }
}
