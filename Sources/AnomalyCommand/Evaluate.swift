import AnomalyKit
import ArgumentParser
import Foundation

struct Evaluate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Judge any file of scores by a file of labels.",
    discussion: """
      Both are CSV files with a header and an id column; rows are matched by \
      id. Labels are 0 (ordinary) and 1 (anomaly), or words that say so; \
      scores are higher for stranger samples.
      """)

  @Argument(help: "CSV with the id and the score of every sample.")
  var scores: String

  @Option(help: "CSV with the id and the label, 0 or 1, of every sample.")
  var labels: String

  @OptionGroup(title: "Columns") var parameters:
    ParameterArguments<ScoreParameterOptions>

  @Flag(help: "Print one JSON document instead of a table.")
  var json = false

  func run() throws {
    var options = DatasetOptions()
    try parameters.settings.apply(
      ScoreParameterOptions.parameters, to: &options)
    let table = try ScoreTable(
      scores: URL(fileURLWithPath: scores),
      labels: URL(fileURLWithPath: labels), options: options,
      in: RunContext(progress: TerminalProgress()))
    let report = EvaluationReport(
      try Evaluation(scores: table.scores, labels: table.labels))
    print(try json ? report.json : report.text, terminator: "")
  }
}
