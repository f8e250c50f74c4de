import LinearAlgebra

/// Samples less their mean, in double precision, made block by block: the
/// whole is never stored.
struct CenteredSamples {
  let samples: Matrix
  let mean: [Double]

  init(_ samples: Matrix, mean: [Double]) {
    self.samples = samples
    self.mean = mean
  }

  /// About the samples' own mean.
  init(_ samples: Matrix) {
    self.init(samples, mean: samples.columnMeans())
  }

  /// The number of elements that a block of rows or columns should have to
  /// stay in a core's second-level cache.
  static let blockElements = 1 << 16

  /// Writes some rows of some columns, row after row.
  func copy(
    rows: Range<Int>, columns: Range<Int>,
    to target: UnsafeMutablePointer<Double>
  ) {
    var target = target
    samples.values.withUnsafeBufferPointer { values in
      mean.withUnsafeBufferPointer { mean in
        for row in rows {
          let start = row * samples.columns
          for column in columns {
            target[column - columns.lowerBound] =
              Double(values[start + column]) - mean[column]
          }
          target += columns.count
        }
      }
    }
  }
}

extension Matrix {
  /// The mean of every column.
  fileprivate func columnMeans() -> [Double] {
    // Whole rows at a time in double precision; the partial sums are added in
    // their order, whatever thread made them.
    let blocks = Parallel.blocks(rows, size: 4096)
    var partial = [Double](repeating: 0, count: blocks.count * columns)
    partial.withUnsafeMutableBufferPointer { partial in
      Parallel.forEach(blocks.count) { block in
        let sums = UnsafeMutableBufferPointer(
          rebasing: partial[block * columns..<(block + 1) * columns])
        values.withUnsafeBufferPointer { values in
          for row in blocks[block] {
            for column in 0..<columns {
              sums[column] += Double(values[row * columns + column])
            }
          }
        }
      }
    }
    return (0..<columns).map { column in
      let sum = stride(from: column, to: partial.count, by: columns)
        .reduce(0) { $0 + partial[$1] }
      return sum / Double(rows)
    }
  }
}
