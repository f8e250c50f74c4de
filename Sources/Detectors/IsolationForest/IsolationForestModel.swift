import Execution
import Files
import Foundation
import LinearAlgebra

/// The trees of a fitted isolation forest.
public struct IsolationForestModel: LocalizingModel {
  public let featureCount: Int
  /// The number of training samples that each tree saw, ψ.
  public let sampleCount: Int
  /// The number of trees whose path lengths a score averages.
  public let treeCount: Int

  // The arrays of `IsolationTree`, tree after tree.
  @Tensor private var features: [Int32]
  @Tensor private var thresholds: [Float]
  @Tensor private var pathLengths: [Float]

  init(_ trees: [IsolationTree], sampleCount: Int, featureCount: Int) {
    self.featureCount = featureCount
    self.sampleCount = sampleCount
    treeCount = trees.count
    features = trees.flatMap(\.features)
    thresholds = trees.flatMap(\.thresholds)
    pathLengths = trees.flatMap(\.pathLengths)
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

  private func pathLengthSums(
    _ samples: Matrix, in context: RunContext
  ) throws -> [Double] {
    try features.withUnsafeBufferPointer { features in
      try thresholds.withUnsafeBufferPointer { thresholds in
        try pathLengths.withUnsafeBufferPointer { pathLengths in
          try samples.values.withUnsafeBufferPointer { values in
            let forest = IsolationForestDescent(
              heightLimit: IsolationTree.heightLimit(sampleCount: sampleCount),
              features: features, thresholds: thresholds,
              pathLengths: pathLengths)
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

  // MARK: Decoding

  private enum CodingKeys: CodingKey {
    case featureCount
    case sampleCount
    case treeCount
    case features
    case thresholds
    case pathLengths
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    featureCount = try container.decode(Int.self, forKey: .featureCount)
    sampleCount = try container.decode(Int.self, forKey: .sampleCount)
    treeCount = try container.decode(Int.self, forKey: .treeCount)
    _features = try container.decode(Tensor<Int32>.self, forKey: .features)
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
      features.count == expectedCount.partialValue,
      thresholds.count == features.count, pathLengths.count == features.count,
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
