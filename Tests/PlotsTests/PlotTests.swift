import Foundation
import FoundationXML
import Testing

@testable import Plots

@Suite struct PlotTests {
  private static let strange: [Double] = [
    .nan, .infinity, -.infinity, .greatestFiniteMagnitude,
    -.greatestFiniteMagnitude, .leastNonzeroMagnitude, 0, 1e17,
  ]

  @Test("What is no number has no place in a figure, and stops nobody")
  func noNumbers() {
    let points = Self.strange.flatMap { x in
      Self.strange.map { VectorPlot.Point(x, $0) }
    }
    let good = [VectorPlot.Point(1, 1), VectorPlot.Point(2, 3)]
    for axis in [
      PlotAxis.linear("x", showing: Self.strange),
      .logarithmic("x", showing: Self.strange),
      .linear("x", showing: [1, 3]), .logarithmic("x", showing: [1, 3]),
      .linear("x", showing: [.leastNonzeroMagnitude, 0]),
      .logarithmic("x", showing: [.leastNonzeroMagnitude]),
      .linear("x", showing: [.greatestFiniteMagnitude]),
    ] {
      let plot = VectorPlot(
        title: "", summary: "", x: axis, y: axis,
        marks: [
          .line(points + good, .text), .points(points + good, .series(1)),
          .band(lower: points, upper: points, .muted),
          .bars(
            [VectorPlot.Rectangle(x: 0...(.infinity), y: 0...1)], .series(2)),
          .rule(x: .nan, "rule"), .label("label", points[0], .middle),
          .cells([
            VectorPlot.Cell(
              column: 0, row: 0, text: "?", color: HeatColor(signed: .nan))
          ]),
        ])
      #expect(XMLParser(data: Data(plot.svg.utf8)).parse())
      for (form, text) in [("svg", plot.svg), ("pgfplots", plot.pgfplots)] {
        for word in ["nan", "inf"] {
          let isThere = text.contains(word)
          #expect(!isThere, "\(word) in \(form) on \(axis)")
        }
      }
    }
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
      let color = HeatColor(signed: Double(step) / 50 - 1)
      let field = luminance([color.red, color.green, color.blue])
      let text = color.isDark ? 1.0 : 0
      let ratio = (max(field, text) + 0.05) / (min(field, text) + 0.05)
      #expect(ratio >= 4.5, "\(step)")
    }
  }

  @Test("The colours of a heat map grow lighter in steps that look equal")
  func sequentialColors() {
    /// CIE lightness, from 0 to 100.
    func lightness(_ color: HeatColor) -> Double {
      let weights = [0.2126, 0.7152, 0.0722]
      let luminance = zip([color.red, color.green, color.blue], weights)
        .reduce(0.0) { sum, channel in
          let share = Double(channel.0) / 255
          return sum + channel.1
            * (share <= 0.04045
              ? share / 12.92 : pow((share + 0.055) / 1.055, 2.4))
        }
      return 116 * cbrt(luminance) - 16
    }
    let steps = (0...20).map { HeatColor(sequential: Double($0) / 20) }
    let changes = zip(steps, steps.dropFirst()).map {
      lightness($1) - lightness($0)
    }
    #expect(changes.allSatisfy { 2.5...4.5 ~= $0 }, "\(changes)")
    // Blue and yellow, never red or green, which some eyes take for each other.
    #expect(steps.allSatisfy { abs($0.red - $0.green) <= 30 })
    #expect(HeatColor(sequential: 7) == steps[20])
    #expect(HeatColor(sequential: .nan) == steps[0])
  }

  @Test("Escaping sees a quotation mark under an accent")
  func combiningCharacters() {
    #expect(
      "\"\u{301} <\u{338}".escapedForMarkup == "&quot;\u{301} &lt;\u{338}")
    #expect("a\u{0}\u{1B}b".escapedForMarkup == "a\u{FFFD}\u{FFFD}b")
  }
}
