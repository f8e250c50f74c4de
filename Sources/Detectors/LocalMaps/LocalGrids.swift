import Execution
import LinearAlgebra
import LocalFeatures

/// The fineness of a grid of local features, by its cells a side on a picture
/// of 256 pixels.
public enum LocalGrid: String, CaseIterable, Codable, Hashable, Sendable {
  /// Cells of 4x4 pixels.
  case fine = "64"
  /// Cells of 8x8 pixels.
  case medium = "32"
  /// Cells of 16x16 pixels.
  case coarse = "16"

  /// The cells of the finest grid along a side of one of this.
  var fineCells: Int {
    switch self {
    case .fine: 1
    case .medium: 2
    case .coarse: 4
    }
  }
}

/// The local features of some pictures, on one scale.
struct LocalGrids: Sendable {
  let grid: LocalGrid
  /// Cells from top to bottom and from left to right.
  let rows: Int
  let columns: Int
  /// Numbers a cell.
  let depth: Int
  /// One picture a row: cells row by row, channels side by side.
  var values: Matrix

  var count: Int { values.rows }

  /// The same features, averaged over the cells of a coarser grid.
  func averaged(on grid: LocalGrid) -> LocalGrids {
    let factor = grid.fineCells / self.grid.fineCells
    guard factor > 1 else { return self }
    let pictures = Parallel.map(count) { picture in
      Raster(
        height: rows, width: columns, channels: depth,
        values: Array(values.row(picture))
      ).means(of: factor).values
    }
    return LocalGrids(
      grid: grid, rows: rows / factor, columns: columns / factor, depth: depth,
      values: Matrix(
        rows: count, columns: values.columns / (factor * factor),
        values: pictures.flatMap { $0 }))
  }

  /// Some channels, each times a factor.
  func selecting(_ channels: Range<Int>, times factors: [Float]) -> LocalGrids {
    var selected: [Float] = []
    selected.reserveCapacity(values.values.count / depth * channels.count)
    values.values.withUnsafeBufferPointer { values in
      for start in stride(from: 0, to: values.count, by: depth) {
        for (channel, factor) in zip(channels, factors) {
          selected.append(values[start + channel] * factor)
        }
      }
    }
    return LocalGrids(
      grid: grid, rows: rows, columns: columns, depth: channels.count,
      values: Matrix(
        rows: count, columns: rows * columns * channels.count,
        values: selected))
  }

  /// Some of the pictures.
  func selecting(pictures: [Int]) -> LocalGrids {
    var selected = self
    selected.values = values.selecting(rows: pictures)
    return selected
  }

  /// The mean of every number over the pictures.
  var mean: [Float] {
    var sums = [Double](repeating: 0, count: values.columns)
    sums.withUnsafeMutableBufferPointer { sums in
      values.values.withUnsafeBufferPointer { values in
        for start in stride(from: 0, to: values.count, by: sums.count) {
          for index in sums.indices {
            sums[index] += Double(values[start + index])
          }
        }
      }
    }
    return sums.map { Float($0 / Double(count)) }
  }

  /// Less the same numbers for every picture.
  func subtracting(_ offsets: [Float]) -> LocalGrids {
    var shifted = self
    shifted.values.values.withUnsafeMutableBufferPointer { values in
      offsets.withUnsafeBufferPointer { offsets in
        for start in stride(from: 0, to: values.count, by: offsets.count) {
          for index in offsets.indices {
            values[start + index] -= offsets[index]
          }
        }
      }
    }
    return shifted
  }
}
