import Foundation

/// Weights of maps, none negative, that tell made-up defects from what is
/// around them: logistic regression, pulled towards given shares.
struct MapWeights {
  /// A cell: how unusual each map has it, whether it is of a defect, and how
  /// much it counts.
  struct Cell {
    let unusualness: [Float]
    let isDefect: Bool
    let weight: Double
  }

  let weights: [Float]

  /// - Parameters:
  ///   - cells: Weights add up to 1.
  ///   - shares: What weights are pulled to, up to a common factor.
  ///   - pull: Half of it times the squared distance is added to the mean
  ///     logarithmic loss.
  init(of cells: [Cell], pulledTo shares: [Double], by pull: Double) {
    let scale = Self.fit(
      cells.map { cell in
        Cell(
          unusualness: [
            Float(
              zip(cell.unusualness, shares).reduce(0) {
                $0 + Double($1.0) * $1.1
              })
          ], isDefect: cell.isDefect, weight: cell.weight)
      }, center: [0], pull: 1e-3)[0]
    weights = Self.fit(cells, center: shares.map { $0 * scale }, pull: pull)
      .map(Float.init)
  }

  /// Newton's iteration, each step a quadratic programme that coordinate
  /// descent solves.
  private static func fit(
    _ cells: [Cell], center: [Double], pull: Double
  ) -> [Double] {
    let count = center.count
    // The last is the intercept, which is free.
    var point = center + [0]
    func objective(_ point: [Double]) -> Double {
      var sum = 0.0
      for cell in cells {
        let margin = cell.margin(point)
        sum +=
          cell.weight * log1p(exp(-abs(margin)))
          + cell.weight * max(0, -margin)
      }
      for index in 0..<count {
        let away = point[index] - center[index]
        sum += pull / 2 * away * away
      }
      return sum
    }
    var value = objective(point)
    for _ in 0..<50 {
      var gradient = [Double](repeating: 0, count: count + 1)
      var curvature = [Double](
        repeating: 0, count: (count + 1) * (count + 1))
      for cell in cells {
        let chance = 1 / (1 + exp(cell.margin(point)))
        let slope = (cell.isDefect ? -1 : 1) * cell.weight * chance
        let bend = cell.weight * chance * (1 - chance)
        for row in 0...count {
          let value = cell.value(row)
          gradient[row] += slope * value
          for column in 0...count {
            curvature[row * (count + 1) + column] +=
              bend * value * cell.value(column)
          }
        }
      }
      for index in 0..<count {
        gradient[index] += pull * (point[index] - center[index])
        curvature[index * (count + 1) + index] += pull
      }
      curvature[count * (count + 1) + count] += 1e-9
      var step = [Double](repeating: 0, count: count + 1)
      for _ in 0..<100 {
        for row in 0...count {
          var slope = gradient[row]
          for column in 0...count {
            slope += curvature[row * (count + 1) + column] * step[column]
          }
          step[row] -= slope / curvature[row * (count + 1) + row]
          if row < count { step[row] = max(step[row], -point[row]) }
        }
      }
      var size = 1.0
      var next = zip(point, step).map { $0 + $1 }
      var better = objective(next)
      while better > value, size > 1e-6 {
        size /= 2
        next = zip(point, step).map { $0 + size * $1 }
        better = objective(next)
      }
      let gain = value - better
      guard gain > 0 else { break }
      (point, value) = (next, better)
      if gain < 1e-9 { break }
    }
    return point[..<count].map { max(0, $0) }
  }
}

extension MapWeights.Cell {
  /// A map's value, or 1 for the intercept.
  fileprivate func value(_ index: Int) -> Double {
    index < unusualness.count ? Double(unusualness[index]) : 1
  }

  /// How far on the right side of the border the cell is.
  fileprivate func margin(_ point: [Double]) -> Double {
    var sum = 0.0
    for index in point.indices { sum += point[index] * value(index) }
    return isDefect ? sum : -sum
  }
}
