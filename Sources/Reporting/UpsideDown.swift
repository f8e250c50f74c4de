import Diagnostics
import Evaluation
import Experiments

/// Below this an AUROC is worse than chance by more than chance makes it.
private let upsideDown = 0.4

extension ComparisonReport {
  /// A line on detectors that put ordinary samples above anomalies; nil without
  /// such.
  public var upsideDownNote: FaultMessage? {
    let runs = summary.results.filter { ($0.auroc ?? 1) < upsideDown }
    guard !runs.isEmpty else { return nil }
    let names = runs.map {
      "\($0.detector) on \($0.category) (\(decimal($0.auroc, places: 2)))"
    }.uniqued()
    let isOfPictures = self.runs.contains { $0.test.imageShape != nil }
    return
      "AUC far below 0.5: \(names.prefix(3).joined(separator: ", "))"
      + (names.count > 3 ? " and \(names.count - 3) more" : "")
      + ": ordinary samples score higher there, by something that anomalies have"
      + " less of, such as brightness or texture; "
      + (isOfPictures
        ? "try \(option: "features", "hog") or a local detector"
        : "try another detector, or \(option: "scaler")")
  }
}

extension EvaluationReport {
  /// A line on scores that put ordinary samples above anomalies; nil for
  /// others.
  public var upsideDownNote: FaultMessage? {
    guard auroc < upsideDown else { return nil }
    return
      "AUC far below 0.5: ordinary samples score higher; if higher scores mean"
      + " more ordinary in this file, change their sign (\(decimal(1 - auroc, places: 4)) then)"
  }
}
