import Execution

extension SampleSource {
  /// The mean of every column, summed in Double.
  ///
  /// - Throws: What reading throws, `CancellationError`.
  package func columnMeans(in context: RunContext) throws -> [Double] {
    try sums(in: context) { $0.columnSums() }.map { $0 / Double(rows) }
  }

  /// The population variance of every column about the given means.
  ///
  /// - Throws: What reading throws, `CancellationError`.
  package func columnVariances(
    means: [Double], in context: RunContext
  ) throws -> [Double] {
    try sums(in: context) { $0.columnSquares(about: means) }
      .map { $0 / Double(rows) }
  }

  /// The least and the greatest value of every column.
  ///
  /// - Precondition: there is a row, and no value is NaN.
  /// - Throws: What reading throws, `CancellationError`.
  package func columnRanges(
    in context: RunContext
  ) throws -> [ClosedRange<Float>] {
    var lower: [Float] = []
    var upper: [Float] = []
    try forEachBlock(of: Matrix.blockRows, in: context) { _, block in
      if lower.isEmpty { lower = Array(block.row(0)) }
      if upper.isEmpty { upper = lower }
      block.values.withUnsafeBufferPointer { values in
        for row in 0..<block.rows {
          for column in 0..<columns {
            let value = values[row * columns + column]
            lower[column] = min(lower[column], value)
            upper[column] = max(upper[column], value)
          }
        }
      }
    }
    return zip(lower, upper).map { $0...$1 }
  }

  /// The sums of the blocks of rows, added in order: the same for samples that
  /// are read block by block as for a matrix.
  private func sums(
    in context: RunContext, _ sums: (Matrix) -> [Double]
  ) throws -> [Double] {
    if let matrix = self as? Matrix { return sums(matrix) }
    var total = [Double](repeating: 0, count: columns)
    try forEachBlock(of: Matrix.blockRows, in: context) { _, block in
      for (column, sum) in sums(block).enumerated() { total[column] += sum }
    }
    return total
  }
}

extension Matrix {
  /// Rows for one block of work: enough to be worth a thread's attention.
  fileprivate static let blockRows = 1024

  /// The mean of every column, summed in Double.
  public func columnMeans() -> [Double] {
    columnSums().map { $0 / Double(rows) }
  }

  fileprivate func columnSums() -> [Double] {
    blockSums { row, sums in
      for column in 0..<columns { sums[column] += Double(row[column]) }
    }
  }

  fileprivate func columnSquares(about means: [Double]) -> [Double] {
    blockSums { row, sums in
      for column in 0..<columns {
        let deviation = Double(row[column]) - means[column]
        sums[column] += deviation * deviation
      }
    }
  }

  /// Adds up what `add` puts into the sums for every row.
  private func blockSums(
    _ add: (UnsafeBufferPointer<Float>, UnsafeMutableBufferPointer<Double>) ->
      Void
  ) -> [Double] {
    values.withUnsafeBufferPointer { values in
      Parallel.orderedSum(rows, blockSize: Self.blockRows, length: columns) {
        block, sums in
        for row in block {
          add(
            UnsafeBufferPointer(
              rebasing: values[row * columns..<(row + 1) * columns]), sums)
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
