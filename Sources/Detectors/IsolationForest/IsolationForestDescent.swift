/// Sends samples down the trees of a forest.
///
/// Block by block of rows: the rows and one tree stay in the cache, and all
/// rows of a block go down one level together, so that the processor works on
/// many of these chains of loads at once.
struct IsolationForestDescent {
  /// Rows that go down together.
  static let blockSize = 64

  let heightLimit: Int
  let features: UnsafeBufferPointer<Int32>
  /// Empty for cuts of one feature.
  let weights: UnsafeBufferPointer<Float>
  /// The features that a cut weighs.
  let width: Int
  let thresholds: UnsafeBufferPointer<Float>
  let pathLengths: UnsafeBufferPointer<Float>

  /// For each row of a block the sum of its path lengths over all trees.
  func sumPathLengths(
    of samples: UnsafeBufferPointer<Float>, columns: Int, rows: Range<Int>,
    into sums: UnsafeMutableBufferPointer<Double>
  ) {
    guard
      let samples = samples.baseAddress, let sums = sums.baseAddress,
      let features = features.baseAddress,
      let thresholds = thresholds.baseAddress,
      let pathLengths = pathLengths.baseAddress
    else { return }
    let first = samples + rows.lowerBound * columns
    let leafCount = 1 << heightLimit
    sums.initialize(repeating: 0, count: rows.count)
    withUnsafeTemporaryAllocation(of: Int32.self, capacity: rows.count) {
      guard let nodes = $0.baseAddress else { return }
      for tree in stride(from: 0, to: self.thresholds.count, by: leafCount) {
        let features = features + tree * width
        let thresholds = thresholds + tree
        let pathLengths = pathLengths + tree
        nodes.initialize(repeating: 1, count: rows.count)
        @inline(__always)
        func descend(_ value: (UnsafePointer<Float>, Int) -> Float) {
          for _ in 0..<heightLimit {
            var sample = first
            for row in 0..<rows.count {
              let node = Int(nodes[row])
              let isRight = value(sample, node) > thresholds[node]
              nodes[row] = Int32(
                truncatingIfNeeded: 2 &* node &+ (isRight ? 1 : 0))
              sample += columns
            }
          }
        }
        if let weights = weights.baseAddress, width > 1 {
          let weights = weights + tree * width
          descend { sample, node in
            IsolationTree.projection(
              of: sample, features + node * width, weights + node * width,
              width: width)
          }
        } else {
          descend { sample, node in sample[Int(features[node])] }
        }
        for row in 0..<rows.count {
          sums[row] += Double(pathLengths[Int(nodes[row]) &- leafCount])
        }
      }
    }
  }
}
