import AnomalyKit
import ArgumentParser
import Foundation

struct Combine: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Make one file of scores of several for the same samples.",
    discussion: """
      Every file is CSV with a header and an id column; rows are matched by id. \
      rank: the mean of ranks. z: the mean of scores in deviations. max: the \
      highest of these. aom: the mean of the higher of each pair of files. \
      mean: the mean of scores as they are.
      """)

  @Argument(help: "Files of scores, two or more.")
  var files: [String]

  @OptionGroup(title: "Columns") var parameters:
    ParameterArguments<ScoreColumnOptions>

  @Option(help: "How scores become one.")
  var by: ScoreCombination = .rank

  @Option(help: "The header: id-prediction, ID-score or Id-Predicted.")
  var format: Submission.Format = .idPrediction

  @Option(help: "The CSV file to write.")
  var output: String

  func validate() throws {
    guard files.count >= 2 else {
      throw ValidationError("one file needs no combining: give two or more")
    }
  }

  func run() throws {
    let urls = files.map { URL(fileURLWithPath: $0) }
    let target = URL(fileURLWithPath: output)
    let progress = TerminalProgress()
    let context = RunContext(progress: progress)
    var options = DatasetOptions()
    try parameters.settings.apply(ScoreColumnOptions.parameters, to: &options)
    let tables = try urls.map {
      try ScoreFile($0, options: options, in: context)
    }
    InputFiles.keep(urls)
    try InputFiles.check(target)
    let scores = try tables.enumerated().map { place, table in
      try table.scores(of: tables[0].ids, path: files[place])
    }
    progress.tellNotes()
    try Submission(
      ids: tables[0].ids, scores: by.combine(scores).map { Float($0) }
    ).write(to: target, format: format)
    complain("\(tables[0].ids.count) rows in \(output)", as: "done")
  }
}

extension ScoreCombination: ExpressibleByArgument {}
