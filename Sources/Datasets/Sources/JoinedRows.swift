import LinearAlgebra

/// The rows of several sources, one after the other.
struct JoinedRows: SampleSource {
  let sources: [any SampleSource]

  var rows: Int { sources.reduce(0) { $0 + $1.rows } }
  var columns: Int { sources.first?.columns ?? 0 }

  func matrix(ofRows indices: [Int]) throws -> Matrix {
    var values: [Float] = []
    var start = 0
    var rest = indices[...]
    // Stretches of rows that lie in one source are read at once.
    while let first = rest.first {
      start = 0
      guard
        let source = sources.first(where: { source in
          if first - start < source.rows { return true }
          start += source.rows
          return false
        })
      else { break }
      let stretch = rest.prefix {
        (start..<start + source.rows).contains($0)
      }
      values += try source.matrix(ofRows: stretch.map { $0 - start }).values
      rest = rest.dropFirst(stretch.count)
    }
    return Matrix(rows: indices.count, columns: columns, values: values)
  }
}
