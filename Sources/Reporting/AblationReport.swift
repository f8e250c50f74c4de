import Evaluation
import Experiments
import Files
import Foundation
import Plots

/// The results of a study as tables, figures and files.
public struct AblationReport: Sendable {
  let results: AblationResults
  let tables: [AblationTable]
  let provenance: Provenance?

  /// Without provenance the page does not tell how it was made.
  public init(_ results: AblationResults, provenance: Provenance? = nil) {
    self.results = results
    self.provenance = provenance
    tables = results.tables
  }

  var study: Study { results.study }

  /// The tables for a terminal.
  public var text: String {
    let titled =
      tables.map { table in
        "\(table.title)\n\n\(table.table(isMarked: true).text)"
          + (table.legend.map { "\($0)\n" } ?? "")
      } + (effects.rows.isEmpty ? [] : ["\(effectsTitle)\n\n\(effects.text)"])
    return "\(heading.visible)\n\n" + titled.joined(separator: "\n")
  }

  /// The runs that failed, and why.
  var failures: [String] {
    results.runs.filter { $0.failure != nil }
      .map { $0.complaint(in: study) }
  }

  var heading: String {
    let seeds = study.seeds.count
    return "ROC AUC, \(study.name)"
      + (seeds > 1 ? ", mean ± standard deviation over \(seeds) seeds" : "")
  }

  var effectsTitle: String {
    "One factor at a time, the others as in the baseline"
  }

  /// What each factor does beside the baseline.
  var effects: Table {
    Table(
      columns: [
        .init("factor", .left), .init("value", .left), .init("AUC"),
        .init("difference"),
      ],
      rows: results.effects.map { effect in
        [
          effect.factor, effect.value, inWords(effect.auroc),
          effect.isBaseline
            ? "baseline"
            : effect.difference.map { String(format: "%+.4f", $0) } ?? "failed",
        ]
      })
  }

  /// The same with all digits, deviations in a column of their own.
  private var exactEffects: Table {
    func number(_ value: Double?) -> String { value.map { "\($0)" } ?? "" }
    return Table(
      columns: [
        "factor", "value", "auroc", "deviation", "baseline", "difference",
      ].map { .init($0) },
      rows: results.effects.map { effect in
        [
          effect.factor, effect.value, number(effect.auroc?.mean),
          number(effect.auroc?.deviation), number(effect.baseline?.mean),
          number(effect.difference),
        ]
      })
  }

  /// One row a run: every setting and figure, what the data was, and the
  /// command that repeats it.
  var resultsTable: Table {
    let factors = results.runs.flatMap {
      study.ordered($0.identity.setting).map(\.factor)
    }.uniqued()
    let figures = Figure.had(by: results.runs.map(\.result))
    return Table(
      columns: (["dataset", "category"] + factors).map { .init($0, .left) }
        + (["seed"] + figures.map(\.name) + ["peakMemory"]).map { .init($0) }
        + ["version", "data", "failure", "command"].map { .init($0, .left) },
      rows: results.runs.map { run in
        let result = run.result
        let setting = factors.map { run.identity.setting[$0] ?? "" }
        return [run.identity.dataset, result.category] + setting
          + ["\(result.seed)"]
          + figures.map { $0.exactText(result.figures[$0]) } + [
            run.peakMemory.map { "\($0)" } ?? "", run.version,
            run.dataChecksum, run.failure ?? "",
            Provenance.command(run.arguments),
          ]
      })
  }

