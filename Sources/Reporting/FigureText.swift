import Experiments
import Plots

/// Such as "0.9124 ± 0.0010"; "failed" for none.
func inWords(_ spread: AUROCSpread?) -> String {
  let deviation = spread?.deviation.map { " ± " + decimal($0, places: 4) }
  return decimal(spread?.mean, places: 4) + (deviation ?? "")
}

/// A number with that many decimal places; "failed" for none.
func decimal(_ value: Double?, places: Int) -> String {
  value.map { decimal($0, places: places) } ?? "failed"
}
