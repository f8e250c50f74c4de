/// Some of the rows of another source, in the order of the indices.
package struct SelectedRows: SampleSource {
  private let source: any SampleSource
  private let indices: [Int]

  package init(source: any SampleSource, indices: [Int]) {
    self.source = source
    self.indices = indices
  }

  package var rows: Int { indices.count }
  package var columns: Int { source.columns }

  package func matrix(ofRows rows: [Int]) throws -> Matrix {
    try source.matrix(ofRows: rows.map { indices[$0] })
  }
}