  /// Writes `results.csv`, `results.jsonl`, `report.html`, `tables/` (Markdown, CSV and LaTeX
  /// of every table) and `figures/` (SVG and pgfplots source).
  ///
  /// - Throws: `FileFault.unwritable`.
  public func write(to folder: URL) throws {
    func write(_ text: String, as name: String) throws {
      try WholeFile.write(text, to: folder.appendingPathComponent(name))
    }
    for name in ["tables", "figures"] {
      try OutputFolder.create(folder.appendingPathComponent(name))
    }
    for table in tables {
      let name = "tables/\(table.fileName)"
      try write(table.table().markdown, as: name + ".md")
      try write(table.table().latex, as: name + ".tex")
      try write(table.csv, as: name + ".csv")
    }
    if !effects.rows.isEmpty {
      try write(effects.markdown, as: "tables/factors.md")
      try write(effects.latex, as: "tables/factors.tex")
      try write(exactEffects.csv, as: "tables/factors.csv")
    }
    for (name, figure) in figures {
      try write(figure.plot.svg, as: "figures/\(name).svg")
      try write(figure.plot.pgfplots, as: "figures/\(name).tex")
    }
    try write(resultsTable.csv, as: "results.csv")
    try write(try resultsTable.jsonLines, as: "results.jsonl")
    try write(try page.html, as: "report.html")
  }
}

// MARK: One table

extension AblationTable {
  /// Such as "nu by gamma".
  var title: String {
    "\(layout.rows.joined(separator: ", ")) by"
      + " \(layout.columns.joined(separator: ", "))"
  }

  var fileName: String {
    title.replacing(", ", with: "-").replacing(" ", with: "-")
  }

  /// What the marks mean; nil when there are none.
  var legend: String? {
    let standings = Set(cells.joined().compactMap { $0?.standing })
    let empty =
      cells.joined().contains { $0 == nil }
      ? "–: failed, or does not apply, as features of pictures to a table" : nil
    guard standings.contains(.best) else { return empty }
    let isByCategory = [layout.rows, layout.columns].contains {
      $0.allSatisfy { ["category", "dataset"].contains($0) }
    }
    let ranks = "Friedman's and Nemenyi's tests over categories"
    let test =
      ranking == nil
      ? "DeLong's test"
      : isByCategory ? "DeLong's test; of the mean, \(ranks)" : ranks
    return "*: best"
      + (standings.isDisjoint(with: [.asGood, .worse])
        ? "" : "; †: not significantly worse at the 5 % level (\(test))")
      + (empty.map { "; \($0)" } ?? "")
  }

  /// - Parameter isMarked: Whether the best is marked with an asterisk, for
  ///   formats without bold type.
  func table(isMarked: Bool = false) -> Table {
    var table = Table(
      columns: [.init(corner, .left)] + columnNames.map { .init($0) })
    for (row, name) in rowNames.enumerated() {
      let texts = cells[row].enumerated().map { column, cell in
        if cell?.standing == .best {
          table.bold.insert(Table.Place(row: row, column: column + 1))
        }
        return cell.map { text(of: $0, isMarked: isMarked) } ?? "–"
      }
      table.rows.append([name] + texts)
    }
    return table
  }

  private func text(of cell: Cell, isMarked: Bool) -> String {
    let mark =
      switch cell.standing {
      case .best: isMarked ? " *" : ""
      case .asGood: " †"
      case .worse, .unknown: isMarked ? "  " : ""
      }
    return inWords(cell.auroc) + mark
  }

  /// What the rows are, and the columns where their names do not tell.
  private var corner: String {
    let rows = layout.rows.joined(separator: ", ")
    let columns = layout.columns.joined(separator: ", ")
    return ["category", "dataset", "detector"].contains(columns)
      ? rows : "\(rows) \\ \(columns)"
  }

  /// Every figure with all its digits: three columns for each of the table.
  var csv: String {
    var table = Table(
      columns: [.init(layout.rows.joined(separator: ", "))]
        + columnNames.flatMap {
          [.init($0), .init("\($0) deviation"), .init("\($0) standing")]
        })
    for (name, row) in zip(rowNames, cells) {
      let fields = row.flatMap { cell -> [String] in
        guard let cell else { return ["", "", ""] }
        let deviation = cell.auroc.deviation.map { "\($0)" } ?? ""
        return ["\(cell.auroc.mean)", deviation, cell.standing.word]
      }
      table.rows.append([name] + fields)
    }
    return table.csv
  }
}

extension AblationTable.Standing {
  fileprivate var word: String {
    switch self {
    case .best: "best"
    case .asGood: "not worse"
    case .worse: "worse"
    case .unknown: ""
    }
  }
}
