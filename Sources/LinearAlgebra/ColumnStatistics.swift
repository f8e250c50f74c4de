import Execution

extension SampleSource {
  /// The mean of every column, summed in Double.
  ///
  /// - Throws: What reading throws, `CancellationError`.
  package func columnMeans(in context: RunContext) throws -> [Double] {
    try sums(in: context).map { $0 / Double(rows) }
  }

  /// The population variance of every column about the given means.
  ///
  /// - Throws: What reading throws, `CancellationError`.
  package func columnVariances(
    means: [Double], in context: RunContext
  ) throws -> [Double] {
    try sums(ofSquaresAbout: means, in: context).map { $0 / Double(rows) }
  }

  /// The least and the greatest value of every column.
  ///
  /// - Precondition: there is a row, and no value is NaN.
  /// - Throws: What reading throws, `CancellationError`.
  package func columnRanges(
    in context: RunContext
  ) throws -> [ClosedRange<Double>] {
    var lower = [Double](repeating: .infinity, count: columns)
    var upper = [Double](repeating: -.infinity, count: columns)
    func widen(by value: Double, column: Int) {
      lower[column] = min(lower[column], value)
      upper[column] = max(upper[column], value)
    }
    func widen(by ranges: [ClosedRange<Double>]) {
      for (column, range) in ranges.enumerated() {
        widen(by: range.lowerBound, column: column)
        widen(by: range.upperBound, column: column)
      }
    }
    if let matrix = self as? Matrix {
      widen(by: matrix.ranges())
    } else {
      try forEachBlock(
        of: Matrix.blockRows,
        from: context.team.rows(of: rows, blockSize: Matrix.blockRows),
        in: context
      ) { _, block in
        widen(by: block.ranges())
      } doubles: { _, values in
        for (index, value) in values.enumerated() {
          widen(by: value, column: index % columns)
        }
      }
      // In the order of the rows: of 0 and -0 the first one stays.
      let (lowest, highest) = (
        context.team.gathered(lower), context.team.gathered(upper)
      )
      for column in 0..<columns {
        let places = stride(from: column, to: lowest.count, by: columns)
        lower[column] = places.reduce(.infinity) { min($0, lowest[$1]) }
        upper[column] = places.reduce(-.infinity) { max($0, highest[$1]) }
      }
    }
    return zip(lower, upper).map { $0...$1 }
  }

  /// Σ x of every column, or Σ (x - mean)²: the same for samples that are read
  /// block by block as for a matrix.
  private func sums(
    ofSquaresAbout means: [Double]? = nil, in context: RunContext
  ) throws -> [Double] {
    // A matrix is there as a whole in every process.
    let team = self is Matrix ? .alone : context.team
    let blocks = Parallel.blocks(rows, size: Matrix.blockRows)
    let own = team.share(of: blocks.count)
    var sum = BlockSum<Double>(length: columns, share: own, in: team)
    func append<Number>(
      _ blocks: Range<Int>, of values: [Number],
      add: (
        UnsafeBufferPointer<Number>, [Double]?,
        UnsafeMutableBufferPointer<Double>
      ) -> Void
    ) {
      let size = Matrix.blockRows * columns
      values.withUnsafeBufferPointer { values in
        sum.append(blocks: Array(blocks)) { place, sums in
          let block = values[(place * size)...].prefix(size)
          add(UnsafeBufferPointer(rebasing: block), means, sums)
        }
      }
    }
    if let matrix = self as? Matrix {
      append(own, of: matrix.values, add: addRows(ofFloats:about:to:))
    } else {
      try forEachBlock(
        of: Matrix.blockRows,
        from: team.rows(of: rows, blockSize: Matrix.blockRows), in: context
      ) { rows, block in
        let place = rows.lowerBound / Matrix.blockRows
        append(
          place..<place + 1, of: block.values,
          add: addRows(ofFloats:about:to:))
      } doubles: { rows, values in
        let place = rows.lowerBound / Matrix.blockRows
        append(place..<place + 1, of: values, add: addRows(of:about:to:))
      }
    }
    return sum.total()
  }

  /// Hands over all rows, some at a time, in the precision that they have.
  private func forEachBlock(
    of size: Int, from rows: Range<Int>, in context: RunContext,
    _ body: (Range<Int>, Matrix) throws -> Void,
    doubles: (Range<Int>, [Double]) throws -> Void
  ) throws {
    guard let precise = self as? any PreciseSource else {
      return try forEachBlock(of: size, from: rows, in: context, body)
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
    try forEachBlock(of: Matrix.blockRows, from: 0..<rows, in: context) {
      rows, block in
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
    // A matrix can be read, and nobody stops this.
    (try? columnMeans(in: RunContext())) ?? []
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

private func addRows(
  ofFloats values: UnsafeBufferPointer<Float>, about means: [Double]?,
  to sums: UnsafeMutableBufferPointer<Double>
) {
  addRows(of: values, about: means, to: sums) { Double($0) }
}

private func addRows(
  of values: UnsafeBufferPointer<Double>, about means: [Double]?,
  to sums: UnsafeMutableBufferPointer<Double>
) {
  addRows(of: values, about: means, to: sums) { $0 }
}

/// Adds the numbers of some rows, or the squares of what they are off the means.
@inline(__always)
private func addRows<Number>(
  of values: UnsafeBufferPointer<Number>, about means: [Double]?,
  to sums: UnsafeMutableBufferPointer<Double>, double: (Number) -> Double
) {
  let columns = sums.count
  guard let sums = sums.baseAddress, var row = values.baseAddress else {
    return
  }
  let end = row + values.count
  guard let means else {
    while row < end {
      for column in 0..<columns { sums[column] += double(row[column]) }
      row += columns
    }
    return
  }
  means.withUnsafeBufferPointer { means in
    guard let means = means.baseAddress else { return }
    while row < end {
      for column in 0..<columns {
        let deviation = double(row[column]) - means[column]
        sums[column] += deviation * deviation
      }
      row += columns
    }
  }
}
