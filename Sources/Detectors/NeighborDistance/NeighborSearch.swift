import Execution
import LinearAlgebra

/// One of the rows that are nearest to a sample.
package struct Neighbor: BitwiseCopyable {
  /// The squared Euclidean distance.
  var square: Double
  package var row: Int

  /// The Euclidean distance.
  package var distance: Double { square.squareRoot() }
}

/// Exact search for the nearest of some rows, by brute force.
///
/// With h = |b|²/2 of a row b, the sample q is nearer to b the smaller
/// h - qb is: products of blocks of samples with blocks of rows tell in single
/// precision which rows may be among the nearest. Those few get their distance
/// from the differences themselves, so that equal rows are at distance 0 and
/// close ones do not cancel. Of rows at the same distance the first is nearer.
package struct NeighborSearch {
  /// The neighbours that are found of every sample.
  let count: Int
  private let bank: Matrix
  /// Samples are seen from the mean of the rows, in a unit, a power of two, in
  /// which products neither overflow nor vanish.
  private let origin: [Float]
  private let scale: Float
  /// |b|² of the rows.
  private let squares: [Double]
  /// Lower bounds of what h is after the rounding of products.
  private let halfSquares: [Float]
  /// How far single precision may take h - qb from its value, as a part of
  /// |q|² + |b|².
  private let rounding: Double

  /// - Parameter count: From 1 through the number of rows.
  package init(in bank: Matrix, count: Int) {
    precondition(1...bank.rows ~= count)
    self.bank = bank
    self.count = count
    origin = bank.columnMeans().map { Float($0) }
    let origin = origin
    let largest =
      Parallel.fill(bank.rows, blockSize: Self.blockRows) {
        rows, result in
        for (place, row) in rows.enumerated() {
          result.initializeElement(
            at: place,
            to: zip(bank.row(row), origin).reduce(0) {
              max($0, abs($1.0 - $1.1))
            })
        }
      }.max() ?? Float(0)
    let scale =
      largest.isNormal
      ? Float(
        sign: .plus, exponent: min(max(-Int(largest.exponent), -100), 100),
        significand: 1) : 1
    // Rounding errors of a sum of d products grow with √d, with near
    // certainty no faster (Higham and Mary 2019); the rest is for the shift.
    let rounding = 0x1p-24 * (4 * Double(bank.columns).squareRoot() + 8)
    squares = Parallel.fill(bank.rows, blockSize: Self.blockRows) {
      rows, result in
      for (place, row) in rows.enumerated() {
        result.initializeElement(
          at: place,
          to: zip(bank.row(row), origin).reduce(0.0) {
            let value = Double(($1.0 - $1.1) * scale)
            return $0 + value * value
          })
      }
    }
    halfSquares = squares.map { Float($0 * (0.5 - rounding)).nextDown }
    self.scale = scale
    self.rounding = rounding
  }

  /// The nearest rows of every sample: `count` of them, the nearest first,
  /// sample after sample.
  ///
  /// - Parameter samples: Of as many columns as the rows have.
  /// - Throws: `CancellationError`.
  package func neighbors(
    of samples: Matrix, stage: String, in context: RunContext
  ) throws -> [Neighbor] {
    let size = blockSize(most: 128)
    return try context.fill(
      samples.rows * count, blockSize: size * count, stage: stage
    ) { range, found in
      let first = range.lowerBound / count
      try search(
        samples, rows: first..<first + range.count / count, into: found,
        in: context)
    }
  }

  /// The nearest of the other rows, for every row: as `neighbors(of:)`.
  ///
  /// Each product of two blocks of rows serves both. Blocks meet in turns, in
  /// each of which a block has one partner, and each has its partners in their
  /// order: threads share no list, and rows at the same distance stay in order.
  ///
  /// - Precondition: There are more rows than `count`.
  /// - Throws: `CancellationError`.
  package func neighborsOfRows(
    stage: String, in context: RunContext
  ) throws -> [Neighbor] {
    precondition(count < bank.rows)
    let blocks = Parallel.blocks(bank.rows, size: blockSize(most: 256))
    let turns = 2 * blocks.count - 1
    return try [Neighbor](unsafeUninitializedCapacity: bank.rows * count) {
      found, initialized in
      found.initialize(repeating: Self.none)
      let lists = found
      for turn in 0..<turns {
        let first = max(0, turn - blocks.count + 1)
        _ = try Parallel.map(turn / 2 - first + 1) { index in
          try context.cancellation.check()
          compare(
            blocks[first + index], blocks[turn - first - index], lists)
        }
        context.progress.report(
          ProgressReport(stage: stage, completed: turn + 1, total: turns))
      }
      initialized = found.count
    }
  }

  // MARK: Mechanism

  private var columns: Int { bank.columns }

  private typealias Lanes = SIMD16<Float>
  private var lanes: Int { Lanes.scalarCount }

  /// Rows whose lengths are found together.
  private static let blockRows = 1024

  /// Rows of a block that takes a few megabytes.
  private func blockSize(most: Int) -> Int {
    min(most, max(16, (1 << 20) / max(columns, 1) / 16 * 16))
  }

  private static let none = Neighbor(square: .infinity, row: 0)

  private func search(
    _ samples: Matrix, rows: Range<Int>,
    into found: UnsafeMutableBufferPointer<Neighbor>, in context: RunContext
  ) throws {
    found.initialize(repeating: Self.none)
    let size = blockSize(most: 512)
    try withUnsafeTemporaryAllocation(
      of: Float.self,
      capacity: (rows.count + size) * columns + (rows.count + 1) * size
    ) { scratch in
      guard let queries = scratch.baseAddress else { return }
      let others = queries + rows.count * columns
      let products = others + size * columns
      let halves = products + rows.count * size
      copy(samples, rows: rows, to: queries)
      let squares = (0..<rows.count).map { index in
        let query = queries + index * columns
        return (0..<columns).reduce(0.0) {
          $0 + Double(query[$1]) * Double(query[$1])
        }
      }
      for block in Parallel.blocks(bank.rows, size: size) {
        try context.cancellation.check()
        copy(bank, rows: block, to: others)
        multiply(
          queries, rows.count, others, block.count, into: products,
          stride: size)
        copyHalves(block, to: halves, size: size)
        for (index, row) in rows.enumerated() {
          let line = products + index * size
          let nearest = list(index, of: found)
          var limit = limit(nearest, square: squares[index])
          for start in stride(from: 0, to: block.count, by: lanes) {
            let value = load(halves + start) - load(line + start)
            // Of what is not a number nothing is known.
            let mayBeNear = .!(value .> limit)
            guard any(mayBeNear) else { continue }
            for lane in 0..<min(lanes, block.count - start)
            where mayBeNear[lane] && !(value[lane] > limit) {
              offer(
                block.lowerBound + start + lane, toSample: row, of: samples,
                nearest)
              limit = self.limit(nearest, square: squares[index])
            }
          }
        }
      }
    }
  }

  /// Brings two blocks of rows to the nearest of each other's rows so far; of
  /// one block, the rows to one another's.
  private func compare(
    _ rows: Range<Int>, _ others: Range<Int>,
    _ found: UnsafeMutableBufferPointer<Neighbor>
  ) {
    let size = (others.count + lanes - 1) / lanes * lanes
    withUnsafeTemporaryAllocation(
      of: Float.self,
      capacity: (rows.count + others.count) * columns + (rows.count + 2) * size
    ) { scratch in
      guard let left = scratch.baseAddress else { return }
      let right = left + rows.count * columns
      let products = right + others.count * columns
      let halves = products + rows.count * size
      let limits = halves + size
      copy(bank, rows: rows, to: left)
      copy(bank, rows: others, to: right)
      multiply(
        left, rows.count, right, others.count, into: products, stride: size)
      copyHalves(others, to: halves, size: size)
      for place in 0..<size {
        limits[place] =
          place < others.count
          ? limit(others.lowerBound + place, of: found) : -.infinity
      }
      for (index, row) in rows.enumerated() {
        let line = products + index * size
        if rows == others {
          visit(row, line, others, halves, limits, isOwnBlock: true, found)
        } else {
          visit(row, line, others, halves, limits, isOwnBlock: false, found)
        }
      }
    }
  }

  /// Brings a row to the nearest of other rows so far, and these to its own.
  ///
  /// - Parameter limits: Of the other rows; kept up to date.
  @inline(__always)
  private func visit(
    _ row: Int, _ products: UnsafePointer<Float>, _ others: Range<Int>,
    _ halves: UnsafePointer<Float>, _ limits: UnsafeMutablePointer<Float>,
    isOwnBlock: Bool, _ found: UnsafeMutableBufferPointer<Neighbor>
  ) {
    let half = halfSquares[row]
    var limit = limit(row, of: found)
    for start in stride(from: 0, to: others.count, by: lanes) {
      let product = load(products + start)
      let value = load(halves + start) - product
      // Of what is not a number nothing is known.
      var mayBeNear = .!(value .> limit)
      if !isOwnBlock {
        mayBeNear .|= .!((half - product) .> load(limits + start))
      }
      guard any(mayBeNear) else { continue }
      for lane in 0..<min(lanes, others.count - start) where mayBeNear[lane] {
        let other = others.lowerBound + start + lane
        guard other != row else { continue }
        if !(value[lane] > limit) {
          offer(other, toSample: row, of: bank, list(row, of: found))
          limit = self.limit(row, of: found)
        }
        if !isOwnBlock, !(half - product[lane] > limits[start + lane]) {
          offer(row, toSample: other, of: bank, list(other, of: found))
          limits[start + lane] = self.limit(other, of: found)
        }
      }
    }
  }

  /// Puts a row among the nearest of a sample if it is nearer than the last.
  private func offer(
    _ row: Int, toSample sample: Int, of samples: Matrix,
    _ nearest: UnsafeMutableBufferPointer<Neighbor>
  ) {
    let distance = squaredDistance(from: sample, of: samples, to: row)
    var place = count - 1
    guard distance < nearest[place].square else { return }
    while place > 0, distance < nearest[place - 1].square {
      nearest[place] = nearest[place - 1]
      place -= 1
    }
    nearest[place] = Neighbor(square: distance, row: row)
  }

  private func list(
    _ index: Int, of found: UnsafeMutableBufferPointer<Neighbor>
  ) -> UnsafeMutableBufferPointer<Neighbor> {
    UnsafeMutableBufferPointer(
      rebasing: found[index * count..<(index + 1) * count])
  }

  private func multiply(
    _ left: UnsafePointer<Float>, _ rows: Int, _ right: UnsafePointer<Float>,
    _ others: Int, into products: UnsafeMutablePointer<Float>, stride: Int
  ) {
    BLAS.multiply(
      m: rows, n: others, k: columns, left, stride: columns, .plain,
      right, stride: columns, .transposed, into: products, stride: stride)
    for row in 0..<rows {
      for place in others..<stride { products[row * stride + place] = 0 }
    }
  }

  /// Of a block of rows, and infinity for what is left of the size.
  private func copyHalves(
    _ block: Range<Int>, to halves: UnsafeMutablePointer<Float>, size: Int
  ) {
    for place in 0..<size {
      halves[place] =
        place < block.count
        ? halfSquares[block.lowerBound + place] : .infinity
    }
  }

  private func squaredDistance(
    from sample: Int, of samples: Matrix, to row: Int
  ) -> Double {
    samples.values.withUnsafeBufferPointer { samples in
      bank.values.withUnsafeBufferPointer { rows in
        guard let samples = samples.baseAddress, let rows = rows.baseAddress
        else { return .infinity }
        return Detectors.squaredDistance(
          samples + sample * columns, rows + row * columns, count: columns)
      }
    }
  }

  private func limit(
    _ row: Int, of found: UnsafeMutableBufferPointer<Neighbor>
  ) -> Float {
    limit(list(row, of: found), square: squares[row])
  }

  /// What h - qb is at most for rows that are nearer than the last of the
  /// nearest; none is nearer than an equal one.
  private func limit(
    _ nearest: UnsafeMutableBufferPointer<Neighbor>, square: Double
  ) -> Float {
    guard nearest[count - 1].square > 0 else { return -.infinity }
    let unit = Double(scale)
    let farthest = nearest[count - 1].square * unit * unit
    return Float(
      (farthest - square) / 2 + rounding * (square + farthest) + 0x1p-100
    ).nextUp
  }

  private func copy(
    _ matrix: Matrix, rows: Range<Int>, to target: UnsafeMutablePointer<Float>
  ) {
    matrix.values.withUnsafeBufferPointer { values in
      origin.withUnsafeBufferPointer { origin in
        guard let values = values.baseAddress, let origin = origin.baseAddress
        else { return }
        for (place, row) in rows.enumerated() {
          let source = values + row * columns
          let line = target + place * columns
          for column in 0..<columns {
            line[column] = (source[column] - origin[column]) * scale
          }
        }
      }
    }
  }

  @inline(__always)
  private func load(_ pointer: UnsafePointer<Float>) -> Lanes {
    UnsafeRawPointer(pointer).loadUnaligned(as: Lanes.self)
  }
}
