import LinearAlgebra

/// The mean of every column and the variance of all elements together.
struct SampleMoments {
  let means: [Double]
  /// The population variance of all elements, whatever their column.
  let totalVariance: Double

  init(_ samples: Matrix, rows: [Int]) {
    let columns = samples.columns
    let blocks = Parallel.blocks(rows.count, size: 256)
    let sums = Self.partialSums(blocks.count, width: columns) { block, sums in
      for row in blocks[block] {
        let start = rows[row] * columns
        samples.values.withUnsafeBufferPointer { values in
          for column in 0..<columns {
            sums[column] += Double(values[start + column])
          }
        }
      }
    }
    let means = sums.map { $0 / Double(rows.count) }
    let deviations = Self.partialSums(blocks.count, width: columns) {
      block, sums in
      for row in blocks[block] {
        let start = rows[row] * columns
        samples.values.withUnsafeBufferPointer { values in
          for column in 0..<columns {
            let deviation = Double(values[start + column]) - means[column]
            sums[column] += deviation * deviation
          }
        }
      }
    }
    // Within the columns and between them (the analysis of variance).
    let mean = means.reduce(0, +) / Double(columns)
    let between = means.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    totalVariance =
      (deviations.reduce(0, +) / Double(rows.count) + between)
      / Double(columns)
    self.means = means
  }

  /// The sums over blocks of rows, one block after the other whatever the
  /// number of threads.
  private static func partialSums(
    _ blockCount: Int, width: Int,
    _ add: (Int, UnsafeMutableBufferPointer<Double>) -> Void
  ) -> [Double] {
    let partial: [Double] = Parallel.fill(
      blockCount * width, blockSize: width
    ) { range, sums in
      sums.initialize(repeating: 0)
      add(range.lowerBound / width, sums)
    }
    var total = [Double](repeating: 0, count: width)
    for (index, sum) in partial.enumerated() { total[index % width] += sum }
    return total
  }
}
