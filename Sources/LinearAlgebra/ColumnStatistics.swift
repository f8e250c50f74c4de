import Execution

extension SampleSource {
  /// The mean of every column, summed in Double.
  ///
  /// - Throws: What reading throws, `CancellationError`.
  package func columnMeans(in context: RunContext) throws -> [Double] {
    try sums(in: context) {
      $0.columnSums()
    } doubles: {
      $1
    }.map { $0 / Double(rows) }
  }

  /// The population variance of every column about the given means.
  ///
  /// - Throws: What reading throws, `CancellationError`.
  package func columnVariances(
    means: [Double], in context: RunContext
  ) throws -> [Double] {
    try sums(in: context) {
      $0.columnSquares(about: means)
    } doubles: { column, value in
      (value - means[column]) * (value - means[column])
    }.map { $0 / Double(rows) }
  }

  /// The least and the greatest value of every column.
  ///
  /// - Precondition: there is a row, and no value is NaN.
  /// - Throws: What reading throws, `CancellationError`.
  package func columnRanges(
    in context: RunContext
  ) throws -> [ClosedRange<Double>] {
    if let matrix = self as? Matrix { return matrix.ranges() }
    var lower = [Double](repeating: .infinity, count: columns)
    var upper = [Double](repeating: -.infinity, count: columns)
    func widen(by value: Double, column: Int) {
      lower[column] = min(lower[column], value)
      upper[column] = max(upper[column], value)
    }
    try forEachBlock(of: Matrix.blockRows, in: context) { _, block in
      for (column, range) in block.ranges().enumerated() {
        widen(by: range.lowerBound, column: column)
        widen(by: range.upperBound, column: column)
      }
    } doubles: { _, values in
      for (index, value) in values.enumerated() {
        widen(by: value, column: index % columns)
      }
    }
    return zip(lower, upper).map { $0...$1 }
  }

  /// The sums of the blocks of rows, added in order: the same for samples that
  /// are read block by block as for a matrix.
  private func sums(
    in context: RunContext, _ sums: (Matrix) -> [Double],
    doubles: (Int, Double) -> Double
  ) throws -> [Double] {
    if let matrix = self as? Matrix { return sums(matrix) }
    var total = [Double](repeating: 0, count: columns)
    func add(_ sums: [Double]) {
      for (column, sum) in sums.enumerated() { total[column] += sum }
    }
    try forEachBlock(of: Matrix.blockRows, in: context) { _, block in
      add(sums(block))
    } doubles: { _, values in
      var sums = [Double](repeating: 0, count: columns)
      for (index, value) in values.enumerated() {
        let column = index % columns
        sums[column] += doubles(column, value)
      }
      add(sums)
    }
    return total
  }

  /// Hands over all rows, some at a time, in the precision that they have.
  private func forEachBlock(
    of size: Int, in context: RunContext,
    _ body: (Range<Int>, Matrix) throws -> Void,
    doubles: (Range<Int>, [Double]) throws -> Void
  ) throws {
    guard let precise = self as? any PreciseSource else {
      return try forEachBlock(of: size, in: context, body)
    }
    for block in Parallel.blocks(rows, size: size) {
      try context.cancellation.check()
      try doubles(block, precise.doubles(ofRows: Array(block)))
    }
  }

  /// The first number that is wanted; nil when there is none.
  ///
  /// - Throws: What reading throws, `CancellationError`.
  package func firstNumber(
    in context: RunContext, where isWanted: (Double) -> Bool
  ) throws -> (row: Int, column: Int)? {
    var first: Int?
    func look(_ start: Int, _ index: Int?) {
      first = first ?? index.map { start * columns + $0 }
    }
    try forEachBlock(of: Matrix.blockRows, in: context) { rows, block in
      look(
        rows.lowerBound,
        block.values.firstIndex { isWanted(Double($0)) })
    } doubles: { rows, values in
      look(rows.lowerBound, values.firstIndex(where: isWanted))
    }
    return first.map { ($0 / columns, $0 % columns) }
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

  fileprivate func ranges() -> [ClosedRange<Double>] {
    let blocks = Parallel.blocks(rows, size: Self.blockRows)
    let ends: [Float] = Parallel.fill(
      2 * columns * blocks.count, blockSize: max(1, 2 * columns)
    ) { range, ends in
      guard let lower = ends.baseAddress else { return }
      let upper = lower + columns
      let block = blocks[range.lowerBound / range.count]
      values.withUnsafeBufferPointer { values in
        guard
          var row = values.baseAddress.map({
            $0 + block.lowerBound * columns
          })
        else { return }
        lower.initialize(from: row, count: columns)
        upper.initialize(from: row, count: columns)
        for _ in block {
          for column in 0..<columns {
            let value = row[column]
            lower[column] = value < lower[column] ? value : lower[column]
            upper[column] = value > upper[column] ? value : upper[column]
          }
          row += columns
        }
      }
    }
    return (0..<columns).map { column in
      let places = stride(from: column, to: ends.count, by: 2 * columns)
      return Double(
        places.reduce(.infinity) { min($0, ends[$1]) })...Double(
          places.reduce(-.infinity) { max($0, ends[$1 + columns]) })
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
