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
    let length = values.columns / (factor * factor)
    let averages = Parallel.fill(count * length, blockSize: length) {
      range, target in
      let picture = Raster(
        height: rows, width: columns, channels: depth,
        values: Array(values.row(range.lowerBound / length)))
      _ = target.initialize(from: picture.means(of: factor).values)
    }
    return LocalGrids(
      grid: grid, rows: rows / factor, columns: columns / factor, depth: depth,
      values: Matrix(rows: count, columns: length, values: averages))
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
    Parallel.fill(values.columns, blockSize: 1 << 12) { range, means in
      var sums = [Double](repeating: 0, count: range.count)
      values.values.withUnsafeBufferPointer { values in
        for start in stride(
          from: range.lowerBound, to: values.count, by: self.values.columns)
        {
          for index in sums.indices {
            sums[index] += Double(values[start + index])
          }
        }
      }
      _ = means.initialize(from: sums.lazy.map { Float($0 / Double(count)) })
    }
  }

  /// Less the same numbers for every picture.
  func subtracting(_ offsets: [Float]) -> LocalGrids {
    let length = values.columns
    var shifted = self
    shifted.values = Matrix(
      rows: count, columns: length,
      values: Parallel.fill(count * length, blockSize: length) {
        range, target in
        values.values.withUnsafeBufferPointer { values in
          offsets.withUnsafeBufferPointer { offsets in
            for index in offsets.indices {
              target.initializeElement(
                at: index,
                to: values[range.lowerBound + index] - offsets[index])
            }
          }
        }
      })
    return shifted
  }
}
