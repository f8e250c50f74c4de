import Diagnostics
import Evaluation
import Experiments
import Files
import Foundation
import Plots

/// A comparison as tables, JSON and files.
public struct ComparisonReport: Sendable {
  /// Each by a name of its own: where a detector ran on several kinds of
  /// features, that has the kind.
  let runs: [ComparisonRun]
  /// Of these.
  let summary: ComparisonSummary
  private let results: [DetectorResult]
  let provenance: Provenance?
  /// The path, with a slash at its end, that all image files have in common;
  /// empty when there are none.
  let folder: String

  /// Without provenance the page does not tell how it was made.
  public init(_ runs: [ComparisonRun], provenance: Provenance? = nil) {
    results = runs.map(\.result)
    self.runs = runs.map { $0.named(among: runs) }
    self.provenance = provenance
    folder = commonFolder(
      of: runs.flatMap { $0.test.samples.compactMap(\.image?.path) })
    summary = ComparisonSummary(self.runs.map(\.result))
  }

  /// The document of `anomaly compare --json`, with a line feed at its end.
  public var json: String {
    get throws { try prettyJSON(ComparisonSummary(results)) }
  }

  /// The tables for a terminal.
  public var text: String {
    "\(heading.visible)\n\n\(aurocTable.text)\n\(detailTable.text)"
      + (strangestTable.map { "\n\(strangestTitle)\n\n\($0.text)" } ?? "")
  }

  /// The tables for a page.
  public var markdown: String {
    "\(heading.escapedForMarkdown)\n\n\(aurocTable.markdown)\n\(detailTable.markdown)"
      + (papersTable.map { "\n\(Self.papersTitle)\n\n\($0.markdown)" } ?? "")
      + (strangestTable.map { "\n\(strangestTitle)\n\n\($0.markdown)" } ?? "")
  }

  /// What stands for a figure that a detector does not have: whether it failed,
  /// or there are no labels.
  private func absent(_ detector: String, _ category: String? = nil) -> String {
    runs.contains {
      $0.result.detector == detector && $0.failure != nil
        && $0.result.category == category ?? $0.result.category
    } ? "failed" : "-"
  }

  /// The first run of samples without labels.
  private var unlabelledRun: ComparisonRun? {
    runs.first { $0.result.auroc == nil && $0.failure == nil }
  }

  private var strangestTitle: String {
    "The strangest rows by \(unlabelledRun?.result.detector ?? ""), and why"
  }

  /// The rows of a table without labels that the first detector finds
  /// strangest; nil for other samples.
  var strangestTable: Table? {
    guard let run = unlabelledRun, !run.reasons.isEmpty else { return nil }
    return Table(
      columns: [.init("id", .left), .init("score"), .init("why", .left)],
      rows: run.extremes.mostAnomalous.map { place in
        [
          run.test.samples[place].id, short(Double(run.scores[place])),
          (run.reasons[place] ?? []).leading.map(\.inWords)
            .joined(separator: "; "),
        ]
      })
  }

  /// What was judged, on what.
  var title: String {
    "ROC AUC on \(summary.results.first?.dataset ?? "no results")"
  }

  private var heading: String {
    guard let first = summary.results.first else { return title }
    let seeds = Set(summary.results.map(\.seed)).count
    return "\(title), features \(featuresInWords ?? first.features)"
      + (seeds > 1 ? ", mean ± standard deviation over \(seeds) seeds" : "")
  }

