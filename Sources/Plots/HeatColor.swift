import Foundation

/// The colour of a figure in a heat table, with text that is readable on it.
package struct HeatColor: Hashable, Sendable {
  /// From 0 to 255.
  package let red: Int
  package let green: Int
  package let blue: Int

  /// Blue for 1, orange for -1, and paler the nearer to 0; NaN is as 0.
  package init(signed value: Double) {
    let white = (247.0, 247.0, 247.0)
    let end = value >= 0 ? (0.0, 84.0, 150.0) : (178.0, 72.0, 10.0)
    let strength = value.isNaN ? 0 : min(1, abs(value))
    func mix(_ from: Double, _ to: Double) -> Int {
      Int((from + (to - from) * strength).rounded())
    }
    red = mix(white.0, end.0)
    green = mix(white.1, end.1)
    blue = mix(white.2, end.2)
  }

  /// Whether text on it should be white rather than black.
  package var isDark: Bool {
    // At this relative luminance both have the same contrast (WCAG 2).
    func linear(_ value: Int) -> Double {
      let share = Double(value) / 255
      return share <= 0.04045
        ? share / 12.92 : pow((share + 0.055) / 1.055, 2.4)
    }
    return 0.2126 * linear(red) + 0.7152 * linear(green)
      + 0.0722 * linear(blue) < 0.179
  }
}
