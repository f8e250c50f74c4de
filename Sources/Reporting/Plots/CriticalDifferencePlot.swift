import Plots

extension VectorPlot {
  /// The mean ranks of methods over many datasets, best first; methods whose
  /// ranks differ by less than the critical difference are joined by a bar.
  ///
  /// After Demšar, "Statistical comparisons of classifiers over multiple data
  /// sets", JMLR 7 (2006), figure 1.
  ///
  /// - Parameters:
  ///   - ranks: At least two methods.
  ///   - criticalDifference: Of the Nemenyi test.
  public static func criticalDifference(
    _ ranks: [(name: String, rank: Double)], criticalDifference: Double
  ) -> VectorPlot {
    let ordered = ranks.sorted { $0.rank < $1.rank }
    let joined = joinedGroups(ordered.map(\.rank), within: criticalDifference)
    let bars = joined.enumerated().map { index, group in
      Mark.line(
        [
          Point(ordered[group.lowerBound].rank - 0.03, -Double(index) * 0.5),
          Point(ordered[group.upperBound].rank + 0.03, -Double(index) * 0.5),
        ], .text, isThick: true)
    }
    // Leaders hang below the bars, the better half to the left, and none
    // crosses another.
    let base = Double(joined.count) * 0.5 + 0.3
    let lower = 1.0
    let upper = Double(max(ordered.count, 2))
    let half = (ordered.count + 1) / 2
    let leaders = ordered.enumerated().flatMap { index, method -> [Mark] in
      let isLeft = index < half
      let depth = base + Double(isLeft ? index : ordered.count - 1 - index)
      let end = isLeft ? lower - 0.05 : upper + 0.05
      return [
        .line(
          [
            Point(method.rank, 0.6), Point(method.rank, -depth),
            Point(end, -depth),
          ], .muted),
        .label(
          "\(method.name) (\(decimal(method.rank, places: 2)))",
          Point(isLeft ? end - 0.03 : end + 0.03, -depth),
          isLeft ? .end : .start),
      ]
    }
    let bottom = base + Double(half)
    return VectorPlot(
      title: "Mean ranks and critical difference "
        + decimal(criticalDifference, places: 2),
      summary: ordered.map {
        "\($0.name): mean rank \(decimal($0.rank, places: 2))"
      }.joined(separator: "; ")
        + joined.map { group in
          "; not different: "
            + ordered[group].map(\.name).joined(separator: ", ")
        }.joined(),
      width: 340, height: (bottom + 0.6) * 18,
      x: PlotAxis(
        "mean rank (CD = \(decimal(criticalDifference, places: 2)))",
        .linear(lower...upper), placement: .far, hasGrid: false),
      y: PlotAxis("", .linear(-bottom...0.6), placement: .hidden),
      marks: leaders + bars)
  }

  /// The longest runs of ranks whose ends differ by less than the critical
  /// difference, those within another left out.
  private static func joinedGroups(
    _ ranks: [Double], within difference: Double
  ) -> [ClosedRange<Int>] {
    var groups: [ClosedRange<Int>] = []
    for first in ranks.indices {
      let last = ranks.lastIndex { $0 - ranks[first] < difference } ?? first
      if last > first, last > groups.last?.upperBound ?? -1 {
        groups.append(first...last)
      }
    }
    return groups
  }
}
