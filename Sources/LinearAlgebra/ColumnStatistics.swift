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

  /// Adds up what `add` puts into the sums for every row: each block of rows
  /// by itself, then the blocks in order, whatever the number of threads.
  private func blockSums(
    _ add: (
      UnsafeBufferPointer<Float>, inout UnsafeMutableBufferPointer<Double>
    ) -> Void
  ) -> [Double] {
    let blocks = Parallel.blocks(rows, size: Self.blockRows)
    let partial: [Double] = values.withUnsafeBufferPointer { values in
      Parallel.fill(blocks.count * columns, blockSize: max(columns, 1)) {
        range, sums in
        var sums = sums
        sums.initialize(repeating: 0)
        for row in blocks[range.lowerBound / columns] {
          add(
            UnsafeBufferPointer(
              rebasing: values[row * columns..<(row + 1) * columns]), &sums)
        }
      }
    }
    var total = [Double](repeating: 0, count: columns)
    for (index, value) in partial.enumerated() {
      total[index % columns] += value
    }
    return total
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
