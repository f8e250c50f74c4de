import Detectors
import Evaluation
import Foundation
import Plots
import TestSupport
import Testing

@testable import Reporting

@Suite struct PlotTests {
  static let hostileName = "<script>alert(\"1\")</script> & 'x'_100%"

  /// One plot of every kind, with names that need escaping.
  static func everyKind() throws -> [VectorPlot] {
    let normal: [Float] = (0..<200).map { Float($0 % 17) / 17 }
    let anomalies: [Float] = (0..<60).map { 0.4 + Float($0 % 13) / 10 }
    let curve = try ROCCurve(positives: anomalies, negatives: normal)
    let other = try ROCCurve(
      positives: anomalies.map { $0 * $0 }, negatives: normal.reversed())
    return [
      .rocCurves(
        [(hostileName, curve), ("pca", other)], highlighting: 0),
      .rocCurves([("kmeans", curve), ("pca", other)], highlighting: nil),
      .scoreHistogram(
        of: hostileName, normal: normal, anomalies: anomalies,
        threshold: (0.8, "best F1")),
      .heatTable(
        title: "AUC", rows: ["bolt", hostileName],
        columns: ["pca", "noise-classifier"],
        aurocs: [[0.93, nil], [0.21, 0.55]]),
      .timeAgainstAUROC([
        .init("pca", [.init(0.02, 0.9), .init(0.4, 0.95)]),
        .init(hostileName, [.init(30, 0.99)]),
      ]),
      .curves(
        title: "nu",
        [
          .init(
            "bolt",
            [
              .init(x: 0.01, mean: 0.7, spread: 0.03),
              .init(x: 0.1, mean: 0.8, spread: 0.01),
            ])
        ], x: .logarithmic("nu", showing: [0.01, 0.1]), label: "ROC AUC"),
      .criticalDifference(
        [
          ("pca", 1.6), ("ocsvm", 2.1), ("kmeans", 2.9), (hostileName, 3.9),
          ("iforest", 4.4),
        ], criticalDifference: 1.1),
      .trainingHistory(
        (1...20).map {
          EpochRecord(
            epoch: $0, trainingLoss: 1 / Double($0),
            validationLoss: 1.1 / Double($0), learningRate: 1e-3)
        }),
    ]
  }

  @Test("Every plot is well-formed XML that names itself and shows its text")
  func svg() throws {
    for plot in try Self.everyKind() {
      let document = try XMLTree(plot.svg)
      #expect(document.root.name == "svg")
      #expect(document.elements(named: "title").map(\.text) == [plot.title])
      #expect(document.elements(named: "desc").map(\.text) == [plot.summary])
      #expect(document.elements(named: "script").isEmpty)
      let words = document.elements(named: "text").map(\.text)
      for entry in plot.legend { #expect(words.contains(entry.name)) }
      for tick in plot.y.ticks where plot.y.placement != .hidden {
        #expect(words.contains(tick.label))
      }
      #expect(!plot.svg.contains("nan"))
      #expect(!plot.svg.contains("inf"))
    }
  }

  @Test("The pgfplots source of every plot has its braces in pairs")
  func pgfplots() throws {
    for plot in try Self.everyKind() {
      let source = plot.pgfplots
      var depth = 0
      var previous: Character = " "
      for character in source {
        if previous != "\\" {
          if character == "{" { depth += 1 }
          if character == "}" { depth -= 1 }
        }
        #expect(depth >= 0)
        previous = character
      }
      #expect(depth == 0)
      #expect(source.contains("\\begin{axis}"))
      #expect(!source.contains(" & "))
      for entry in plot.legend {
        #expect(source.contains("{\(entry.name.escapedForTeX)}"))
      }
    }
  }

  @Test("Methods within the critical difference are joined, no others")
  func criticalDifference() {
    let plot = VectorPlot.criticalDifference(
      [("c", 3), ("a", 1), ("b", 1.5)], criticalDifference: 1)
    let bars = plot.marks.filter {
      if case .line(_, _, isThick: true) = $0 { true } else { false }
    }
    #expect(bars.count == 1)
    #expect(plot.summary.contains("not different: a, b"))
  }
}
