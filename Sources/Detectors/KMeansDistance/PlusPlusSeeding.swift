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
  let team = context.team
  var chosen = [generator.integer(below: samples.rows)]
  var nearest = try NearestDistances.of(
    samples, toRows: chosen,
    within: [Double](repeating: .infinity, count: samples.own.count),
    in: context)[0]
  while chosen.count < count {
    try context.cancellation.check()
    let total = nearest.total
    let candidates = (0..<trials).map { _ in
      let goal = generator.uniform() * total
      // With no distance left, every sample is as good.
      return total > 0
        ? nearest.row(where: goal, in: team)
        : generator.integer(below: samples.rows)
    }
    let found = try NearestDistances.of(
      samples, toRows: candidates, within: nearest.distances, in: context)
    let best =
      found.indices.min { found[$0].total < found[$1].total } ?? 0
    chosen.append(candidates[best])
    nearest = found[best]
    context.progress.report(
      ProgressReport(
        stage: "k-means++", completed: chosen.count, total: count))
  }
  return try samples.matrix(ofRows: chosen)
}

/// The squared distance of every row to the nearest of some.
private struct NearestDistances {
  /// Of the rows that are this process's.
  let distances: [Double]
  private let own: Range<Int>
  /// Of every block of all rows, the sum with those of the blocks before it.
  private let cumulative: [Double]

  private static let blockSize = 1024

  var total: Double { cumulative.last ?? 0 }

  /// The first row with which the sum of the distances exceeds a number; the
  /// last row if it never does.
  func row(where goal: Double, in team: Team) -> Int {
    let block = cumulative.partitioningIndex { $0 > goal }
    let first = block * Self.blockSize
    guard own.contains(first) else { return team.sum(0) }
    let rows = first..<min(first + Self.blockSize, own.upperBound)
    var sum = block == 0 ? 0 : cumulative[block - 1]
    let row = rows.first { row in
      sum += distances[row - own.lowerBound]
      return sum > goal
    }
    return team.sum(row ?? rows.upperBound - 1)
  }

  /// The distances to each of some rows, but at most what is given for each row.
  static func of(
    _ samples: RowReader, toRows chosen: [Int], within limits: [Double],
    in context: RunContext
  ) throws -> [NearestDistances] {
    let (columns, own) = (samples.columns, samples.own)
    let blocks = Parallel.blocks(own, size: blockSize)
    let others = try samples.matrix(ofRows: chosen)
    var distances = [Double](repeating: 0, count: chosen.count * own.count)
    try distances.withUnsafeMutableBufferPointer { distances in
      let distances = distances
      _ = try Parallel.map(blocks.count) { index in
        try context.cancellation.check()
        let block = blocks[index]
        try others.values.withUnsafeBufferPointer { others in
          guard let other = others.baseAddress else { return }
          try samples.forEach(Array(block)) { place, sample in
            let row = block.lowerBound - own.lowerBound + place
            for candidate in chosen.indices {
              distances[candidate * own.count + row] = min(
                limits[row],
                squaredDistance(
                  sample, other + candidate * columns, count: columns))
            }
          }
        }
      }
    }
    return chosen.indices.map { candidate in
      let distances = Array(
        distances[candidate * own.count..<(candidate + 1) * own.count])
      let sums = context.team.gathered(
        Parallel.blocks(own.count, size: blockSize).map {
          distances[$0].reduce(0, +)
        })
      var total = 0.0
      return NearestDistances(
        distances: distances, own: own,
        cumulative: sums.map {
          total += $0
          return total
        })
    }
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
