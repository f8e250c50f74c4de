import LinearAlgebra

/// Which of some points is the nearest to a sample.
struct NearestRows {
  private let samples: ShiftedSamples
  private let points: ShiftedCentroids

  init(of points: Matrix, to samples: Matrix) {
    self.samples = ShiftedSamples(RowReader(samples), aboutMeanOf: points)
    self.points = ShiftedCentroids(
      self.samples.shift(points).values, count: points.rows)
  }

  /// For each of some samples the row of the nearest point.
  func rows(nearestTo rows: Range<Int>) throws -> [Int32] {
    let block = AssignmentBlock(rows: rows, clusterCount: points.count, rank: 0)
    try block.assign(samples, to: points, drift: nil, in: nil)
    return block.clusters
  }
}
