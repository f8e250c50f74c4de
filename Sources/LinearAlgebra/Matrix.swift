/// A dense matrix of single-precision numbers, stored row by row.
///
/// Samples are rows, features are columns.
public struct Matrix: Hashable, Sendable {
  public let rows: Int
  public let columns: Int
  /// The elements, row after row; `rows * columns` of them.
  public package(set) var values: [Float]

  /// A matrix over the given elements, row after row.
  ///
  /// - Precondition: `values.count == rows * columns`.
  public init(rows: Int, columns: Int, values: [Float]) {
    precondition(
      values.count == rows * columns, "a matrix needs rows x columns values")
    self.rows = rows
    self.columns = columns
    self.values = values
  }

  /// A matrix with the same number everywhere.
  public init(rows: Int, columns: Int, repeating value: Float = 0) {
    self.init(
      rows: rows, columns: columns,
      values: [Float](repeating: value, count: rows * columns))
  }

  /// A matrix from its rows.
  ///
  /// - Precondition: the rows are equally long.
  public init(_ rows: [[Float]]) {
    let columns = rows.first?.count ?? 0
    precondition(
      rows.allSatisfy { $0.count == columns }, "rows of different lengths")
    self.init(rows: rows.count, columns: columns, values: rows.flatMap { $0 })
  }

  public subscript(row: Int, column: Int) -> Float {
    get { values[row * columns + column] }
    set { values[row * columns + column] = newValue }
  }

  /// One row.
  public func row(_ index: Int) -> ArraySlice<Float> {
    values[index * columns..<(index + 1) * columns]
  }

  /// A copy of some of the rows, in the order given.
  public func selecting(rows indices: some Collection<Int>) -> Matrix {
    var selected: [Float] = []
    selected.reserveCapacity(indices.count * columns)
    for index in indices {
      selected.append(contentsOf: row(index))
    }
    return Matrix(rows: indices.count, columns: columns, values: selected)
  }

  /// The place of the first element that is NaN or infinite.
  public func firstNonFinite() -> (row: Int, column: Int)? {
    // A sum of `x * 0` is zero exactly when every element is finite; unlike a
    // search it has no branch to keep the compiler from vectorising.
    for row in 0..<rows {
      var sum = SIMD16<Float>.zero
      var index = row * columns
      let end = index + columns
      values.withUnsafeBufferPointer { values in
        while index + 16 <= end {
          sum +=
            UnsafeRawBufferPointer(values).loadUnaligned(
              fromByteOffset: index * 4, as: SIMD16<Float>.self) * 0
          index += 16
        }
      }
      if sum == .zero, values[index..<end].allSatisfy(\.isFinite) { continue }
      if let place = self.row(row).firstIndex(where: { !$0.isFinite }) {
        return (row, place - row * columns)
      }
    }
    return nil
  }
}
