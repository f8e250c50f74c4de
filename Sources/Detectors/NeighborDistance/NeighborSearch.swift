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
    halfSquares = Parallel.fill(bank.rows, blockSize: Self.blockRows) {
      rows, result in
      for (place, row) in rows.enumerated() {
        let square = zip(bank.row(row), origin).reduce(0.0) {
          let value = Double(($1.0 - $1.1) * scale)
          return $0 + value * value
        }
        result.initializeElement(
          at: place, to: Float(square * (0.5 - rounding)).nextDown)
      }
    }
    self.scale = scale
    self.rounding = rounding
  }

  /// The nearest rows of every sample: `count` of them, the nearest first,
  /// sample after sample.
  ///
  /// - Parameters:
  ///   - samples: Of as many columns as the rows have.
  ///   - leavingOutOwn: Whether the samples are the rows themselves, and none
  ///     is a neighbour of its own; there must be more rows than `count`.
  /// - Throws: `CancellationError`.
  package func neighbors(
    of samples: Matrix, leavingOutOwn: Bool = false, stage: String,
    in context: RunContext
  ) throws -> [Neighbor] {
    precondition(!leavingOutOwn || count < bank.rows)
    let size = blockSize(most: 128)
    return try context.fill(
      samples.rows * count, blockSize: size * count, stage: stage
    ) { range, found in
      let first = range.lowerBound / count
      try search(
        samples, rows: first..<first + range.count / count,
        leavingOutOwn: leavingOutOwn, into: found, in: context)
    }
  }

  // MARK: Mechanism

  private var columns: Int { bank.columns }

  private typealias Lanes = SIMD16<Float>

  /// Rows whose lengths are found together.
  private static let blockRows = 1024

  /// Rows of a block that takes a few megabytes.
  private func blockSize(most: Int) -> Int {
    min(most, max(16, (1 << 20) / max(columns, 1) / 16 * 16))
  }

  private func search(
    _ samples: Matrix, rows: Range<Int>, leavingOutOwn: Bool,
    into found: UnsafeMutableBufferPointer<Neighbor>, in context: RunContext
  ) throws {
    found.initialize(repeating: Neighbor(square: .infinity, row: 0))
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
        BLAS.multiply(
          m: rows.count, n: block.count, k: columns,
          queries, stride: columns, .plain,
          others, stride: columns, .transposed,
          into: products, stride: size)
        for index in 0..<size {
          halves[index] =
            index < block.count
            ? halfSquares[block.lowerBound + index] : .infinity
        }
        for (index, row) in rows.enumerated() {
          let line = products + index * size
          for place in block.count..<size { line[place] = 0 }
          visit(
            block, halves, line, leavingOut: leavingOutOwn ? row : nil,
            square: squares[index], sample: row, of: samples,
            nearest: UnsafeMutableBufferPointer(
              rebasing: found[index * count..<(index + 1) * count]))
        }
      }
    }
  }

  /// Brings a block of rows to the nearest of one sample so far.
  @inline(__always)
  private func visit(
    _ block: Range<Int>, _ halves: UnsafePointer<Float>,
    _ products: UnsafePointer<Float>, leavingOut own: Int?,
    square: Double, sample: Int, of samples: Matrix,
    nearest: UnsafeMutableBufferPointer<Neighbor>
  ) {
    var limit = limit(nearest, square: square)
    var start = 0
    while start < block.count, nearest[count - 1].square > 0 {
      let value = load(halves + start) - load(products + start)
      // Of what is not a number nothing is known.
      let mayBeNear = .!(value .> limit)
      defer { start += Lanes.scalarCount }
      guard any(mayBeNear) else { continue }
      for lane in 0..<min(Lanes.scalarCount, block.count - start)
      where mayBeNear[lane] && !(value[lane] > limit) {
        let row = block.lowerBound + start + lane
        guard row != own else { continue }
        let distance = squaredDistance(from: sample, of: samples, to: row)
        guard distance < nearest[count - 1].square else { continue }
        var place = count - 1
        while place > 0, distance < nearest[place - 1].square {
          nearest[place] = nearest[place - 1]
          place -= 1
        }
        nearest[place] = Neighbor(square: distance, row: row)
        limit = self.limit(nearest, square: square)
      }
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

  /// What h - qb is at most for rows that are nearer than the last of the
  /// nearest.
  private func limit(
    _ nearest: UnsafeMutableBufferPointer<Neighbor>, square: Double
  ) -> Float {
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
