import Execution
import LinearAlgebra

/// Samples around 1 in 10 features, most of the spread in three.
func ordinarySamples(rows: Int = 300) -> Matrix {
  var generator = SeededGenerator(seed: 42)
  let columns = 10
  let values = (0..<rows * columns).map { index in
    let spread = index % columns < 3 ? 3 : 0.5
    return 1 + Float(spread * generator.normal())
  }
  return Matrix(rows: rows, columns: columns, values: values)
}

/// Samples of an odd shape that every detector must bear.
struct UnusualSamples: Sendable {
  var name: String
  var samples: Matrix

  static let all: [UnusualSamples] = {
    let samples = ordinarySamples(rows: 60)
    var constantColumns = samples
    for row in 0..<samples.rows {
      constantColumns[row, 0] = 0
      constantColumns[row, 5] = 7
    }
    return [
      ("constant columns", constantColumns),
      ("all the same", Matrix(rows: 40, columns: 4, repeating: 3)),
      ("every row twice", samples.selecting(rows: (0..<60).map { $0 / 2 })),
      (
        "two different rows",
        samples.selecting(rows: (0..<60).map { $0 % 2 })
      ),
      ("fewer rows than columns", ordinarySamples(rows: 4)),
      ("two rows", ordinarySamples(rows: 2)),
      (
        "one column",
        Matrix(rows: 60, columns: 1, values: Array(samples.values.prefix(60)))
      ),
      (
        "large and small values",
        Matrix(
          rows: 60, columns: 10,
          values: samples.values.enumerated().map {
            $0.element * ($0.offset % 2 == 0 ? 1e12 : 1e-12)
          })
      ),
      ("numbers near the largest", samples.scaled(by: 1e30)),
      ("numbers too small to be normal", samples.scaled(by: 0x1p-130)),
      ("zeros and ones alone", samples.mapped { $0 > 1 ? 1 : 0 }),
      ("whole numbers with many ties", samples.mapped { $0.rounded() }),
      ("large numbers with a small spread", samples.mapped { $0 + 10_000 }),
    ].map(UnusualSamples.init)
  }()
}

extension Matrix {
  func mapped(_ change: (Float) -> Float) -> Matrix {
    Matrix(rows: rows, columns: columns, values: values.map(change))
  }

  fileprivate func scaled(by factor: Float) -> Matrix {
    mapped { $0 * factor }
  }
}

/// Rows that are read only when they are asked for.
package struct RowsOnDemand: SampleSource {
  private let matrix: Matrix
  /// The most rows that may be asked for at once.
  private let limit: Int
  package var rows: Int { matrix.rows }
  package var columns: Int { matrix.columns }

  package init(_ matrix: Matrix, limit: Int = .max) {
    self.matrix = matrix
    self.limit = limit
  }

  package func matrix(ofRows indices: [Int]) -> Matrix {
    precondition(indices.count <= limit)
    return matrix.selecting(rows: indices)
  }
}
