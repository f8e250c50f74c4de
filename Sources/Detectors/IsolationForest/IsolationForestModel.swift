import Execution
import Files
import Foundation
import LinearAlgebra
import ONNX

/// The trees of a fitted isolation forest.
public struct IsolationForestModel: LocalizingModel, AttributingModel {
  public let featureCount: Int
  /// The number of training samples that each tree saw, ψ.
  public let sampleCount: Int
  /// The number of trees whose path lengths a score averages.
  public let treeCount: Int

  // The arrays of `IsolationTree`, tree after tree.
  @Tensor private var features: [Int32]
  @Tensor private var weights: [Float]
  @Tensor private var thresholds: [Float]
  @Tensor private var pathLengths: [Float]

  /// - Parameters:
  ///   - trees: Those that this process has grown.
  ///   - team: The processes that have grown all.
  init(
    _ trees: [IsolationTree], sampleCount: Int, featureCount: Int,
    in team: Team
  ) {
    self.featureCount = featureCount
    self.sampleCount = sampleCount
    treeCount = team.sum(trees.count)
    features = team.gathered(trees.flatMap(\.features))
    weights = team.gathered(trees.flatMap(\.weights))
    thresholds = team.gathered(trees.flatMap(\.thresholds))
    pathLengths = team.gathered(trees.flatMap(\.pathLengths))
  }

  /// One score a row, between 0 and 1: 2^(-E(h(x)) / c(ψ)).
  ///
  /// Near 1 for samples that few cuts isolate, near 0.5 when all samples are
  /// alike; the negative of scikit-learn's `score_samples`.
  public func score(
    _ samples: Matrix, in context: RunContext
  ) throws -> [Float] {
    let normalization =
      Double(treeCount) * averagePathLength(sampleCount: sampleCount)
    return try pathLengthSums(samples, in: context).map { sum in
      // Trees of one sample say nothing.
      normalization == 0 ? 0.5 : Float(exp2(-sum / normalization))
    }
  }

  /// False: squares of the picture, not pixels, are tried one after the other.
  public var comparesMaps: Bool { false }

  /// Maps of how far the score falls when a square of the picture is covered.
  public func localize(
    _ samples: Matrix, in context: RunContext
  ) throws -> Localization {
    try occlusionMaps(samples, in: context)
  }

  /// How much shorter each feature makes the path than it is on average.
  ///
  /// At every cut, what is still to come on average above it, less what is below,
  /// by the training samples of the tree that come there. Slanted cuts are not
  /// any one feature's: there the usual values are put in.
  public func attribute(
    _ samples: Matrix, usual: [Float], in context: RunContext
  ) throws -> Matrix {
    guard weights.isEmpty else {
      return try occlusions(samples, usual: usual, in: context)
    }
    let leaves = 1 << IsolationTree.heightLimit(sampleCount: sampleCount)
    let averages = (0...sampleCount).map {
      averagePathLength(sampleCount: $0)
    }
    var parts = Matrix(rows: samples.rows, columns: featureCount)
    for tree in stride(from: 0, to: thresholds.count, by: leaves) {
      let lengths = meanPathLengths(ofTreeAt: tree, leaves: leaves, averages)
      for row in 0..<samples.rows {
        var node = 1
        while node < leaves, thresholds[tree + node] < .infinity {
          let feature = Int(features[tree + node])
          let next =
            2 * node
            + (samples[row, feature] > thresholds[tree + node] ? 1 : 0)
          parts[row, feature] += lengths[node] - lengths[next]
          node = next
        }
      }
    }
    return parts
  }

  /// Of every node the mean path length of the training samples below it, those
  /// of the leaves of the array last.
  private func meanPathLengths(
    ofTreeAt tree: Int, leaves: Int, _ averages: [Double]
  ) -> [Float] {
    var lengths = [Float](repeating: 0, count: 2 * leaves)
    var counts = [Float](repeating: 0, count: 2 * leaves)
    func visit(_ node: Int, level: Int) {
      guard node < leaves, thresholds[tree + node] < .infinity else {
        var leaf = node
        while leaf < leaves { leaf *= 2 }
        lengths[node] = pathLengths[tree + leaf - leaves]
        // As many samples as have the average that is left.
        let rest = Double(lengths[node]) - Double(level) - 1e-5
        var (low, high) = (1, averages.count - 1)
        while low < high {
          let middle = (low + high) / 2
          if averages[middle] < rest { low = middle + 1 } else { high = middle }
        }
        counts[node] = Float(low)
        return
      }
      for child in [2 * node, 2 * node + 1] { visit(child, level: level + 1) }
      counts[node] = counts[2 * node] + counts[2 * node + 1]
      lengths[node] =
        (counts[2 * node] * lengths[2 * node]
          + counts[2 * node + 1] * lengths[2 * node + 1]) / counts[node]
    }
    visit(1, level: 0)
    return lengths
  }

