import Diagnostics
import Execution
import Foundation
import LinearAlgebra

/// Starting centroids by greedy k-means++ (Arthur and Vassilvitskii 2007).
///
/// Every next centroid is a sample drawn with a probability proportional to
/// its squared distance to the nearest centroid so far: the best of
/// 2 + ln(count) such draws, as in scikit-learn.
func plusPlusCentroids(
  of samples: RowReader, count: Int, using generator: inout SeededGenerator,
  in context: RunContext
) throws -> Matrix {
  let trials = 2 + Int(log(Double(count)))
  var chosen = [generator.integer(below: samples.rows)]
  var nearest = try samples.squaredDistances(
    toRows: chosen,
    within: [Double](repeating: .infinity, count: samples.rows), in: context)[0]
  while chosen.count < count {
    try context.cancellation.check()
    var cumulative: [Double] = []
    cumulative.reserveCapacity(nearest.count)
    var total = 0.0
    for distance in nearest {
      total += distance
      cumulative.append(total)
    }
    let candidates = (0..<trials).map { _ in
      let goal = generator.uniform() * total
      // With no distance left, every sample is as good.
      return total > 0
        ? cumulative.partitioningIndex { $0 > goal }
        : generator.integer(below: samples.rows)
    }
    let distances = try samples.squaredDistances(
      toRows: candidates, within: nearest, in: context)
    let potentials = distances.map { $0.reduce(0, +) }
    let best = potentials.indices.min { potentials[$0] < potentials[$1] } ?? 0
    chosen.append(candidates[best])
    nearest = distances[best]
    context.progress.report(
      ProgressReport(
        stage: "k-means++", completed: chosen.count, total: count))
  }
  return try samples.matrix(ofRows: chosen)
}

extension RowReader {
  /// The squared distances of all rows to some rows, but at most what is given
  /// for each row; one array for each of the chosen rows.
  fileprivate func squaredDistances(
    toRows chosen: [Int], within limits: [Double], in context: RunContext
  ) throws -> [[Double]] {
    let blocks = Parallel.blocks(rows, size: 1024)
    let others = try matrix(ofRows: chosen)
    var distances = [Double](repeating: 0, count: chosen.count * rows)
    try distances.withUnsafeMutableBufferPointer { distances in
      let distances = distances
      _ = try Parallel.map(blocks.count) { index in
        try context.cancellation.check()
        let block = blocks[index]
        try others.values.withUnsafeBufferPointer { others in
          guard let other = others.baseAddress else { return }
          try forEach(Array(block)) { place, sample in
            let row = block.lowerBound + place
            for candidate in chosen.indices {
              distances[candidate * rows + row] = min(
                limits[row],
                squaredDistance(
                  sample, other + candidate * columns, count: columns))
            }
          }
        }
      }
    }
    return Parallel.blocks(distances.count, size: rows)
      .map { Array(distances[$0]) }
  }
}

extension Array {
  /// The first index whose element belongs to the second part of a partitioned
  /// array; the last index if none does.
  fileprivate func partitioningIndex(
    where belongs: (Element) -> Bool
  ) -> Int {
    var (low, high) = (0, count - 1)
    while low < high {
      let middle = (low + high) / 2
      if belongs(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
