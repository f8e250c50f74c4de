import Diagnostics
import Execution
import LinearAlgebra

/// One tree as a complete binary tree of flat arrays.
///
/// The cuts stand in breadth-first order: the root at 1, the children of node
/// i at 2i and 2i + 1. The height limit keeps such an array below twice the
/// sub-sample, and in return every sample descends equally many levels without
/// a branch or an index to follow. A node that ends early is cut at infinity,
/// so that samples keep left to the first leaf below it.
struct IsolationTree {
  /// The feature that each node compares; entry 0 is not used.
  private(set) var features: [Int32]
  /// Samples with a larger value go right; entry 0 is not used.
  private(set) var thresholds: [Float]
  /// For each leaf the path length h(x): the cuts above it, and for the
  /// samples left together in it the mean number they would still need.
  private(set) var pathLengths: [Float]

  /// The level where cutting stops: the mean height of such a tree, ⌈log₂ ψ⌉.
  static func heightLimit(sampleCount: Int) -> Int {
    Int.bitWidth - (sampleCount - 1).leadingZeroBitCount
  }

  static func byteCount(heightLimit: Int) -> Int {
    (1 << heightLimit)
      * (MemoryLayout<Int32>.stride + 2 * MemoryLayout<Float>.stride)
  }

  /// Cuts some rows of the samples at some of their features.
  init(
    rows: [Int], features candidates: [Int], of samples: Matrix,
    heightLimit: Int, using generator: inout SeededGenerator,
    cancellation: Cancellation
  ) throws {
    let leafCount = 1 << heightLimit
    features = [Int32](repeating: 0, count: leafCount)
    thresholds = [Float](repeating: .infinity, count: leafCount)
    pathLengths = [Float](repeating: 0, count: leafCount)

    var cutter = Cutter(rows: rows, candidates: candidates)
    var pending = [
      Branch(node: 1, level: 0, rows: 0..<rows.count, constantCount: 0)
    ]
    while let branch = pending.popLast() {
      try cancellation.check()
      var constantCount = branch.constantCount
      guard
        branch.level < heightLimit, branch.rows.count > 1,
        let cut = cutter.cut(
          branch.rows, of: samples, constantCount: &constantCount,
          using: &generator)
      else {
        let leaf = branch.node << (heightLimit - branch.level) - leafCount
        pathLengths[leaf] = Float(
          Double(branch.level)
            + averagePathLength(sampleCount: branch.rows.count))
        continue
      }
      features[branch.node] = Int32(cut.feature)
      thresholds[branch.node] = cut.threshold
      pending.append(
        Branch(
          node: 2 * branch.node, level: branch.level + 1,
          rows: branch.rows.lowerBound..<cut.middle,
          constantCount: constantCount))
      pending.append(
        Branch(
          node: 2 * branch.node + 1, level: branch.level + 1,
          rows: cut.middle..<branch.rows.upperBound,
          constantCount: constantCount))
    }
  }
}

/// A node still to be cut, and the places of its rows in the cutter.
private struct Branch {
  var node: Int
  var level: Int
  var rows: Range<Int>
  /// How many of the cutter's first features are known to be constant here.
  var constantCount: Int
}

/// Divides a sub-sample at random.
private struct Cutter {
  /// The rows of the sub-sample, those of a branch side by side.
  var rows: [Int]
  /// The features to draw from.
  ///
  /// The first ones of a branch are constant in it and below it; depth first,
  /// the branches below only reorder the others.
  var candidates: [Int]
  /// The values of the last feature looked at.
  var values: [Float]

  init(rows: [Int], candidates: [Int]) {
    self.rows = rows
    self.candidates = candidates
    values = [Float](repeating: 0, count: rows.count)
  }

  /// Cuts a branch at a feature drawn from those that vary in it, somewhere
  /// between the least and the greatest value; nil when all are constant.
  mutating func cut(
    _ range: Range<Int>, of samples: Matrix, constantCount: inout Int,
    using generator: inout SeededGenerator
  ) -> (feature: Int, threshold: Float, middle: Int)? {
    while constantCount < candidates.count {
      let drawn =
        constantCount
        + generator.integer(below: candidates.count - constantCount)
      let feature = candidates[drawn]
      let (least, greatest) = readValues(range, of: samples, feature: feature)
      if least < greatest {
        // In double precision the width cannot overflow; below the greatest
        // value, rounding leaves no side empty.
        let width = Double(greatest) - Double(least)
        let threshold = min(
          Float(Double(least) + generator.uniform() * width),
          greatest.nextDown)
        return (feature, threshold, divide(range, at: threshold))
      }
      candidates.swapAt(drawn, constantCount)
      constantCount += 1
    }
    return nil
  }

  private mutating func readValues(
    _ range: Range<Int>, of samples: Matrix, feature: Int
  ) -> (least: Float, greatest: Float) {
    var least = Float.infinity
    var greatest = -Float.infinity
    for place in range {
      let value = samples[rows[place], feature]
      values[place] = value
      least = min(least, value)
      greatest = max(greatest, value)
    }
    return (least, greatest)
  }

  /// Brings the rows that go left to the front; gives the first that goes
  /// right.
  private mutating func divide(
    _ range: Range<Int>, at threshold: Float
  ) -> Int {
    var middle = range.lowerBound
    for place in range where values[place] <= threshold {
      rows.swapAt(middle, place)
      values.swapAt(middle, place)
      middle += 1
    }
    return middle
  }
}