  private func pathLengthSums(
    _ samples: Matrix, in context: RunContext
  ) throws -> [Double] {
    try features.withUnsafeBufferPointer { features in
      try weights.withUnsafeBufferPointer { weights in
        try thresholds.withUnsafeBufferPointer { thresholds in
          try pathLengths.withUnsafeBufferPointer { pathLengths in
            try samples.values.withUnsafeBufferPointer { values in
              let forest = IsolationForestDescent(
                heightLimit: IsolationTree.heightLimit(
                  sampleCount: sampleCount),
                features: features, weights: weights, width: width,
                thresholds: thresholds, pathLengths: pathLengths)
              return try context.fill(
                samples.rows, blockSize: IsolationForestDescent.blockSize,
                stage: "scoring"
              ) { range, sums in
                forest.sumPathLengths(
                  of: values, columns: featureCount, rows: range, into: sums)
              }
            }
          }
        }
      }
    }
  }

  /// The features that a cut weighs.
  private var width: Int { features.count / thresholds.count }

  // MARK: Decoding

  private enum CodingKeys: CodingKey {
    case featureCount
    case sampleCount
    case treeCount
    case features
    case weights
    case thresholds
    case pathLengths
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    featureCount = try container.decode(Int.self, forKey: .featureCount)
    sampleCount = try container.decode(Int.self, forKey: .sampleCount)
    treeCount = try container.decode(Int.self, forKey: .treeCount)
    _features = try container.decode(Tensor<Int32>.self, forKey: .features)
    // Files of version 0.1 have none.
    _weights =
      try container.decodeIfPresent(Tensor<Float>.self, forKey: .weights)
      ?? Tensor(wrappedValue: [])
    _thresholds = try container.decode(Tensor<Float>.self, forKey: .thresholds)
    _pathLengths = try container.decode(
      Tensor<Float>.self, forKey: .pathLengths)

    let expectedCount =
      sampleCount < 1 || sampleCount > Int32.max || treeCount < 1
      ? nil
      : treeCount.multipliedReportingOverflow(
        by: 1 << IsolationTree.heightLimit(sampleCount: sampleCount))
    guard
      let expectedCount, !expectedCount.overflow,
      thresholds.count == expectedCount.partialValue,
      pathLengths.count == thresholds.count,
      weights.isEmpty
        ? features.count == thresholds.count
        : features.count == weights.count
          && features.count.isMultiple(of: thresholds.count)
          && features.count > thresholds.count,
      weights.allSatisfy(\.isFinite),
      features.allSatisfy({ $0 >= 0 && $0 < featureCount }),
      thresholds.allSatisfy({ !$0.isNaN }),
      pathLengths.allSatisfy({ $0.isFinite && $0 >= 0 })
    else {
      throw DecodingError.dataCorrupted(
        .init(
          codingPath: decoder.codingPath,
          debugDescription: "not the trees of an isolation forest"))
    }
  }
}

extension IsolationForestModel: ExportingModel {
  package func addScores(
    of samples: ONNXGraph.Value, to graph: inout ONNXGraph
  ) throws -> ONNXGraph.Value {
    guard weights.isEmpty else {
      throw ONNXFault.notExported(
        "a forest of slanted cuts",
        reason: "its trees compare single features")
    }
    let leaves = 1 << IsolationTree.heightLimit(sampleCount: sampleCount)
    var trees = ONNXTrees()
    for tree in stride(from: 0, to: thresholds.count, by: leaves) {
      trees.add(
        root: 1,
        cut: { node in
          guard node < leaves, thresholds[tree + node] < .infinity else {
            return nil
          }
          return (
            Int(features[tree + node]), thresholds[tree + node],
            2 * node, 2 * node + 1
          )
        },
        weight: { node in
          var leaf = node
          while leaf < leaves { leaf *= 2 }
          return pathLengths[tree + leaf - leaves]
        })
    }
    let sums = trees.sums(of: samples, in: &graph)
    let normalization =
      Double(treeCount) * averagePathLength(sampleCount: sampleCount)
    // Trees of one sample say nothing: 2^-1.
    let exponents =
      normalization == 0
      ? graph(
        "Sub", graph("Mul", sums, graph.constant([0.0], shape: [])),
        graph.constant([log(2.0)], shape: []))
      : graph(
        "Mul", sums, graph.constant([-log(2.0) / normalization], shape: []))
    return graph.singles(graph("Exp", exponents))
  }
}
