import LinearAlgebra

/// The rows of several sources, one after the other.
struct JoinedRows: SampleSource {
  let sources: [any SampleSource]

  var rows: Int { sources.reduce(0) { $0 + $1.rows } }
  var columns: Int { sources.first?.columns ?? 0 }

  func matrix(ofRows indices: [Int]) throws -> Matrix {
    Matrix(
      rows: indices.count, columns: columns,
      values: try sources.joined(indices) { try $0.matrix(ofRows: $1).values })
  }
}

/// The same of rows in all their precision.
struct JoinedPreciseRows: PreciseSource {
  let sources: [any PreciseSource]

  var rows: Int { sources.reduce(0) { $0 + $1.rows } }
  var columns: Int { sources.first?.columns ?? 0 }

  func doubles(ofRows indices: [Int]) throws -> [Double] {
    try sources.joined(indices) { try $0.doubles(ofRows: $1) }
  }

  func place(row: Int, column: Int) -> String {
    var row = row
    for source in sources {
      if row < source.rows { return source.place(row: row, column: column) }
      row -= source.rows
    }
    preconditionFailure("a row of one of the sources")
  }
}

extension Sequence {
  /// What is read of rows that are counted through all sources; stretches of
  /// them that lie in one are read at once.
  fileprivate func joined<Number>(
    _ indices: [Int], _ read: (Element, [Int]) throws -> [Number]
  ) rethrows -> [Number] {
    var values: [Number] = []
    var rest = indices[...]
    while let first = rest.first {
      var start = 0
      var count = 0
      guard
        let source = self.first(where: { element in
          count = (element as? any SampleSource)?.rows ?? 0
          if first - start < count { return true }
          start += count
          return false
        })
      else { break }
      let range = start..<start + count
      let stretch = rest.prefix(while: range.contains)
      values += try read(source, stretch.map { $0 - start })
      rest = rest.dropFirst(stretch.count)
    }
    return values
  }
}
