import Execution

extension Matrix {
  /// Rows for one block of work: enough to be worth a thread's attention.
  private static let blockRows = 1024

  /// The mean of every column, summed in Double.
  public func columnMeans() -> [Double] {
    blockSums { row, sums in
      for column in 0..<columns { sums[column] += Double(row[column]) }
    }.map { $0 / Double(rows) }
  }

  /// The population variance of every column about the given means.
  public func columnVariances(means: [Double]) -> [Double] {
    blockSums { row, sums in
      for column in 0..<columns {
        let deviation = Double(row[column]) - means[column]
        sums[column] += deviation * deviation
      }
    }.map { $0 / Double(rows) }
  }

  /// The least and the greatest value of every column.
  ///
  /// - Precondition: there is a row, and no value is NaN.
  public func columnRanges() -> [ClosedRange<Float>] {
    var lower = Array(row(0))
    var upper = lower
    values.withUnsafeBufferPointer { values in
      for row in 1..<max(rows, 1) {
        for column in 0..<columns {
          let value = values[row * columns + column]
          lower[column] = min(lower[column], value)
          upper[column] = max(upper[column], value)
        }
      }
    }
    return zip(lower, upper).map { $0...$1 }
  }

  /// Adds up what `add` puts into the sums for every row.
  private func blockSums(
    _ add: (UnsafeBufferPointer<Float>, inout [Double]) -> Void
  ) -> [Double] {
    values.withUnsafeBufferPointer { values in
      Parallel.orderedSum(rows, blockSize: Self.blockRows, length: columns) {
        block, sums in
        for row in block {
          add(
            UnsafeBufferPointer(
              rebasing: values[row * columns..<(row + 1) * columns]), &sums)
        }
      }
    }
  }

  /// Rewrites every row in place, rows in any order.
  package mutating func replaceRows(
    _ body: (UnsafeMutableBufferPointer<Float>) -> Void
  ) {
    let (columns, blocks) = (
      columns, Parallel.blocks(rows, size: Self.blockRows)
    )
    values.withUnsafeMutableBufferPointer { values in
      let values = values
      Parallel.forEach(blocks.count) { block in
        for row in blocks[block] {
          body(
            UnsafeMutableBufferPointer(
              rebasing: values[row * columns..<(row + 1) * columns]))
        }
      }
    }
  }
}
