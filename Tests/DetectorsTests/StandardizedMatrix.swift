import LinearAlgebra

extension Matrix {
  /// Every column less its mean, divided by its standard deviation.
  func standardized() -> Matrix {
    var result = self
    for column in 0..<columns {
      let values = (0..<rows).map { Double(self[$0, column]) }
      let mean = values.reduce(0, +) / Double(rows)
      let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
      let deviation = (squares / Double(rows)).squareRoot()
      for row in 0..<rows {
        result[row, column] = Float(
          (values[row] - mean) / (deviation > 0 ? deviation : 1))
      }
    }
    return result
  }
}
