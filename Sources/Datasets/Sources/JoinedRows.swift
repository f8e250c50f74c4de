import LinearAlgebra

/// The rows of several sources, one after the other.
struct JoinedRows: SampleSource {
  let sources: [any SampleSource]

  var rows: Int { sources.reduce(0) { $0 + $1.rows } }
  var columns: Int { sources.first?.columns ?? 0 }

  func matrix(ofRows indices: [Int]) throws -> Matrix {
    let values = try RowStretch.all(of: indices, in: sources.map(\.rows))
      .flatMap { try sources[$0.source].matrix(ofRows: $0.rows).values }
    return Matrix(rows: indices.count, columns: columns, values: values)
  }
}

/// The same of rows in all their precision.
struct JoinedPreciseRows: PreciseSource {
  let sources: [any PreciseSource]

  var rows: Int { sources.reduce(0) { $0 + $1.rows } }
  var columns: Int { sources.first?.columns ?? 0 }

  func doubles(ofRows indices: [Int]) throws -> [Double] {
    try RowStretch.all(of: indices, in: sources.map(\.rows))
      .flatMap { try sources[$0.source].doubles(ofRows: $0.rows) }
  }

  func place(row: Int, column: Int) -> String {
    let stretch = RowStretch.all(of: [row], in: sources.map(\.rows))[0]
    return sources[stretch.source].place(row: stretch.rows[0], column: column)
  }
}

/// Rows that lie in one of several sources, so that they are read at once.
private struct RowStretch {
  let source: Int
  var rows: [Int]

  /// The stretches of rows that are counted through sources of `counts` rows.
  static func all(of indices: [Int], in counts: [Int]) -> [RowStretch] {
    var stretches: [RowStretch] = []
    for index in indices {
      var (source, row) = (0, index)
      while row >= counts[source] {
        row -= counts[source]
        source += 1
      }
      if stretches.last?.source == source {
        stretches[stretches.count - 1].rows.append(row)
      } else {
        stretches.append(RowStretch(source: source, rows: [row]))
      }
    }
    return stretches
  }
}
