import Foundation

/// A number with that many decimal places.
package func decimal(_ value: Double, places: Int) -> String {
  String(format: "%.\(places)f", value)
}

/// A number with three digits, for a sentence.
package func short(_ value: Double) -> String {
  String(format: "%.3g", value)
}
