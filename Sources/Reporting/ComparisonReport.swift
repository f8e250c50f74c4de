import Experiments
import Files
import Foundation

/// A comparison as tables, JSON and files.
public struct ComparisonReport: Sendable {
  private let runs: [ComparisonRun]
  private let summary: ComparisonSummary

  public init(_ runs: [ComparisonRun]) {
    self.runs = runs
    summary = ComparisonSummary(runs.map(\.result))
  }

  /// The document of `anomaly compare --json`, with a line feed at its end.
  public var json: String {
    get throws { try prettyJSON(summary) }
  }

  /// The tables for a terminal.
  public var text: String {
    "\(heading)\n\n\(aurocTable.text)\n\(detailTable.text)"
  }

  /// The tables for a page.
  public var markdown: String {
    "\(heading)\n\n\(aurocTable.markdown)\n\(detailTable.markdown)"
  }

  private var heading: String {
    guard let first = summary.results.first else { return "no results" }
    let seeds = Set(summary.results.map(\.seed)).count
    return "ROC AUC on \(first.dataset), features \(first.features)"
      + (seeds > 1 ? ", mean ± standard deviation over \(seeds) seeds" : "")
  }

  /// One row a category, one column a detector, and the means.
  var aurocTable: Table {
    let detectors = summary.detectors
    var table = Table(
      columns: [.init("category", .left)] + detectors.map { .init($0) })
    for category in summary.categories {
      table.rows.append(
        [category]
          + detectors.map {
            spread(summary.aurocs(detector: $0, category: category))
          })
    }
    if summary.categories.count > 1 {
      table.rows.append(
        ["mean"] + summary.mean.map { decimal($0.auroc, places: 4) })
    }
    return table
  }

  /// One row a detector: precision, counts and times over all categories.
  var detailTable: Table {
    var table = Table(columns: [
      .init("detector", .left), .init("AUC"), .init("95 % interval"),
      .init("average precision"), .init("train"), .init("test"),
      .init("fit s"), .init("score s"),
    ])
    for (detector, mean) in zip(summary.detectors, summary.mean) {
      let own = runs.filter { $0.result.detector == detector }
      let results = own.map(\.result)
      func average(_ figure: (DetectorResult) -> Double?) -> Double? {
        let values = results.compactMap(figure)
        return values.count == results.count
          ? values.reduce(0, +) / Double(values.count) : nil
      }
      func total(_ figure: (DetectorResult) -> Double?) -> Double? {
        average(figure).map { $0 * Double(results.count) }
      }
      let firstSeed = results.filter { $0.seed == results[0].seed }
      // An interval belongs to one set of scores; several are not averaged.
      let interval =
        own.count == 1 ? own[0].evaluation?.aurocInterval() : nil
      table.rows.append([
        detector,
        decimal(mean.auroc, places: 4),
        interval.map {
          decimal($0.lowerBound, places: 3) + "-"
            + decimal($0.upperBound, places: 3)
        } ?? "-",
        decimal(average(\.averagePrecision), places: 4),
        "\(firstSeed.map(\.trainCount).reduce(0, +))",
        "\(firstSeed.map(\.testCount).reduce(0, +))",
        decimal(total(\.fitSeconds), places: 2),
        decimal(total(\.scoreSeconds), places: 2),
      ])
    }
    return table
  }

  /// One row a run.
  var resultsTable: Table {
    Table(
      columns: [
        "dataset", "category", "detector", "features", "seed", "auroc",
        "averagePrecision", "pixelAuroc", "trainCount", "testCount",
        "fitSeconds", "scoreSeconds", "loadSeconds",
      ].map { .init($0) },
      rows: summary.results.map { result in
        func text(_ value: Double?) -> String { value.map { "\($0)" } ?? "" }
        return [
          result.dataset, result.category, result.detector, result.features,
          "\(result.seed)", text(result.auroc), text(result.averagePrecision),
          text(result.pixelAuroc), "\(result.trainCount)",
          "\(result.testCount)", text(result.fitSeconds),
          text(result.scoreSeconds), "\(result.loadSeconds)",
        ]
      })
  }

  /// Writes `results.json`, `results.csv`, `table.md` and `scores.csv` (every
  /// test sample with its label and its score by every run).
  ///
  /// - Throws: `FileFault.unwritable`.
  public func write(to folder: URL) throws {
    try OutputFolder.create(folder)
    func write(_ text: String, as name: String) throws {
      try WholeFile.write(text, to: folder.appendingPathComponent(name))
    }
    try write(try json, as: "results.json")
    try write(resultsTable.csv, as: "results.csv")
    try write(markdown, as: "table.md")
    try write(scoresTable.csv, as: "scores.csv")
  }

  private var scoresTable: Table {
    Table(
      columns: [
        "category", "detector", "seed", "id", "image", "label", "score",
      ].map { .init($0) },
      rows: runs.flatMap { run in
        zip(run.samples, run.scores).map { sample, score in
          [
            sample.category, run.result.detector, "\(run.result.seed)",
            sample.id, sample.image?.relativePath ?? "",
            sample.label.map(String.init) ?? "", "\(score)",
          ]
        }
      })
  }

  private func spread(_ values: [Double]) -> String {
    guard !values.isEmpty else { return "failed" }
    let mean = values.reduce(0, +) / Double(values.count)
    guard values.count > 1 else { return decimal(mean, places: 4) }
    let variance =
      values.map { ($0 - mean) * ($0 - mean) }.reduce(0, +)
      / Double(values.count - 1)
    return decimal(mean, places: 4) + " ± "
      + decimal(variance.squareRoot(), places: 4)
  }
}

/// A number with that many decimal places; "failed" for none.
func decimal(_ value: Double?, places: Int) -> String {
  value.map { String(format: "%.\(places)f", $0) } ?? "failed"
}
