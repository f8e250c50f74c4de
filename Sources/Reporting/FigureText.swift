import Evaluation
import Experiments
import Plots

extension Figure {
  /// Those that some run has or may have.
  static func had(by results: [DetectorResult]) -> [Figure] {
    all.filter { figure in
      !figure.isOfPixels || results.contains { $0.figures[figure] != nil }
    }
  }

  /// Those of them that are put together over runs: what tables show.
  static func shown(of results: [DetectorResult]) -> [Figure] {
    had(by: results).filter { $0.combination != .none }
  }

  /// With all digits; empty for none.
  func exactText(_ value: Double?) -> String {
    value.map { format == .count ? "\(Int($0))" : "\($0)" } ?? ""
  }

  /// As a table shows it.
  ///
  /// - Parameters:
  ///   - isCombined: Whether the value is of several runs.
  ///   - absent: What stands for none.
  func text(
    _ value: Double?, isCombined: Bool = false, absent: String = "failed"
  ) -> String {
    if value == nil, isOfPixels { return "-" }
    let places =
      switch format {
      case .fraction: 4
      case .count: 0
      case .seconds: isCombined ? 2 : 3
      }
    return decimal(value, places: places, absent: absent)
  }
}

/// Such as "0.9124 ± 0.0010"; "failed", or what else stands for none.
func inWords(_ spread: AUROCSpread?, absent: String = "failed") -> String {
  let deviation = spread?.deviation.map { " ± " + decimal($0, places: 4) }
  return decimal(spread?.mean, places: 4, absent: absent) + (deviation ?? "")
}

/// A number with that many decimal places; "failed", or what else stands for
/// none.
func decimal(
  _ value: Double?, places: Int, absent: String = "failed"
) -> String {
  value.map { decimal($0, places: places) } ?? absent
}
