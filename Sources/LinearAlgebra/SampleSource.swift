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
  ///
  /// - Parameter rows: Those that are handed over; all by default.
  package func forEachBlock(
    of size: Int? = nil, from rows: Range<Int>? = nil, in context: RunContext,
    _ body: (Range<Int>, Matrix) throws -> Void
  ) throws {
    for block in Parallel.blocks(
      rows ?? 0..<self.rows, size: size ?? Self.blockRows)
    {
      try context.cancellation.check()
      try body(block, matrix(ofRows: Array(block)))
    }
  }

  /// All rows in one matrix, read in blocks with progress.
  ///
  /// A block stays in a thread's cache until it is where it belongs, and each
  /// thread is the first to touch the memory that it writes: new pages come
  /// from the system one by one.
  ///
  /// - Throws: What reading throws, `CancellationError`.
  package func allRows(in context: RunContext) throws -> Matrix {
    if let matrix = self as? Matrix { return matrix }
    let columns = columns
    let values = try [Float](unsafeUninitializedCapacity: rows * columns) {
      buffer, count in
      let whole = buffer
      try context.forEachBlock(
        rows, size: max(1, cachedNumbers / max(columns, 1)),
        stage: "reading samples"
      ) { range in
        let block = try matrix(ofRows: Array(range))
        precondition(block.values.count == range.count * columns)
        _ = UnsafeMutableBufferPointer(
          rebasing: whole[
            range.lowerBound * columns..<range.upperBound * columns]
        ).initialize(from: block.values)
      }
      count = rows * columns
    }
    return Matrix(rows: rows, columns: columns, values: values)
  }
}

extension SampleSource {
  /// All rows in blocks that may be in memory at a time.
  ///
  /// - Parameters:
  ///   - most: The rows of a block, a power of two, which is halved until a
  ///     block has no more numbers than it may, but not below 16.
  ///   - numbers: That a block may have.
  package func blocks(ofAtMost most: Int, numbers: Int) -> [Range<Int>] {
    var count = most
    while count > 16, count * columns > numbers { count /= 2 }
    return Parallel.blocks(rows, size: count)
  }
}

/// Numbers that are copied while they are in a second-level cache.
private let cachedNumbers = 1 << 16

extension Matrix: SampleSource {
  /// A copy of the rows with the given indices, in that order.
  public func matrix(ofRows indices: [Int]) -> Matrix {
    selecting(rows: indices)
  }
}
