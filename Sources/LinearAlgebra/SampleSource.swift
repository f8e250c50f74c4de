/// Rows of numbers that are read when they are needed.
///
/// What does not fit into memory, such as images in a mapped file, is walked
/// through this; a `Matrix` is one too.
public protocol SampleSource: Sendable {
  var rows: Int { get }
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

extension Matrix: SampleSource {
  public func matrix(ofRows indices: [Int]) -> Matrix {
    selecting(rows: indices)
  }
}
