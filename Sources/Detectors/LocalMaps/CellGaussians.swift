import Execution
import Files
import LinearAlgebra
import LocalFeatures

/// How far a cell is from the mean of the training cells at its place, in the
/// deviations that they have around there (Mahalanobis).
///
/// With the covariance C of the cells at a place, averaged over the places
/// within reach, and G that of all cells, the distance is by
/// .7 C + .15 G + .15 tr(C) / d I. Anywhere is one Gaussian for all: mean and
/// covariance of all cells, .85 G + .15 tr(G) / d I.
struct CellGaussians: Codable, Sendable {
  let view: LocalView
  private let directions: CellDirections
  /// The Gaussians' means and the inverses of their covariances, place by
  /// place; or one for all.
  @Tensor private var means: [Float]
  @Tensor private var inverses: [Float]

  private static let shareOfAll = 0.15
  private static let shareOfSphere = 0.15
  /// Below the variance of any channel that varies.
  private static let leastVariance = 1e-6

  /// - Parameter reach: Cells to every side; nil is one Gaussian for all.
  init(
    _ view: LocalView, reach: Int?, from train: LocalGrids,
    in context: RunContext
  ) throws {
    self.view = view
    directions = try CellDirections(of: train, power: 0.5)
    let depth = directions.count
    let cells = directions.vectors(of: train)
    let whole = Self.moments(of: cells, stride: 1, first: 0)
    let places = reach == nil ? 1 : train.rows * train.columns
    let local =
      reach.map { reach in
        let own = Parallel.map(places) {
          Self.moments(of: cells, stride: places, first: $0)
        }
        let square = depth * depth
        let smooth = Self.averaged(
          own.flatMap(\.covariance), rows: train.rows, columns: train.columns,
          numbers: square, reach: reach)
        return own.indices.map {
          (
            mean: own[$0].mean,
            covariance: Array(smooth[$0 * square..<($0 + 1) * square])
          )
        }
      } ?? [whole]
    means = local.flatMap { $0.mean.map(Float.init) }
    inverses = try Parallel.map(places) { place in
      try context.cancellation.check()
      var matrix = local[place].covariance
      let trace = (0..<depth).reduce(0) { $0 + matrix[$1 * (depth + 1)] }
      for index in matrix.indices {
        matrix[index] =
          (1 - Self.shareOfAll - Self.shareOfSphere) * matrix[index]
          + Self.shareOfAll * whole.covariance[index]
      }
      for index in 0..<depth {
        matrix[index * (depth + 1)] += max(
          Self.shareOfSphere * trace / Double(depth), Self.leastVariance)
      }
      try SymmetricInverse.invert(&matrix, size: depth)
      return matrix.map(Float.init)
    }.flatMap { $0 }
  }

  /// Mean and covariance of every so many rows.
  private static func moments(
    of cells: Matrix, stride step: Int, first: Int
  ) -> (mean: [Double], covariance: [Double]) {
    let depth = cells.columns
    let count = Double((cells.rows - first + step - 1) / step)
    var mean = [Double](repeating: 0, count: depth)
    var products = [Double](repeating: 0, count: depth * depth)
    var row = [Double](repeating: 0, count: depth)
    for cell in Swift.stride(from: first, to: cells.rows, by: step) {
      for index in 0..<depth {
        row[index] = Double(cells.values[cell * depth + index])
        mean[index] += row[index]
      }
      for first in 0..<depth {
        for second in 0..<depth {
          products[first * depth + second] += row[first] * row[second]
        }
      }
    }
    for index in 0..<depth { mean[index] /= count }
    for first in 0..<depth {
      for second in 0..<depth {
        products[first * depth + second] =
          products[first * depth + second] / count - mean[first] * mean[second]
      }
    }
    return (mean, products)
  }

  /// The mean of every number over the places within reach, mirrored at the
  /// borders.
  private static func averaged(
    _ values: [Double], rows: Int, columns: Int, numbers: Int, reach: Int
  ) -> [Double] {
    func along(
      _ values: [Double], count: Int, stride: Int
    ) -> [Double] {
      let parts = Parallel.map(rows * columns) { place in
        let own = place / stride % count
        var sums = [Double](repeating: 0, count: numbers)
        for step in -reach...reach {
          let other =
            place + (Raster.mirrored(own + step, count) - own) * stride
          for index in 0..<numbers {
            sums[index] += values[other * numbers + index]
          }
        }
        return sums.map { $0 / Double(2 * reach + 1) }
      }
      return parts.flatMap { $0 }
    }
    guard reach > 0 else { return values }
    return along(
      along(values, count: columns, stride: 1), count: rows, stride: columns)
  }

  func fits(_ train: LocalGrids) -> Bool {
    let depth = directions.count
    let places = train.rows * train.columns
    return directions.fits(train)
      && (means.count == depth || means.count == places * depth)
      && inverses.count == means.count * depth
      && means.allSatisfy(\.isFinite) && inverses.allSatisfy(\.isFinite)
  }

  func maps(of grids: LocalGrids) -> [Raster] {
    let cells = directions.vectors(of: grids)
    let places = grids.rows * grids.columns
    return Parallel.map(grids.count) { picture in
      Raster(
        height: grids.rows, width: grids.columns,
        values: (0..<places).map {
          distance(of: cells.row(picture * places + $0), at: $0)
        })
    }
  }

  private func distance(of cell: ArraySlice<Float>, at place: Int) -> Float {
    let depth = directions.count
    let start = means.count == depth ? 0 : place * depth
    return cell.withUnsafeBufferPointer { cell in
      means.withUnsafeBufferPointer { means in
        inverses.withUnsafeBufferPointer { inverses in
          var sum: Float = 0
          for row in 0..<depth {
            var product: Float = 0
            let numbers = (start + row) * depth
            for column in 0..<depth {
              product +=
                inverses[numbers + column]
                * (cell[column] - means[start + column])
            }
            sum += product * (cell[row] - means[start + row])
          }
          return max(0, sum).squareRoot()
        }
      }
    }
  }
}
