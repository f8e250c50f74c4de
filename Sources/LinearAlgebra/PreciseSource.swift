/// Rows of a table whose numbers single precision would round.
///
/// An offset that is large beside the spread of a column takes its digits from
/// it, so such rows are shifted and scaled before they become a `Matrix`.
package protocol PreciseSource: PlacedSource {
  /// The rows with the given indices, in that order, one after the other.
  func doubles(ofRows indices: [Int]) throws -> [Double]
}

/// A source that knows where its numbers come from.
package protocol PlacedSource: SampleSource {
  /// Where a number stands, in the words of the file.
  func place(row: Int, column: Int) -> String
}

extension PreciseSource {
  package func matrix(ofRows indices: [Int]) throws -> Matrix {
    Matrix(
      rows: indices.count, columns: columns,
      values: try doubles(ofRows: indices).map { Float($0) })
  }
}
