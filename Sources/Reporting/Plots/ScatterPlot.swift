import Experiments
import Plots

extension VectorPlot {
  /// A group of points of one meaning.
  package struct Group: Hashable, Sendable {
    package var name: String
    package var points: [Point]

    package init(_ name: String, _ points: [Point]) {
      self.name = name
      self.points = points
    }
  }

  /// AUROC against seconds, one marker a run.
  package static func timeAgainstAUROC(
    _ groups: [Group], label: String = "fit and score, seconds"
  ) -> VectorPlot {
    let points = groups.flatMap(\.points)
    return VectorPlot(
      title: "Time against AUC",
      summary: groups.map { group in
        let seconds = group.points.map(\.x)
        let aurocs = group.points.map(\.y)
        return "\(group.name): \(short(seconds.min() ?? 0)) to"
          + " \(short(seconds.max() ?? 0)) seconds, area"
          + " \(decimal(aurocs.min(), places: 3)) to"
          + " \(decimal(aurocs.max(), places: 3))"
      }.joined(separator: "; "),
      width: 280, height: 240,
      x: .logarithmic(label, showing: points.map(\.x)),
      y: .linear("ROC AUC", showing: points.map(\.y)),
      marks: groups.enumerated().map {
        .points($1.points.filter { $0.x > 0 }, .series($0))
      },
      legend: groups.enumerated().map {
        LegendEntry($1.name, .series($0), .point)
      })
  }

  /// The same of results, in groups of one detector; nil when all failed.
  static func timeAgainstAUROC(_ results: [DetectorResult]) -> VectorPlot? {
    let groups = results.map(\.detector).uniqued().map { detector in
      Group(
        detector,
        results.filter { $0.detector == detector }.compactMap { result in
          guard let auroc = result.auroc, let fit = result.fitSeconds,
            let score = result.scoreSeconds
          else { return nil }
          return Point(fit + score, auroc)
        })
    }
    return groups.allSatisfy(\.points.isEmpty)
      ? nil : timeAgainstAUROC(groups)
  }
}
