import Foundation

/// One axis of a plot: what it measures, its range, and where its ticks are.
package struct PlotAxis: Hashable, Sendable {
  package enum Scale: Hashable, Sendable {
    case linear(ClosedRange<Double>)
    /// - Precondition: the lower bound is positive.
    case logarithmic(ClosedRange<Double>)
    /// Names at 0, 1, 2...; on a vertical axis from the top down.
    case names([String])
  }

  package enum Placement: Hashable, Sendable {
    /// Below, or left.
    case near
    /// Above, or right.
    case far
    /// Not drawn.
    case hidden
  }

  package struct Tick: Hashable, Sendable {
    package var value: Double
    package var label: String
  }

  package var label: String
  package var scale: Scale
  package var placement: Placement
  /// Faint lines across the figure at the ticks.
  package var hasGrid: Bool

  package init(
    _ label: String, _ scale: Scale, placement: Placement = .near,
    hasGrid: Bool = true
  ) {
    self.label = label
    self.scale = scale
    self.placement = placement
    self.hasGrid = hasGrid
  }

  /// The scale that shows all the values and begins and ends at ticks.
  package static func linear(
    _ label: String, showing values: some Sequence<Double>
  ) -> PlotAxis {
    let range = finiteRange(of: values) ?? 0...1
    let step = niceStep(for: range)
    let lower = (range.lowerBound / step).rounded(.down) * step
    let upper = (range.upperBound / step).rounded(.up) * step
    return PlotAxis(label, .linear(lower...max(upper, lower + step)))
  }

  /// The same with equal distances for equal ratios; values that are not
  /// positive are not shown.
  package static func logarithmic(
    _ label: String, showing values: some Sequence<Double>
  ) -> PlotAxis {
    let range = finiteRange(of: values.filter { $0 > 1e-300 }) ?? 0.1...1
    // A little room keeps markers off the frame.
    return PlotAxis(
      label, .logarithmic(range.lowerBound / 1.5...range.upperBound * 1.5))
  }

  /// The ends of the axis.
  package var bounds: ClosedRange<Double> {
    switch scale {
    case .linear(let range), .logarithmic(let range): range
    case .names(let names): -0.5...Double(names.count) - 0.5
    }
  }

  var isLogarithmic: Bool {
    if case .logarithmic = scale { true } else { false }
  }

  /// Where a value lies between the ends, from 0 to 1.
  func fraction(_ value: Double) -> Double {
    let ends = bounds
    return isLogarithmic
      ? log(value / ends.lowerBound) / log(ends.upperBound / ends.lowerBound)
      : (value - ends.lowerBound) / (ends.upperBound - ends.lowerBound)
  }

  /// The values that are labelled.
  package var ticks: [Tick] {
    switch scale {
    case .linear(let range): linearTicks(range)
    case .logarithmic(let range): logarithmicTicks(range)
    case .names(let names):
      names.enumerated().map { Tick(value: Double($0), label: $1) }
    }
  }
}

/// From the smallest to the largest value, nil when there is none.
private func finiteRange(
  of values: some Sequence<Double>
) -> ClosedRange<Double>? {
  // Beyond these, the ends and the width of an axis have no number.
  let values = values.filter(\.isFinite).map { min(max($0, -1e300), 1e300) }
  guard let lower = values.min(), let upper = values.max() else { return nil }
  return lower...upper
}

/// The distance of about five ticks: 1, 2 or 5 times a power of ten.
///
/// After Heckbert, "Nice numbers for graph labels", Graphics Gems (1990).
private func niceStep(for range: ClosedRange<Double>) -> Double {
  let width = range.upperBound - range.lowerBound
  // A single value gets an axis as wide as its own size.
  let rough = (width > 1e-300 ? width : max(abs(range.upperBound), 1)) / 5
  let power = pow(10, log10(rough).rounded(.down))
  let step = [1.0, 2, 5].first { rough <= $0 * power * 1.0001 } ?? 10
  return step * power
}

private func linearTicks(_ range: ClosedRange<Double>) -> [PlotAxis.Tick] {
  let step = niceStep(for: range)
  let first = Int((range.lowerBound / step - 1e-9).rounded(.up))
  let last = Int((range.upperBound / step + 1e-9).rounded(.down))
  let largest = max(abs(range.lowerBound), abs(range.upperBound))
  let places = max(0, Int(-log10(step).rounded(.down)))
  return (first...max(first, last)).map {
    let value = Double($0) * step
    let label =
      largest >= 1e5 || places > 4
      ? scientific(value) : decimal(value, places: places)
    return PlotAxis.Tick(value: value, label: label)
  }
}

private func logarithmicTicks(
  _ range: ClosedRange<Double>
) -> [PlotAxis.Tick] {
  let powers =
    Int(
      log10(range.lowerBound).rounded(.down))...Int(
      log10(range.upperBound).rounded(.up))
  func ticks(_ factors: [Double]) -> [PlotAxis.Tick] {
    powers.flatMap { power in factors.map { $0 * pow(10, Double(power)) } }
      .filter(range.contains).map { value in
        let places = max(0, -Int(log10(value).rounded(.down)))
        return PlotAxis.Tick(
          value: value,
          label: value >= 1e5 || value < 1e-3
            ? scientific(value) : decimal(value, places: places))
      }
  }
  return [[1], [1, 3], [1, 2, 5]].lazy.map(ticks).first { $0.count > 2 }
    ?? ticks([1, 2, 3, 4, 5, 6, 7, 8, 9])
}

/// Such as 2e5 or 1.5e-7.
private func scientific(_ value: Double) -> String {
  guard value != 0 else { return "0" }
  let power = Int(log10(abs(value) * 1.0000001).rounded(.down))
  let factor = value / pow(10, Double(power))
  return String(format: "%.3g", factor) + "e\(power)"
}
