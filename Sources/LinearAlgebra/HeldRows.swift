import Execution

/// Rows of another source, of which those are in memory that this process
/// walks.
package struct HeldRows: SampleSource {
  /// The rows in memory.
  package let held: Range<Int>
  /// These rows.
  package let matrix: Matrix
  private let source: any SampleSource

  /// Rows whose share is held: whole blocks of any algorithm.
  package static let blockSize = 4096

  /// - Throws: What reading throws, `CancellationError`.
  package init(_ source: any SampleSource, in context: RunContext) throws {
    self.source = source
    held = context.team.rows(of: source.rows, blockSize: Self.blockSize)
    matrix = try SelectedRows(source: source, indices: Array(held))
      .allRows(in: context)
  }

  /// The first number that is not finite.
  package func firstNonFinite() -> (row: Int, column: Int)? {
    matrix.firstNonFinite().map { (held.lowerBound + $0.row, $0.column) }
  }

  package var rows: Int { source.rows }
  package var columns: Int { source.columns }

  package func matrix(ofRows indices: [Int]) throws -> Matrix {
    indices.allSatisfy(held.contains)
      ? matrix.selecting(rows: indices.map { $0 - held.lowerBound })
      : try source.matrix(ofRows: indices)
  }
}

extension SampleSource {
  /// All rows in memory; of several processes, in each those that it walks.
  ///
  /// - Throws: What reading throws, `CancellationError`.
  package func ownRows(in context: RunContext) throws -> any SampleSource {
    context.team.isAlone || self is Matrix
      ? try allRows(in: context)
      : try self as? HeldRows ?? HeldRows(self, in: context)
  }
}
