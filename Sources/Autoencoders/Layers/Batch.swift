import Execution
import Foundation
import LinearAlgebra
import Synchronization

/// The values of a batch at one place of a network: a row of `columns` numbers
/// for every image.
///
/// It is written by one loop over blocks of its rows at a time.
package final class Batch<Scalar: NetworkScalar>: @unchecked Sendable {
  package let rows: Int
  package let columns: Int
  let values: UnsafeMutablePointer<Scalar>

  /// A batch whose values are yet to be written.
  package init(rows: Int, columns: Int) {
    self.rows = rows
    self.columns = columns
    values = BatchMemory.take(
      Self.byteCount(rows, columns)
    ).assumingMemoryBound(to: Scalar.self)
  }

  deinit {
    BatchMemory.give(values, Self.byteCount(rows, columns))
  }

  /// Vector loads may read a few numbers past the last row.
  private static func byteCount(_ rows: Int, _ columns: Int) -> Int {
    (rows * columns + 16) * MemoryLayout<Scalar>.stride
  }

  var count: Int { rows * columns }

  @inline(__always)
  func row(_ index: Int) -> UnsafeMutablePointer<Scalar> {
    values + index * columns
  }

  func fill(_ value: Scalar) {
    for index in 0..<count { values[index] = value }
  }
}

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
      let from = self.row(row)
      let to = result.row(row)
      for column in 0..<columns { to[column] = transform(from[column]) }
    }
    return result
  }
}

extension Batch where Scalar == Float {
  var matrix: Matrix { Matrix(rows: rows, columns: columns, values: array) }
}

/// Memory of finished batches, kept for the next ones.
///
/// A training step allocates the same tens of megabytes again and again; given
/// back to the system, every page of them would be cleared each time.
enum BatchMemory {
  private struct Shelf: ~Copyable, @unchecked Sendable {
    var free: [Int: [UnsafeMutableRawPointer]] = [:]
    var bytes = 0
  }

  private static let shelf = Mutex(Shelf())
  /// What is kept at most; more goes back to the system at once.
  private static let limit = 512 << 20

  static func take(_ byteCount: Int) -> UnsafeMutableRawPointer {
    let kept = shelf.withLock { shelf in
      let pointer = shelf.free[byteCount]?.popLast()
      if pointer != nil { shelf.bytes -= byteCount }
      return Handle(pointer: pointer)
    }
    return kept.pointer
      ?? .allocate(byteCount: byteCount, alignment: 64)
  }

  static func give(_ pointer: UnsafeMutableRawPointer, _ byteCount: Int) {
    let handle = Handle(pointer: pointer)
    let refused = shelf.withLock { shelf in
      guard
        shelf.bytes + byteCount <= limit, let pointer = handle.pointer
      else { return true }
      shelf.free[byteCount, default: []].append(pointer)
      shelf.bytes += byteCount
      return false
    }
    if refused { pointer.deallocate() }
  }

  /// Gives everything back to the system.
  static func clear() {
    shelf.withLock { shelf in
      for pointer in shelf.free.values.joined() { pointer.deallocate() }
      shelf.free = [:]
      shelf.bytes = 0
    }
  }

  /// Memory that nobody else refers to.
  private struct Handle: @unchecked Sendable {
    var pointer: UnsafeMutableRawPointer?
  }
}
