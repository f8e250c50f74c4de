import Execution
import LinearAlgebra

/// Samples in memory, or read a few at a time whenever they are walked.
struct RowReader {
  let rows: Int
  let columns: Int
  private let source: any SampleSource
  private let matrix: Matrix?

  /// Rows that a thread has in memory at a time.
  private static let partSize = 128

  init(_ source: any SampleSource) {
    self.source = source
    matrix = source as? Matrix
    rows = source.rows
    columns = source.columns
  }

  /// Calls `body` with some rows at a time: their places in the list, memory
  /// that holds them, and where in it each one begins.
  ///
  /// - Throws: What reading throws; `DetectorFault.nonFiniteValue`.
  @inline(__always)
  func forEachPart(
    of rows: [Int],
    _ body: (Range<Int>, UnsafePointer<Float>, [Int]) -> Void
  ) throws {
    if let matrix {
      matrix.values.withUnsafeBufferPointer { values in
        guard let first = values.baseAddress else { return }
        body(rows.indices, first, rows.map { $0 * columns })
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

  /// Calls `body` with each of some rows: its place in the list and its values.
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
    try matrix?.selecting(rows: rows) ?? source.finite(rows: rows)
  }
}
