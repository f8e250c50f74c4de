import Execution
import LinearAlgebra

/// The values of a batch at one place of a network: a row of `columns` numbers
/// for every image.
///
/// A reference, and so not to be sent to other threads: the blocks of a
/// parallel loop write rows of their own.
package final class Batch<Scalar: NetworkScalar> {
  package let rows: Int
  package let columns: Int
  /// All rows, one after the other; for the engine's loops alone.
  let values: UnsafeMutablePointer<Scalar>

  /// A batch whose values are yet to be written.
  package init(rows: Int, columns: Int) {
    self.rows = rows
    self.columns = columns
    values = BatchMemory.shared.take(
      Self.byteCount(rows, columns)
    ).assumingMemoryBound(to: Scalar.self)
  }

  deinit {
    BatchMemory.shared.give(values, Self.byteCount(rows, columns))
  }

  /// Vector loads may read a few numbers past the last row.
  private static func byteCount(_ rows: Int, _ columns: Int) -> Int {
    (rows * columns + 16) * MemoryLayout<Scalar>.stride
  }

  package var count: Int { rows * columns }

  /// Where a row begins; for the engine's loops alone.
  @inline(__always)
  func pointer(toRow row: Int) -> UnsafeMutablePointer<Scalar> {
    values + row * columns
  }
}

// MARK: Rows

extension Batch {
  /// The numbers of one image; indices are checked, in release builds too.
  package struct Row: RandomAccessCollection {
    // Keeps the memory that `start` points into.
    private let batch: Batch
    private let start: UnsafeMutablePointer<Scalar>

    fileprivate init(_ batch: Batch, _ row: Int) {
      precondition(0..<batch.rows ~= row, "no such row of the batch")
      self.batch = batch
      start = batch.pointer(toRow: row)
    }

    package var startIndex: Int { 0 }
    package var endIndex: Int { batch.columns }

    package subscript(index: Int) -> Scalar {
      get {
        check(index)
        return start[index]
      }
      nonmutating set {
        check(index)
        start[index] = newValue
      }
    }

    private func check(_ index: Int) {
      precondition(0..<batch.columns ~= index, "no such number of the row")
    }
  }

  package subscript(row: Int) -> Row { Row(self, row) }
}

// MARK: Whole batches

extension Batch {
  /// A batch of the given rows.
  package convenience init(_ array: [Scalar], rows: Int) {
    self.init(rows: rows, columns: rows == 0 ? 0 : array.count / rows)
    array.withUnsafeBufferPointer {
      if let start = $0.baseAddress { values.update(from: start, count: count) }
    }
  }

  package var array: [Scalar] {
    Array(UnsafeBufferPointer(start: values, count: count))
  }

  func fill(_ value: Scalar) {
    for index in 0..<count { values[index] = value }
  }

  /// The same values elsewhere in memory.
  func copy() -> Batch {
    let result = Batch(rows: rows, columns: columns)
    result.values.update(from: values, count: count)
    return result
  }

  /// Every value mapped, in parallel.
  func map(_ transform: (Scalar) -> Scalar) -> Batch {
    let result = Batch(rows: rows, columns: columns)
    Parallel.forEach(rows) { row in
      let from = pointer(toRow: row)
      let to = result.pointer(toRow: row)
      for column in 0..<columns { to[column] = transform(from[column]) }
    }
    return result
  }

  /// self ← self + other.
  func add(_ other: Batch) {
    precondition(other.rows == rows && other.columns == columns)
    Parallel.forEach(rows) { row in
      let target = pointer(toRow: row)
      let source = other.pointer(toRow: row)
      for column in 0..<columns { target[column] += source[column] }
    }
  }

  /// Adds to `count` numbers what `add` puts into zeros for every block: each
  /// block by itself, then the blocks in their order, all partial sums in memory
  /// of a batch's.
  static func addOrderedSum(
    over blocks: [Range<Int>], to total: UnsafeMutablePointer<Scalar>,
    count: Int, add: (Range<Int>, UnsafeMutablePointer<Scalar>) -> Void
  ) {
    let partial = Batch(rows: blocks.count, columns: count)
    Parallel.forEach(blocks.count) { index in
      let part = partial.pointer(toRow: index)
      part.update(repeating: 0, count: count)
      add(blocks[index], part)
    }
    partial.addRows(to: total)
  }

  /// total ← total + the rows, in their order.
  func addRows(to total: UnsafeMutablePointer<Scalar>) {
    let stretches = Parallel.blocks(columns, size: 8192)
    Parallel.forEach(stretches.count) { index in
      let stretch = stretches[index]
      for row in 0..<rows {
        Scalar.add(
          pointer(toRow: row) + stretch.lowerBound,
          to: total + stretch.lowerBound, count: stretch.count)
      }
    }
  }

  /// Every row of this batch followed by the other's.
  func beside(_ other: Batch) -> Batch {
    precondition(other.rows == rows)
    let result = Batch(rows: rows, columns: columns + other.columns)
    for row in 0..<rows {
      let target = result.pointer(toRow: row)
      target.update(from: pointer(toRow: row), count: columns)
      (target + columns)
        .update(from: other.pointer(toRow: row), count: other.columns)
    }
    return result
  }

  /// The rows of this batch, then the other's.
  func above(_ other: Batch) -> Batch {
    precondition(other.columns == columns)
    let result = Batch(rows: rows + other.rows, columns: columns)
    result.values.update(from: values, count: count)
    (result.values + count).update(from: other.values, count: other.count)
    return result
  }

  /// Some columns.
  func selecting(columns range: Range<Int>) -> Batch {
    precondition(range.lowerBound >= 0 && range.upperBound <= columns)
    let result = Batch(rows: rows, columns: range.count)
    for row in 0..<rows {
      result.pointer(toRow: row).update(
        from: pointer(toRow: row) + range.lowerBound, count: range.count)
    }
    return result
  }
}

extension Batch where Scalar == Float {
  /// Some rows of a matrix, scaled from 0...1 to -1...1 where it `isSigned`.
  convenience init(
    _ matrix: Matrix, rows: some RandomAccessCollection<Int>, isSigned: Bool
  ) {
    self.init(rows: rows.count, columns: matrix.columns)
    let (scale, offset): (Float, Float) = isSigned ? (2, -1) : (1, 0)
    let rows = Array(rows)
    let columns = columns
    precondition(rows.allSatisfy { 0..<matrix.rows ~= $0 })
    matrix.values.withUnsafeBufferPointer { values in
      let values = values
      Parallel.forEach(rows.count) { place in
        let target = pointer(toRow: place)
        let start = rows[place] * columns
        for column in 0..<columns {
          target[column] = scale * values[start + column] + offset
        }
      }
    }
  }
}
