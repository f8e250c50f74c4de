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
  ///
  /// Of slanted cuts as many features a node as they weigh.
  private(set) var features: [Int32]
  /// The weight of each of them; empty for cuts of one feature.
  private(set) var weights: [Float]
  /// Samples with a larger value go right; entry 0 is not used.
  private(set) var thresholds: [Float]
  /// For each leaf the path length h(x): the cuts above it, and for the
  /// samples left together in it the mean number they would still need.
  private(set) var pathLengths: [Float]

  /// The level where cutting stops: the mean height of such a tree, ⌈log₂ ψ⌉.
  static func heightLimit(sampleCount: Int) -> Int {
    Int.bitWidth - (sampleCount - 1).leadingZeroBitCount
  }

  /// - Parameter width: The features that a cut weighs.
  static func byteCount(heightLimit: Int, width: Int) -> Int {
    (1 << heightLimit)
      * ((width > 1 ? 2 : 1) * width * MemoryLayout<Int32>.stride
        + 2 * MemoryLayout<Float>.stride)
  }

  /// What a slanted cut compares with its threshold.
  @inline(__always)
  static func projection(
    of sample: UnsafePointer<Float>, _ features: UnsafePointer<Int32>,
    _ weights: UnsafePointer<Float>, width: Int
  ) -> Float {
    var sum: Float = 0
    for place in 0..<width {
      sum += weights[place] * sample[Int(features[place])]
    }
    return sum
  }

  /// Cuts some rows of the samples at some of their features.
  ///
  /// - Parameter width: How many features a cut weighs; 1 for cuts at one.
  init(
    rows: [Int], features candidates: [Int], of samples: Matrix,
    heightLimit: Int, width: Int, using generator: inout SeededGenerator,
    cancellation: Cancellation
  ) throws {
    let leafCount = 1 << heightLimit
    features = [Int32](repeating: 0, count: leafCount * width)
    weights = [Float](repeating: 0, count: width > 1 ? leafCount * width : 0)
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
        let cut = width > 1
          ? cutter.slantedCut(
            branch.rows, of: samples, width: width, using: &generator)
          : cutter.cut(
            branch.rows, of: samples, constantCount: &constantCount,
            using: &generator)
      else {
        let leaf = branch.node << (heightLimit - branch.level) - leafCount
        pathLengths[leaf] = Float(
          Double(branch.level)
            + averagePathLength(sampleCount: branch.rows.count))
        continue
      }
      if width > 1 {
        for (place, (feature, weight)) in cutter.plane.enumerated() {
          features[branch.node * width + place] = Int32(feature)
          weights[branch.node * width + place] = weight
        }
      } else {
        features[branch.node] = Int32(cut.feature)
      }
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
  /// The values of the last feature, or plane, looked at.
  var values: [Float]
  /// What the last slanted cut weighs.
  private(set) var plane: [(feature: Int, weight: Float)] = []

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

  /// Cuts a branch by a plane of random direction through a random point of the
  /// box around its samples; nil when they cannot be told apart.
  ///
  /// A side may be empty, as in the paper.
  mutating func slantedCut(
    _ range: Range<Int>, of samples: Matrix, width: Int,
    using generator: inout SeededGenerator
  ) -> (feature: Int, threshold: Float, middle: Int)? {
    for _ in 0..<candidates.count {
      let drawn = generator.sample(width, below: candidates.count)
      plane = drawn.map { (candidates[$0], Float(generator.normal())) }
      var threshold = 0.0
      for (feature, weight) in plane {
        let (least, greatest) = readValues(range, of: samples, feature: feature)
        threshold +=
          Double(weight)
          * (Double(least)
            + generator.uniform() * (Double(greatest) - Double(least)))
      }
      var (least, greatest) = (Float.infinity, -Float.infinity)
      let features = plane.map { Int32($0.feature) }
      let weights = plane.map(\.weight)
      for place in range {
        values[place] = samples.row(rows[place]).withUnsafeBufferPointer {
          $0.baseAddress.map {
            IsolationTree.projection(
              of: $0, features, weights, width: width)
          } ?? 0
        }
        least = min(least, values[place])
        greatest = max(greatest, values[place])
      }
      if least < greatest {
        let most = Double(Float.greatestFiniteMagnitude)
        let threshold = Float(min(max(threshold, -most), most))
        return (0, threshold, divide(range, at: threshold))
      }
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
