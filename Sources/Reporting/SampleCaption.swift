import Datasets
import Foundation

extension Sample {
  /// What stands below its picture on a sheet: id, score, and what it is where
  /// that is known.
  func captioned(_ score: Float) -> String {
    "\(id): " + String(format: "%.4g", Double(score))
      + (label.map { $0 == 1 ? " anomaly" : " ordinary" } ?? "")
  }
}
