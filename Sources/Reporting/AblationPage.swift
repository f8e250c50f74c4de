import Evaluation
import Experiments
import Foundation
import Plots

extension AblationReport {
  /// `report.html`: tables and figures, the baseline and the best setting in
  /// detail, and all runs.
  var page: Page {
    var page = Page(title: "Ablation: \(study.name)", lead: lead)
    page.sections = [Page.Section("Results", resultBlocks)]
    page.sections += ComparisonReport(results.detailedRuns).categorySections
    page.sections += [
      Page.Section(
        "All runs",
        [
          .details(
            summary: "\(results.runs.count) runs", isOpen: false,
            [.table(runTable, caption: "One row a run; results.csv has more")])
        ]),
      Page.Section("How these results were made", origin),
    ]
    return page
  }

  private var lead: String {
    "\(results.runs.count) runs of \(study.settings.count) settings:"
      + " \(study.variations.map(\.factor).joined(separator: ", ")) varied,"
      + (study.design == .grid
        ? " every value with every other" : " one at a time")
      + (study.seeds.count > 1
        ? "; mean ± standard deviation over \(study.seeds.count) seeds." : ".")
      + " An area under the ROC curve (AUC) of 1 puts every anomaly above every"
      + " ordinary sample; 0.5 is chance. The best of many settings was chosen"
      + " by looking at test labels: on new data it will do less well."
  }

  private var resultBlocks: [Page.Block] {
    var blocks: [Page.Block] = []
    for table in tables {
      blocks += [
        .heading(table.title),
        .table(table.table(), caption: caption(of: table), exact: table.exact),
        .figures(table.figures.map(\.figure)),
      ]
    }
    if !effects.rows.isEmpty {
      blocks += [
        .heading("Each factor beside the baseline"),
        .table(effects, caption: effectsTitle),
      ]
    }
    if !failures.isEmpty {
      blocks += [.paragraph("These runs failed:"), .list(failures)]
    }
    if let timeFigure {
      blocks += [.heading("Time"), .figures([timeFigure])]
    }
    return blocks
  }

  private func caption(of table: AblationTable) -> String {
    "ROC AUC, \(table.title)"
      + (table.legend.map {
        $0.replacing("*: best", with: "; the best in bold")
      }
        ?? "")
  }

  private var runTable: Table {
    let figures = Figure.shown(of: results.runs.map(\.result)).filter {
      $0.better != .neither
    }
    return Table(
      columns: [
        .init("setting", .left), .init("category", .left), .init("seed"),
      ] + figures.map { .init($0.title) } + [.init("MB")],
      rows: results.runs.map { run in
        [run.label(in: study), run.identity.category, "\(run.identity.seed)"]
          + figures.map { $0.text(run.result.figures[$0]) }
          + [run.peakMemory.map { "\($0 / 1_000_000)" } ?? "–"]
      })
  }

  private var origin: [Page.Block] {
    var facts = [
      "Seeds: " + study.seeds.map(String.init).joined(separator: ", ") + ".",
      "Settings are compared by DeLong's paired test of the first seed's scores"
        + " on one category, and by Friedman's and Nemenyi's tests over the"
        + " categories where there are several (Demšar 2006), at the 5 % level.",
      "results.csv holds every setting and figure, a checksum of the data and"
        + " the command that repeats the run.",
    ]
    var blocks: [Page.Block] = []
    if let provenance {
      blocks += [.paragraph("Command:"), .code(provenance.command)]
      facts += provenance.facts
    }
    return blocks + [.list(facts)]
  }
}

extension AblationTable {
  fileprivate var exact: Page.ExactValues {
    var exact: Page.ExactValues = [:]
    for (row, fields) in cells.enumerated() {
      for (column, cell) in fields.enumerated() {
        exact[.init(row: row, column: column + 1)] = cell?.auroc.mean
      }
    }
    return exact
  }
}
