import Execution
import Files
import Foundation
import LinearAlgebra
import LocalFeatures

/// The distance of every cell of a picture to the nearest cell of the training
/// pictures: of those around the same place, or of a sample of all.
///
/// Cells are compared along the principal directions of the training cells,
/// each divided by a power of its variance.
struct CellNeighbors: Codable, Sendable {
  let view: LocalView
  /// How many cells away from its place a neighbour may be; nil for anywhere.
  let reach: Int?
  private let directions: CellDirections
  /// The cells that are compared with when they may be anywhere, ascending:
  /// the picture times the cells of a picture, and the cell.
  @Tensor private var bank: [Int32]

  /// - Parameters:
  ///   - bankSize: The most cells that are compared with where they may be
  ///     anywhere.
  ///   - train: The training pictures, at least two.
  /// - Returns: Also the maps of the training pictures, each compared with the
  ///   others.
  static func fit(
    _ view: LocalView, reach: Int?, bankSize: Int, to train: LocalGrids,
    in context: RunContext
  ) throws -> (neighbors: CellNeighbors, leftOut: [Raster]) {
    var bank: [Int32] = []
    let cells = train.rows * train.columns
    if reach == nil {
      var generator = SeededGenerator(seed: context.seed, stream: 1)
      let all = train.count * cells
      bank = generator.sample(min(bankSize, all), below: all).sorted()
        .map(Int32.init)
    }
    let neighbors = CellNeighbors(
      view: view, reach: reach,
      directions: try CellDirections(of: train, power: 0.25), bank: bank)
    let maps = neighbors.comparison(with: train)
    return (
      neighbors,
      try Parallel.blocks(train.count, size: 32).flatMap { block in
        try context.cancellation.check()
        return maps(train.selecting(pictures: Array(block)), block.lowerBound)
      }
    )
  }

  /// How far two cells are from each other, per direction.
  func distance(_ first: [Float], _ second: [Float]) -> Float {
    let kept = directions.count
    let squares = (0..<kept).map { direction in
      let along = first.indices.reduce(0) {
        $0 + (first[$1] - second[$1]) * directions.values[$1 * kept + direction]
      }
      return along * along
    }
    return (squares.reduce(0, +) / Float(kept)).squareRoot()
  }

  func mapping(over train: LocalGrids) -> (LocalGrids) -> [Raster] {
    let maps = comparison(with: train)
    return { maps($0, nil) }
  }

  func fits(_ train: LocalGrids) -> Bool {
    directions.fits(train) && reach ?? 0 >= 0
      && (reach != nil || !bank.isEmpty)
      && bank.allSatisfy {
        0 <= $0 && Int($0) < train.count * train.rows * train.columns
      }
  }

  /// The way to maps, given the pictures and the place of the first among the
  /// training pictures, if they are some of them.
  private func comparison(
    with train: LocalGrids
  ) -> (LocalGrids, Int?) -> [Raster] {
    let kept = directions.count
    let cells = train.rows * train.columns
    let known = CellVectors(of: train, along: directions, as: .known)
    let bankVectors = known.selecting(bank)
    let bankPictures = bank.map { Int($0) / cells }
    return { pictures, first in
      let asked = CellVectors(of: pictures, along: directions, as: .asked)
      let distances =
        reach.map { reach in
          asked.nearest(
            of: known, within: reach, rows: train.rows, columns: train.columns,
            first: first)
        }
        ?? asked.nearest(
          of: bankVectors, pictures: bankPictures, cells: cells, first: first)
      return (0..<pictures.count).map { picture in
        Raster(
          height: train.rows, width: train.columns,
          values: (0..<cells).map {
            (max(0, distances[$0 * pictures.count + picture]) / Float(kept))
              .squareRoot()
          })
      }
    }
  }
}

/// The vectors of cells, made so that the product of an asked and a known one
/// is the square of their distance; cell by cell, of each cell the pictures.
private struct CellVectors {
  enum Role {
    case asked
    case known
  }

  let count: Int
  /// The numbers of a vector.
  let length: Int
  private let values: [Float]

