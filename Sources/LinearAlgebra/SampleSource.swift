import Execution

/// Rows of numbers that are read when they are needed.
///
/// What does not fit into memory, such as images in a mapped file, is walked
/// through this; a `Matrix` is one too.
public protocol SampleSource: Sendable {
  /// The number of samples.
  var rows: Int { get }
  /// The numbers of each sample.
  var columns: Int { get }
  /// The rows with the given indices, in that order.
  func matrix(ofRows indices: [Int]) throws -> Matrix
}

extension SampleSource {
  /// All rows in one matrix.
  public func matrix() throws -> Matrix {
    try (self as? Matrix) ?? matrix(ofRows: Array(0..<rows))
  }
}

extension SampleSource {
  /// Rows for one step of reading: enough to keep the threads busy.
  private static var blockRows: Int { 256 }

  /// Hands over all rows, some at a time.
  ///
  /// - Throws: What reading or `body` throws, `CancellationError`.
  package func forEachBlock(
    of size: Int? = nil, in context: RunContext,
    _ body: (Range<Int>, Matrix) throws -> Void
  ) throws {
    for block in Parallel.blocks(rows, size: size ?? Self.blockRows) {
      try context.cancellation.check()
      try body(block, matrix(ofRows: Array(block)))
    }
  }

  /// All rows in one matrix, read in blocks with progress.
  ///
  /// - Throws: What reading throws, `CancellationError`.
  package func allRows(in context: RunContext) throws -> Matrix {
    if let matrix = self as? Matrix { return matrix }
    var values: [Float] = []
    values.reserveCapacity(rows * columns)
    try forEachBlock(in: context) { range, block in
      values += block.values
      context.progress.report(
        ProgressReport(
          stage: "reading samples", completed: range.upperBound, total: rows))
    }
    return Matrix(rows: rows, columns: columns, values: values)
  }
}

extension Matrix: SampleSource {
  /// A copy of the rows with the given indices, in that order.
  public func matrix(ofRows indices: [Int]) -> Matrix {
    selecting(rows: indices)
  }
}
