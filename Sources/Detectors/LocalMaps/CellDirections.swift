import Execution
import Files
import Foundation
import LinearAlgebra

/// The leading principal directions of all training cells, each divided by a
/// power of its variance: few numbers that tell cells apart.
struct CellDirections: Codable, Sendable {
  /// From the numbers of a cell to those along the directions, depth x count.
  @Tensor private(set) var values: [Float]
  let depth: Int

  /// How many there are at most.
  static let most = 18
  /// Added to the variance of a direction, in that of a standardised channel.
  private static let leastVariance = 0.02

  var count: Int { values.count / depth }

  /// - Parameters:
  ///   - train: The training pictures.
  ///   - power: Of the variance, that a direction is divided by; .5 whitens.
  init(of train: LocalGrids, power: Double) throws {
    let depth = train.depth
    let cells = train.values.values.count / depth
    let covariance = Parallel.orderedSum(
      cells, blockSize: 4096, length: depth * depth
    ) { (range, sums: UnsafeMutableBufferPointer<Double>) in
      train.values.values.withUnsafeBufferPointer { values in
        withUnsafeTemporaryAllocation(
          of: Double.self, capacity: range.count * depth
        ) { block in
          for index in 0..<range.count * depth {
            block[index] = Double(values[range.lowerBound * depth + index])
          }
          guard let sums = sums.baseAddress, let block = block.baseAddress
          else { return }
          BLAS.multiplyByOwnTranspose(
            m: depth, k: range.count, block, stride: depth, .transposed,
            into: sums, stride: depth)
        }
      }
    }.map { $0 / Double(cells) }
    let eigen = try SymmetricEigenDecomposition(covariance, size: depth)
    let kept = min(Self.most, depth)
    let vectors = try eigen.leadingVectors(kept)
    var directions = [Float](repeating: 0, count: depth * kept)
    for direction in 0..<kept {
      let length = pow(
        max(0, eigen.values[direction]) + Self.leastVariance, power)
      for channel in 0..<depth {
        directions[channel * kept + direction] = Float(
          vectors[direction * depth + channel] / length)
      }
    }
    values = directions
    self.depth = depth
  }

  func fits(_ grids: LocalGrids) -> Bool {
    depth == grids.depth && values.count == depth * min(Self.most, depth)
      && values.allSatisfy(\.isFinite)
  }

  /// The cells of pictures, one a row, those of a picture together.
  func vectors(of grids: LocalGrids) -> Matrix {
    let cells = grids.values.values.count / depth
    let kept = count
    return Matrix(
      rows: cells, columns: kept,
      values: Parallel.fill(cells * kept, blockSize: 4096 * kept) {
        range, target in
        let first = range.lowerBound / kept
        grids.values.values.withUnsafeBufferPointer { cells in
          values.withUnsafeBufferPointer { directions in
            guard let cells = cells.baseAddress,
              let directions = directions.baseAddress,
              let target = target.baseAddress
            else { return }
            BLAS.multiply(
              m: range.count / kept, n: kept, k: depth, cells + first * depth,
              stride: depth, .plain, directions, stride: kept, into: target,
              stride: kept)
          }
        }
      })
  }
}
