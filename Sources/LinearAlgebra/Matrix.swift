import Execution

/// A dense matrix of single-precision numbers, stored row by row.
///
/// Samples are rows, features are columns.
public struct Matrix: Hashable, Sendable {
  /// The number of rows, or samples.
  public let rows: Int
  /// The number of columns, or features.
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

  /// One element; both places are counted from 0.
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
    let blocks = Parallel.blocks(values.count, size: 1 << 16)
    let places = Parallel.fill(blocks.count, blockSize: 1) { block, place in
      values.withUnsafeBufferPointer { values in
        let range = blocks[block.lowerBound]
        place.initialize(
          repeating: firstNonFiniteIndex(
            UnsafeBufferPointer(rebasing: values[range])
          ).map { range.lowerBound + $0 } ?? .max)
      }
    }
    guard let index = places.min(), index < .max else { return nil }
    return (index / columns, index % columns)
  }

  /// The column of the first element of a row that is NaN or infinite.
  package func firstNonFinite(inRow row: Int) -> Int? {
    values.withUnsafeBufferPointer {
      firstNonFiniteIndex(
        UnsafeBufferPointer(
          rebasing: $0[row * columns..<(row + 1) * columns]))
    }
  }
}

private func firstNonFiniteIndex(_ values: UnsafeBufferPointer<Float>) -> Int? {
  // A sum of `x * 0` is zero exactly when every element is finite; unlike a
  // search it has no branch to keep the compiler from vectorising.
  var sum = SIMD16<Float>.zero
  let bytes = UnsafeRawBufferPointer(values)
  let vectorised = values.count / 16 * 16
  for index in stride(from: 0, to: vectorised, by: 16) {
    sum +=
      bytes.loadUnaligned(fromByteOffset: index * 4, as: SIMD16<Float>.self) * 0
  }
  if sum == .zero, values[vectorised...].allSatisfy(\.isFinite) { return nil }
  return values.firstIndex { !$0.isFinite }
}
