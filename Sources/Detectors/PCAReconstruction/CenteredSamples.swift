import LinearAlgebra

/// Samples less their mean, in double precision, made block by block: the
/// whole is never stored.
struct CenteredSamples {
  let samples: Matrix
  let mean: [Double]

  init(_ samples: Matrix, mean: [Double]) {
    self.samples = samples
    self.mean = mean
  }

  /// About the samples' own mean.
  init(_ samples: Matrix) {
    self.init(samples, mean: samples.columnMeans())
  }

  /// The number of elements that a block of rows or columns should have to
  /// stay in a core's second-level cache.
  static let blockElements = 1 << 16

  /// Writes some rows of some columns, row after row.
  func copy(
    rows: Range<Int>, columns: Range<Int>,
    to target: UnsafeMutablePointer<Double>
  ) {
    samples.values.withUnsafeBufferPointer { values in
      mean.withUnsafeBufferPointer { mean in
        guard let values = values.baseAddress, let mean = mean.baseAddress
        else { return }
        let count = columns.count
        let origin = mean + columns.lowerBound
        for (place, row) in rows.enumerated() {
          let source = values + row * samples.columns + columns.lowerBound
          let line = target + place * count
          for index in 0..<count {
            line[index] = Double(source[index]) - origin[index]
          }
        }
      }
    }
  }
}
