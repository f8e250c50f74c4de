import Autoencoders
import Evaluation
import Foundation
import Testing

@testable import Reporting

@Suite struct PlotTests {
  static let hostileName = "<script>alert(\"1\")</script> & 'x'_100%"

  /// One plot of every kind, with names that need escaping.
  static func everyKind() throws -> [Plot] {
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
        ], x: .logarithmic("nu", showing: [0.01, 0.1])),
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

  @Test("Linear ticks stand at round numbers and cover the values")
  func linearTicks() {
    let axis = PlotAxis.linear("x", showing: [0.13, 0.97])
    #expect(
      axis.ticks.map(\.label) == ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"])
    #expect(axis.bounds == 0...1)
    #expect(
      PlotAxis.linear("x", showing: [-3, 11]).ticks.map(\.label)
        == ["-5", "0", "5", "10", "15"])
    #expect(
      PlotAxis.linear("x", showing: [0, 800_000]).ticks.map(\.label)
        == ["0", "2e5", "4e5", "6e5", "8e5"])
  }

  @Test("An axis of one value or of none has ticks")
  func degenerateTicks() {
    for values in [[], [5.0], [0], [.nan], [.infinity]] {
      let axis = PlotAxis.linear("x", showing: values)
      #expect(axis.ticks.count > 1)
      #expect(axis.bounds.lowerBound < axis.bounds.upperBound)
    }
  }

  @Test("Logarithmic ticks stand at powers of ten, or between when few")
  func logarithmicTicks() {
    #expect(
      PlotAxis.logarithmic("s", showing: [0.01, 100]).ticks.map(\.label)
        == ["0.01", "0.1", "1", "10", "100"])
    #expect(
      PlotAxis.logarithmic("s", showing: [2, 9]).ticks.map(\.label)
        == ["2", "5", "10"])
  }

  @Test("Methods within the critical difference are joined, no others")
  func criticalDifference() {
    let plot = Plot.criticalDifference(
      [("c", 3), ("a", 1), ("b", 1.5)], criticalDifference: 1)
    let bars = plot.marks.filter {
      if case .line(_, _, isThick: true) = $0 { true } else { false }
    }
    #expect(bars.count == 1)
    #expect(plot.summary.contains("not different: a, b"))
  }

  @Test("Text on a heat colour has a contrast of at least 4.5 to 1")
  func contrast() {
    func luminance(_ rgb: [Int]) -> Double {
      zip(rgb, [0.2126, 0.7152, 0.0722]).reduce(0) { sum, channel in
        let share = Double(channel.0) / 255
        let linear =
          share <= 0.04045 ? share / 12.92 : pow((share + 0.055) / 1.055, 2.4)
        return sum + channel.1 * linear
      }
    }
    for step in 0...100 {
      let color = HeatColor(auroc: Double(step) / 100)
      let field = luminance([color.red, color.green, color.blue])
      let text = color.isDark ? 1.0 : 0
      let ratio = (max(field, text) + 0.05) / (min(field, text) + 0.05)
      #expect(ratio >= 4.5, "\(step)")
    }
  }

  @Test("Escaping sees a quotation mark under an accent")
  func combiningCharacters() {
    #expect(
      "\"\u{301} <\u{338}".escapedForMarkup == "&quot;\u{301} &lt;\u{338}")
    #expect("a\u{0}\u{1B}b".escapedForMarkup == "a\u{FFFD}\u{FFFD}b")
  }
}