  /// The kinds of features; nil without results.
  var featuresInWords: String? {
    let kinds = results.map(\.features).uniqued()
    return kinds.isEmpty ? nil : kinds.joined(separator: " and ")
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
            inWords(
              AUROCSpread(summary.aurocs(detector: $0, category: category)),
              absent: absent($0, category))
          })
    }
    if summary.categories.count > 1 {
      table.rows.append(
        ["mean"]
          + summary.mean.map {
            decimal($0.auroc, places: 4, absent: absent($0.detector))
          })
    }
    return table
  }

  /// One row a detector: the figures over all categories.
  var detailTable: Table {
    let figures = Figure.shown(of: summary.results)
    var table = Table(
      columns: [.init("detector", .left)] + figures.map { .init($0.title) })
    // An interval belongs to one set of scores; several are not averaged.
    let place = 1 + (figures.firstIndex(of: .auroc) ?? 0) + 1
    table.columns.insert(.init("95 % interval"), at: place)
    for mean in summary.mean {
      let own = runs.filter { $0.result.detector == mean.detector }
      let interval =
        own.count == 1 ? own[0].evaluation?.aurocInterval() : nil
      var row =
        [mean.detector]
        + figures.map {
          $0.text(
            mean.figures[$0], isCombined: true, absent: absent(mean.detector))
        }
      row.insert(
        interval.map {
          decimal($0.lowerBound, places: 3) + "-"
            + decimal($0.upperBound, places: 3)
        } ?? "-", at: place)
      table.rows.append(row)
    }
    return table
  }

  static let papersTitle = "Image AUROC / pixel AUROC / AUPRO in percent"

  /// One row a category, one column a detector, and the means, in the form of
  /// papers on MVTec AD; nil without masks.
  var papersTable: Table? {
    guard summary.results.contains(where: { $0.aupro != nil }) else {
      return nil
    }
    func cell(_ results: [DetectorResult]) -> String {
      [Figure.auroc, .pixelAuroc, .aupro].map { figure in
        let values = results.compactMap { $0.figures[figure] }
        return values.count == results.count
          ? decimal(
            100 * values.reduce(0, +) / Double(values.count), places: 1) : "-"
      }.joined(separator: " / ")
    }
    func row(_ name: String, _ results: [DetectorResult]) -> [String] {
      [name]
        + summary.detectors.map { detector in
          cell(results.filter { $0.detector == detector })
        }
    }
    var table = Table(
      columns: [.init("category", .left)]
        + summary.detectors.map { .init($0) })
    table.rows = summary.categories.map { category in
      row(category, summary.results.filter { $0.category == category })
    }
    if summary.categories.count > 1 {
      table.rows.append(row("mean", summary.results))
    }
    return table
  }

  /// One row a run.
  var resultsTable: Table {
    Table(
      columns: ["dataset", "category", "detector", "features"].map {
        .init($0, .left)
      } + (["seed"] + Figure.all.map(\.name)).map { .init($0) },
      rows: results.map { result in
        [
          result.dataset, result.category, result.detector, result.features,
          "\(result.seed)",
        ] + Figure.all.map { $0.exactText(result.figures[$0]) }
      })
  }

  /// Writes `results.json`, `results.csv`, `results.jsonl`, `table.md`, `scores.csv` (every
  /// test sample with its label, its score by every run and its group) and `report.html`.
  ///
  /// - Throws: `FileFault.unwritable`.
  public func write(to folder: URL) throws {
    try OutputFolder.create(folder)
    func write(_ text: String, as name: String) throws {
      try WholeFile.write(text, to: folder.appendingPathComponent(name))
    }
    try write(try json, as: "results.json")
    try write(resultsTable.csv, as: "results.csv")
    try write(try resultsTable.jsonLines, as: "results.jsonl")
    try write(markdown, as: "table.md")
    try WholeFile.write(to: folder.appendingPathComponent("scores.csv")) {
      sink in
      try writeScores { try sink.write(Data($0.utf8)) }
    }
    try write(try page.html, as: "report.html")
  }

  /// The lines of one run after the other: of many they are far more than all
  /// else.
  private func writeScores(by write: (String) throws -> Void) throws {
    let isGrouped = runs.contains { !$0.groups.isEmpty }
    try write(
      CSVText.line(
        ["category", "detector", "seed", "id", "image", "label", "score"]
          + (isGrouped ? ["group"] : [])))
    for run in runs {
      let lines = run.scores.indices.map { place in
        let sample = run.test.samples[place]
        let cells = [
          sample.category, run.result.detector, "\(run.result.seed)",
          sample.id, sample.image?.relativePath ?? "",
          sample.label.map(String.init) ?? "", "\(run.scores[place])",
        ]
        return CSVText.line(
          isGrouped ? cells + [run.groupInWords(place) ?? ""] : cells)
      }
      try write(lines.joined())
    }
  }
}

extension ComparisonRun {
  /// With the kind of features in the detector's name where it ran on several.
  fileprivate func named(among runs: [ComparisonRun]) -> ComparisonRun {
    let isOneOfSeveral = runs.contains {
      $0.result.detector == result.detector
        && $0.result.category == result.category
        && $0.result.features != result.features
    }
    guard isOneOfSeveral else { return self }
    var run = self
    run.result.detector += " \(result.features)"
    return run
  }

  /// The group of a test sample, counted from 1; nil without groups.
  func groupInWords(_ place: Int) -> String? {
    groups.isEmpty ? nil : "\(groups[place] + 1)"
  }
}

/// The longest beginning of all paths that ends in a slash.
private func commonFolder(of paths: [String]) -> String {
  guard let first = paths.min(), let last = paths.max() else { return "" }
  // What the ends of the sorted paths share, all between them share too.
  let common = zip(first.unicodeScalars, last.unicodeScalars)
    .prefix { $0 == $1 }.map(\.0)
  let end = common.lastIndex(of: "/").map { $0 + 1 } ?? 0
  return String(String.UnicodeScalarView(common[..<end]))
}
