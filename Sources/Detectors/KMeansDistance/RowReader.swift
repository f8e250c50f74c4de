import Execution
import LinearAlgebra

/// Samples in memory, or read a few at a time whenever they are walked.
struct RowReader {
  let rows: Int
  let columns: Int
  /// The rows that this process walks.
  let own: Range<Int>
  private let source: any SampleSource
  /// Rows in memory, and the first of them: all, or those that are walked.
  private let held: (matrix: Matrix, first: Int)?

  /// Rows that a thread has in memory at a time.
  private static let partSize = 128

  /// - Parameter own: The rows that this process walks; nil for all.
  init(_ source: any SampleSource, own: Range<Int>? = nil) {
    self.source = source
    self.own = own ?? 0..<source.rows
    held =
      (source as? Matrix).map { ($0, 0) }
      ?? (source as? HeldRows).map { ($0.matrix, $0.held.lowerBound) }
    rows = source.rows
    columns = source.columns
  }

  /// Calls `body` with some own rows at a time: their places in the list, memory
  /// that holds them, and where in it each one begins.
  ///
  /// - Throws: What reading throws; `DetectorFault.nonFiniteValue`.
  @inline(__always)
  func forEachPart(
    of rows: [Int],
    _ body: (Range<Int>, UnsafePointer<Float>, [Int]) -> Void
  ) throws {
    if let held {
      held.matrix.values.withUnsafeBufferPointer { values in
        guard let first = values.baseAddress else { return }
        body(rows.indices, first, rows.map { ($0 - held.first) * columns })
      }
      return
    }
    for part in Parallel.blocks(rows.count, size: Self.partSize) {
      let block = try source.finite(rows: Array(rows[part]))
      block.values.withUnsafeBufferPointer { values in
        guard let first = values.baseAddress else { return }
        body(part, first, (0..<part.count).map { $0 * columns })
      }
    }
  }

  /// Calls `body` with each of some own rows: its place in the list and its
  /// values.
  @inline(__always)
  func forEach(
    _ rows: [Int], _ body: (Int, UnsafePointer<Float>) -> Void
  ) throws {
    try forEachPart(of: rows) { part, values, starts in
      for (index, place) in part.enumerated() {
        body(place, values + starts[index])
      }
    }
  }

  /// Some rows, in memory.
  ///
  /// - Throws: What reading throws; `DetectorFault.nonFiniteValue`.
  func matrix(ofRows rows: [Int]) throws -> Matrix {
    try source.finite(rows: rows)
  }
}
