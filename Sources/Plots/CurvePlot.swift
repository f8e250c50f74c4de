extension VectorPlot {
  /// A curve over the values of something, with a spread around it.
  package struct Curve: Hashable, Sendable {
    package struct Value: Hashable, Sendable {
      package var x: Double
      package var mean: Double
      /// Half the height of the band, such as a standard deviation.
      package var spread: Double

      package init(x: Double, mean: Double, spread: Double = 0) {
        self.x = x
        self.mean = mean
        self.spread = spread
      }
    }

    package var name: String
    package var values: [Value]

    package init(_ name: String, _ values: [Value]) {
      self.name = name
      self.values = values
    }
  }

  /// A figure against what it hangs on.
  ///
  /// - Parameters:
  ///   - title: What the figure is called.
  ///   - curves: One for each value of something else, or one alone.
  ///   - x: What it hangs on; values that are words stand at 0, 1, 2... of an
  ///     axis of `.names`.
  ///   - label: What the figure on the other axis is.
  package static func curves(
    title: String, _ curves: [Curve], x: PlotAxis, label: String
  ) -> VectorPlot {
    let values = curves.flatMap(\.values)
    return VectorPlot(
      title: title,
      summary: curves.map { curve in
        curve.name + ": "
          + curve.values.map {
            "\(decimal($0.mean, places: 3)) at \(short($0.x))"
          }.joined(separator: ", ")
      }.joined(separator: "; "),
      width: 300, height: 220, x: x,
      y: .linear(
        label,
        showing: values.flatMap { [$0.mean - $0.spread, $0.mean + $0.spread] }),
      marks: curves.enumerated().flatMap { index, curve -> [Mark] in
        let ink = Ink.series(index)
        let line = curve.values.map { Point($0.x, $0.mean) }
        var marks: [Mark] = []
        if curve.values.contains(where: { $0.spread > 0 }) {
          marks.append(
            .band(
              lower: curve.values.map { Point($0.x, $0.mean - $0.spread) },
              upper: curve.values.map { Point($0.x, $0.mean + $0.spread) },
              ink))
        }
        return marks + [.line(line, ink), .points(line, ink)]
      },
      legend: curves.enumerated().map {
        LegendEntry($1.name, .series($0), .line)
      })
  }
}
