import Evaluation
import Plots

extension VectorPlot {
  /// ROC curves of several detectors on the same samples.
  ///
  /// - Parameters:
  ///   - curves: The detectors' names and curves.
  ///   - highlighted: The detector that is drawn in colour with its confidence
  ///     band, the others in grey; nil draws all in colour, without bands.
  public static func rocCurves(
    _ curves: [(name: String, curve: ROCCurve)], highlighting highlighted: Int?
  ) -> VectorPlot {
    let rate = PlotAxis.Scale.linear(0...1)
    var plot = VectorPlot(
      title: highlighted.map { "ROC curve of \(curves[$0].name)" }
        ?? "ROC curves",
      summary: curves.indices.map {
        areaInWords(curves[$0].name, curves[$0].curve)
      }.joined(separator: "; "),
      width: 240, height: 240,
      x: PlotAxis("false positive rate", rate),
      y: PlotAxis("true positive rate", rate),
      marks: [.line([Point(0, 0), Point(1, 1)], .muted)])
    guard let highlighted else {
      for (index, (name, curve)) in curves.enumerated() {
        plot.marks.append(.line(points(of: curve), .series(index)))
        plot.legend.append(LegendEntry(name, .series(index), .line))
      }
      return plot
    }
    for index in curves.indices where index != highlighted {
      plot.marks.append(.line(points(of: curves[index].curve), .muted))
    }
    let (name, curve) = curves[highlighted]
    let band = curve.confidenceBand()
    let ink = Ink.series(0)
    plot.marks += [
      .band(
        lower: points(of: band.lower), upper: points(of: band.upper), ink),
      .line(points(of: curve), ink),
    ]
    plot.legend = [
      LegendEntry(name, ink, .line), LegendEntry("95 % band", ink, .area),
    ]
    if curves.count > 1 {
      plot.legend.append(LegendEntry("others", .muted, .line))
    }
    return plot
  }

  private static func points(of curve: ROCCurve) -> [Point] {
    thinned(
      curve.points.map { Point($0.falsePositiveRate, $0.truePositiveRate) })
  }

  private static func points(of corners: [ROCCurve.Corner]) -> [Point] {
    thinned(corners.map { Point($0.falsePositiveRate, $0.truePositiveRate) })
  }

  private static func areaInWords(_ name: String, _ curve: ROCCurve) -> String {
    "\(name): area \(decimal(curve.area, places: 4))"
  }

  /// The points that are farther apart than the eye sees: the first and last
  /// in every 1/500 of the curve's length along both axes.
  private static func thinned(_ points: [Point]) -> [Point] {
    var kept: [Point] = []
    var cell: Double?
    for (index, point) in points.enumerated() {
      // Both coordinates only grow, so that a sum finds the cell.
      let own = ((point.x + point.y) * 500).rounded(.down)
      let next = index + 1 < points.count ? points[index + 1] : nil
      let isLast = next.map {
        (($0.x + $0.y) * 500).rounded(.down) != own
      }
      if own != cell || isLast ?? true { kept.append(point) }
      cell = own
    }
    return kept
  }
}
