import LinearAlgebra

/// Some of the rows of another source in all their precision.
struct SelectedPreciseRows: PreciseSource {
  let source: any PreciseSource
  let indices: [Int]

  var rows: Int { indices.count }
  var columns: Int { source.columns }

  func doubles(ofRows rows: [Int]) throws -> [Double] {
    try source.doubles(ofRows: rows.map { indices[$0] })
  }

  func place(row: Int, column: Int) -> String {
    source.place(row: indices[row], column: column)
  }
}

extension SampleSource {
  /// Some of the rows.
  func selecting(_ indices: [Int]) -> any SampleSource {
    if let table = self as? TableRows { return table.selecting(indices) }
    return (self as? any PreciseSource).map {
      SelectedPreciseRows(source: $0, indices: indices)
    } ?? SelectedRows(source: self, indices: indices)
  }
}
