import AnomalyKit
import ArgumentParser
import Foundation

struct Explain: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Tell which columns make rows of a table strange.",
    discussion: """
      For each row: the columns that make it so, their values, what is usual \
      (5 % to 95 % of the training rows), and the share of the score that is \
      due to each.
      """)

  @OptionGroup var data: DatasetArguments

  @Option(help: "The model file that `anomaly fit` wrote.")
  var model: String

  @Option(help: "The ids of the rows, separated by commas.")
  var rows: String?

  @Option(help: "So many of the strangest rows (default: 20).")
  var top: Int?

  @Option(help: "A CSV file to write, with all columns of each row.")
  var output: String?

  @OptionGroup var arguments: RunArguments

  func validate() throws {
    if rows != nil, top != nil {
      throw ValidationError("give --rows or --top, not both")
    }
    if let top, top < 1 {
      throw ValidationError("--top \(top): use 1 or more")
    }
  }

  func run() throws {
    let session = Session(arguments)
    let report = try session.run {
      let model = URL(fileURLWithPath: model)
      let pipeline = try FittedPipeline(
        contentsOf: model, catalog: AnomalyCommandLine.catalog)
      let test = try data.openCategory(for: pipeline, in: session.context).test
      InputFiles.keep([model])
      if let output { try InputFiles.check(URL(fileURLWithPath: output)) }
      let scores = try pipeline.scores(for: test, in: session.context)
      let places = try places(in: test, scores)
      let reasons = try pipeline.reasons(
        for: places, of: test, in: session.context)
      return ReasonReport(
        zip(places, reasons).map { (test.samples[$0], scores[$0], $1) })
    }
    if let output {
      try WholeFile.write(report.csv, to: URL(fileURLWithPath: output))
    }
    try StandardStreams.print(report.text)
  }

  private func places(in set: SampleSet, _ scores: [Float]) throws -> [Int] {
    guard let rows else {
      return Array(
        scores.indices.sorted { (scores[$1], $0) < (scores[$0], $1) }
          .prefix(top ?? 20))
    }
    let known = Dictionary(
      set.samples.enumerated().map { ($1.id, $0) },
      uniquingKeysWith: { first, _ in first })
    return try rows.split(separator: ",").map {
      guard let place = known[String($0)] else {
        throw ExperimentFault.unknownRow(String($0))
      }
      return place
    }
  }
}
