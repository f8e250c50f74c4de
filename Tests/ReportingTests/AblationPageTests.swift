import Datasets
import Detectors
import Execution
import Experiments
import Files
import Foundation
import TestSupport
import Testing

@testable import Reporting

@Suite struct AblationPageTests {
  /// A small study whose names try to break out of the page.
  private func withReport(
    _ body: (AblationReport, URL) throws -> Void
  ) throws {
    let folder = try TemporaryFolder()
    let rows = (0..<40).map { row in
      "\(row % 7),\(row % 5),\(row < 36 ? row % 3 : 9),\(row < 36 ? 0 : 1)\n"
    }
    for name in ["<i>1.csv", "<i>2.csv"] {
      try folder.write("a,b,c,label\n" + rows.joined(), to: name)
    }
    let file = try folder.write(
      """
      name: "<b>'me' & you"
      datasets: [{path: <i>1.csv}, {path: <i>2.csv}]
      baseline: {detector: kmeans}
      vary: {n-clusters: [1, 2, 4], n-init: [1, 2]}
      seeds: 2
      """, to: "study.yaml")
    let output = folder.file("out")
    let results = try Ablation(
      Study(contentsOf: file), in: output
    ).run(in: RunContext())
    let report = AblationReport(
      results, provenance: Provenance(arguments: ["anomaly"], version: "1.2.3"))
    try report.write(to: output)
    try body(report, output)
  }

  @Test("The figures of the page are those of the tables, unrounded")
  func figures() throws {
    try withReport { report, _ in
      let page = try XMLTree(try report.page.html)
      let shown = page.elements(named: "data").compactMap {
        $0.attributes["value"].flatMap(Double.init)
      }
      let expected = report.tables.flatMap {
        $0.cells.joined().compactMap { $0?.auroc.mean }
      }
      // 3 x 2, and 3 x 3 and 2 x 3 with the means over the categories.
      #expect(expected.count == 21)
      #expect(shown == expected)
      #expect(page.elements(named: "b").isEmpty)
      #expect(page.elements(named: "i").isEmpty)
      #expect(
        page.elements(named: "h1").map(\.text) == ["Ablation: <b>'me' & you"])
    }
  }

  @Test("A table's CSV holds means, deviations and standings")
  func csv() throws {
    try withReport { report, output in
      let text = try String(
        contentsOf: output.appendingPathComponent(
          "tables/n-clusters-by-n-init.csv"), encoding: .utf8)
      let rows = text.split(separator: "\n").map {
        $0.split(separator: ",", omittingEmptySubsequences: false)
      }
      #expect(
        rows[0] == [
          "n-clusters", "1", "1 deviation", "1 standing", "2", "2 deviation",
          "2 standing",
        ])
      let table = report.tables[0]
      #expect(rows.count == 1 + table.cells.count)
      for (row, cells) in zip(rows.dropFirst(), table.cells) {
        #expect(Double(row[1]) == cells[0]?.auroc.mean)
        #expect(Double(row[5]) == cells[1]?.auroc.deviation)
      }
    }
  }

  @Test(
    "Chromium shows the page and asks for nothing else",
    .enabled(if: Chromium.isInstalled))
  func chromium() throws {
    try withReport { report, output in
      let visit = try Chromium.open(
        output.appendingPathComponent("report.html"))
      #expect(visit.complaints.isEmpty)
      let shown = visit.document.matches(of: /<data value="([^"]+)">/)
        .compactMap { Double($0.output.1) }
      #expect(
        shown
          == report.tables.flatMap {
            $0.cells.joined().compactMap { $0?.auroc.mean }
          })
    }
  }
}