  init(of grids: LocalGrids, along directions: CellDirections, as role: Role) {
    let depth = grids.depth
    let kept = directions.count
    let length = kept + 2
    let cells = grids.rows * grids.columns
    let count = grids.count
    values = Parallel.fill(
      cells * count * length, blockSize: count * length
    ) { range, target in
      let cell = range.lowerBound / (count * length)
      grids.values.values.withUnsafeBufferPointer { values in
        directions.values.withUnsafeBufferPointer { directions in
          guard let values = values.baseAddress,
            let directions = directions.baseAddress,
            let target = target.baseAddress
          else { return }
          BLAS.multiply(
            m: count, n: kept, k: depth, values + cell * depth,
            stride: grids.values.columns, .plain, directions, stride: kept,
            into: target, stride: length)
          for picture in 0..<count {
            let vector = target + picture * length
            var square: Float = 0
            for index in 0..<kept { square += vector[index] * vector[index] }
            switch role {
            case .asked:
              for index in 0..<kept { vector[index] *= -2 }
              vector[kept] = 1
              vector[kept + 1] = square
            case .known:
              vector[kept] = square
              vector[kept + 1] = 1
            }
          }
        }
      }
    }
    self.count = count
    self.length = length
  }

  private init(count: Int, length: Int, values: [Float]) {
    self.count = count
    self.length = length
    self.values = values
  }

  /// Some vectors by themselves, by picture and cell.
  func selecting(_ bank: [Int32]) -> CellVectors {
    let cells = values.count / (count * length)
    return CellVectors(
      count: bank.count, length: length,
      values: bank.flatMap {
        let (picture, cell) = Int($0).quotientAndRemainder(dividingBy: cells)
        let start = (cell * count + picture) * length
        return values[start..<start + length]
      })
  }

  /// The squares of the distances to the nearest of the known vectors around
  /// each cell, of other pictures than the asked one.
  func nearest(
    of known: CellVectors, within reach: Int, rows: Int, columns: Int,
    first: Int?
  ) -> [Float] {
    Parallel.fill(rows * columns * count, blockSize: count) { range, nearest in
      let cell = range.lowerBound / count
      nearest.initialize(repeating: .infinity)
      let (row, column) = cell.quotientAndRemainder(dividingBy: columns)
      for y in max(0, row - reach)...min(rows - 1, row + reach) {
        for x in max(0, column - reach)...min(columns - 1, column + reach) {
          lower(
            nearest, cell: cell, to: known,
            from: (y * columns + x) * known.count
          ) { first.map { first in { $0 + first..<$0 + first + 1 } } ?? nil }
        }
      }
    }
  }

  /// The same for known vectors of any place, with the picture of each.
  func nearest(
    of known: CellVectors, pictures: [Int], cells: Int, first: Int?
  ) -> [Float] {
    Parallel.fill(cells * count, blockSize: count) { range, nearest in
      nearest.initialize(repeating: .infinity)
      lower(nearest, cell: range.lowerBound / count, to: known, from: 0) {
        first.map { first in
          { picture in
            let start = pictures.partition(below: first + picture)
            return start..<pictures.partition(below: first + picture + 1)
          }
        }
      }
    }
  }

  /// Lowers distances to those to `known.count` vectors that are nearer.
  ///
  /// - Parameter own: For each picture, the vectors that are its own.
  private func lower(
    _ nearest: UnsafeMutableBufferPointer<Float>, cell: Int,
    to known: CellVectors, from start: Int,
    own: () -> ((Int) -> Range<Int>)?
  ) {
    let own = own()
    values.withUnsafeBufferPointer { asked in
      known.values.withUnsafeBufferPointer { values in
        withUnsafeTemporaryAllocation(
          of: Float.self, capacity: count * known.count
        ) { scratch in
          guard
            let asked = asked.baseAddress, let values = values.baseAddress,
            let squares = scratch.baseAddress
          else { return }
          BLAS.multiply(
            m: count, n: known.count, k: length,
            asked + cell * count * length, stride: length, .plain,
            values + start * length, stride: length, .transposed,
            into: squares, stride: known.count)
          for picture in 0..<count {
            let row = squares + picture * known.count
            if let own { for index in own(picture) { row[index] = .infinity } }
            nearest[picture] = min(
              nearest[picture], lowest(row, count: known.count))
          }
        }
      }
    }
  }
}

private func lowest(_ values: UnsafePointer<Float>, count: Int) -> Float {
  var lanes = SIMD16<Float>(repeating: .infinity)
  let whole = count / 16 * 16
  for start in stride(from: 0, to: whole, by: 16) {
    let next = UnsafeRawPointer(values + start)
      .loadUnaligned(as: SIMD16<Float>.self)
    lanes.replace(with: next, where: next .< lanes)
  }
  var lowest = lanes.min()
  for index in whole..<count { lowest = min(lowest, values[index]) }
  return lowest
}

extension [Int] {
  /// How many elements of an ascending array are below a number.
  fileprivate func partition(below bound: Int) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if self[middle] < bound { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
