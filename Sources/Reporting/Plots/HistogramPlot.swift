import Plots

extension VectorPlot {
  /// The scores of ordinary samples and of anomalies.
  ///
  /// - Parameters:
  ///   - name: The detector.
  ///   - normal: The scores of ordinary samples.
  ///   - anomalies: The scores of anomalies.
  ///   - threshold: A score to mark, and what it is.
  ///   - names: What the two kinds of samples are called.
  /// - Precondition: All scores are finite or infinite, not NaN.
  public static func scoreHistogram(
    of name: String, normal: [Float], anomalies: [Float],
    threshold: (value: Double, name: String)? = nil,
    names: (normal: String, anomalies: String) = ("ordinary", "anomalies")
  ) -> VectorPlot {
    let scores = (normal + anomalies).filter(\.isFinite).map(Double.init)
    let axis = PlotAxis.linear(
      "score (higher is stranger)", showing: scores)
    let ends = axis.bounds
    let count = min(40, max(10, Int(2 * Double(scores.count).squareRoot())))
    let width = (ends.upperBound - ends.lowerBound) / Double(count)
    func bars(_ scores: [Float]) -> [Rectangle] {
      var counts = [Int](repeating: 0, count: count)
      for score in scores where score.isFinite {
        let bin = Int((Double(score) - ends.lowerBound) / width)
        counts[min(max(bin, 0), count - 1)] += 1
      }
      return counts.enumerated().map { bin, samples in
        let lower = ends.lowerBound + Double(bin) * width
        return Rectangle(
          x: lower...lower + width,
          y: 0...Double(samples) / Double(max(scores.count, 1)) * 100)
      }
    }
    let ordinary = bars(normal)
    let strange = bars(anomalies)
    let highest = (ordinary + strange).map(\.y.upperBound)
    return VectorPlot(
      title: "Scores by \(name)",
      summary: "\(normal.count) \(names.normal) samples score "
        + "\(spanInWords(normal)), \(anomalies.count) \(names.anomalies) score "
        + spanInWords(anomalies)
        + (threshold.map { "; \($0.name): \(short($0.value))" } ?? ""),
      width: 280, height: 240,
      x: axis,
      y: .linear("% of the class", showing: highest + [0]),
      marks: [
        .bars(ordinary, .series(0)), .bars(strange, .series(1)),
      ]
        + (threshold.map {
          ends.contains($0.value) ? [.rule(x: $0.value, $0.name)] : []
        } ?? []),
      legend: [
        LegendEntry(names.normal, .series(0), .area),
        LegendEntry(names.anomalies, .series(1), .area),
      ])
  }

  private static func spanInWords(_ scores: [Float]) -> String {
    guard let least = scores.min(), let most = scores.max() else {
      return "nothing"
    }
    return "\(short(Double(least))) to \(short(Double(most)))"
  }
}
