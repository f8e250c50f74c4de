import LinearAlgebra

/// Some of the rows of another source.
struct SelectedRows: SampleSource {
  let source: any SampleSource
  let indices: [Int]

  var rows: Int { indices.count }
  var columns: Int { source.columns }

  func matrix(ofRows rows: [Int]) throws -> Matrix {
    try source.matrix(ofRows: rows.map { indices[$0] })
  }
}
