import Foundation

/// The colour of a value in a heat table or a heat map.
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

  /// From dark blue for 0 to yellow for 1, cut off beyond; NaN is as 0.
  ///
  /// Equal steps look equal, to eyes that take red for green too: the colours
  /// lie on a straight line in Ottosson's Oklab (2020), between blue and yellow
  /// and ever lighter.
  package init(sequential value: Double) {
    let share = value.isNaN ? 0 : min(1, max(0, value))
    let lightness = 0.28 + 0.65 * share
    let (a, b) = (-0.02 * share, -0.11 + 0.28 * share)
    func cube(_ aWeight: Double, _ bWeight: Double) -> Double {
      let root = lightness + aWeight * a + bWeight * b
      return root * root * root
    }
    let l = cube(0.3963377774, 0.2158037573)
    let m = cube(-0.1055613458, -0.0638541728)
    let s = cube(-0.0894841775, -1.2914855480)
    func level(_ linear: Double) -> Int {
      let inside = min(1, max(0, linear))
      let gamma =
        inside <= 0.0031308
        ? 12.92 * inside : 1.055 * pow(inside, 1 / 2.4) - 0.055
      return Int((gamma * 255).rounded())
    }
    red = level(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s)
    green = level(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s)
    blue = level(-0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s)
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
