import Diagnostics
import Execution
import LinearAlgebra
import Parameters

/// One normal distribution for all samples, with a covariance that is shrunk.
///
/// For training samples without anomalies; `MinimumCovariance` is for others.
/// The score is that of `GaussianDistanceModel`.
///
/// scikit-learn's names for it: `sklearn.covariance.LedoitWolf` and `OAS`.
public struct GaussianDistance: Detector {
  /// How far the covariance is drawn to a multiple of the identity.
  public enum Shrinkage: String, Codable, CaseIterable, Hashable, Sendable {
    /// As far as makes the expected squared error least, whatever the
    /// distribution (Ledoit and Wolf 2004).
    case ledoitWolf = "ledoit-wolf"
    /// As far as does so for normal samples (Chen, Wiesel, Eldar and Hero
    /// 2010).
    case oas
  }

  /// By what rule the covariance is shrunk.
  public var shrinkage: Shrinkage

  /// By default: by Ledoit and Wolf.
  public init(shrinkage: Shrinkage = .ledoitWolf) {
    self.shrinkage = shrinkage
  }

  public var parameters: [Parameter<Self>] {
    [
      Parameter(
        "shrinkage", \.shrinkage, .choice,
        "rule by which the covariance is shrunk")
    ]
  }

  public var isShared: Bool { true }

  public var invariance: Invariance { [.shift, .scale] }

  /// The entry of the catalogue, `gaussian`.
  public static let description = DetectorDescription(
    "gaussian", "Mahalanobis distance by a shrunk covariance", group: .further,
    prototype: GaussianDistance()
  ) { _ in
    FitGrowth(seconds: 0.4, columnPower: 2, remedies: ["size"])
  }

  /// What is on the diagonal at least, in parts of the mean variance.
  private static let ridge = 1e-6

  /// Walks the samples twice, some at a time.
  ///
  /// - Throws: `DetectorFault.exceedsMemoryBudget` where the covariance does
  ///   not fit.
  public func learn(
    from source: any SampleSource, in context: RunContext
  ) throws -> GaussianDistanceModel {
    let (rows, columns) = (Double(source.rows), source.columns)
    let blockSize = Self.blockRows(columns: columns)
    let blockCount = (source.rows - 1) / blockSize + 1
    // The covariance in three forms, and the nodes of its sum.
    let matrices = 3 + Int.bitWidth - blockCount.leadingZeroBitCount
    let needed = matrices * columns * columns * MemoryLayout<Double>.stride
    guard needed <= context.memoryBudget else {
      throw DetectorFault.exceedsMemoryBudget(
        needed: needed, budget: context.memoryBudget,
        remedy: "use fewer features, or raise the memory budget")
    }
    let mean = try source.columnMeans(in: context)
    // The products of features, then the sum of fourth powers of lengths.
    let moments = try source.finiteSum(
      length: columns * columns + 1, blockSize: blockSize, stage: "covariance",
      in: context
    ) { samples, rows, moments in
      add(CenteredSamples(samples, mean: mean), rows, to: moments)
    }
    let squares = moments[columns * columns] / rows
    var covariance = moments.dropLast().map { $0 / rows }
    for row in 0..<columns {
      for column in 0..<row {
        covariance[row * columns + column] =
          covariance[column * columns + row]
      }
    }
    let weight = weight(covariance, columns: columns, rows, squares)
    let trace = (0..<columns).reduce(0) { $0 + covariance[$1 * columns + $1] }
    let scale = trace > 0 ? trace / Double(columns) : 1
    for place in covariance.indices { covariance[place] *= 1 - weight }
    func inverse(raisedBy ridge: Double) -> Whitening? {
      var raised = covariance
      for place in stride(from: 0, to: raised.count, by: columns + 1) {
        raised[place] += ridge * scale
      }
      return Whitening(raised, size: columns)
    }
    guard
      let whitening = inverse(raisedBy: max(weight, trace > 0 ? 0 : 1))
        ?? inverse(raisedBy: weight + Self.ridge)
    else {
      throw DetectorFault.noSolution(
        problem: "the covariance has no inverse",
        remedy: "scale the features to a common range")
    }
    return GaussianDistanceModel(
      mean: mean, whitening: whitening.values, shrinkage: weight)
  }

  /// Rows that are added up together: about 16 MiB at most.
  private static func blockRows(columns: Int) -> Int {
    var rows = 4096
    while rows > 16, rows * columns > 1 << 22 { rows /= 2 }
    return rows
  }

  private func add(
    _ samples: CenteredSamples, _ rows: Range<Int>,
    to moments: UnsafeMutableBufferPointer<Double>
  ) {
    let columns = samples.mean.count
    guard let sums = moments.baseAddress else { return }
    withUnsafeTemporaryAllocation(
      of: Double.self, capacity: 256 * columns
    ) { scratch in
      guard let vectors = scratch.baseAddress else { return }
      for block in Parallel.blocks(rows.count, size: 256) {
        samples.copy(
          rows: rows.lowerBound + block.lowerBound..<rows.lowerBound
            + block.upperBound,
          columns: 0..<columns, to: vectors)
        BLAS.multiplyByOwnTranspose(
          m: columns, k: block.count, vectors, stride: columns, .transposed,
          beta: 1, into: sums, stride: columns)
        for place in 0..<block.count {
          let square = (place * columns..<(place + 1) * columns).reduce(0.0) {
            $0 + vectors[$1] * vectors[$1]
          }
          sums[columns * columns] += square * square
        }
      }
    }
  }

  /// How much of the covariance is replaced by the mean variance.
  ///
  /// - Parameter squares: The mean fourth power of the length of a sample.
  private func weight(
    _ covariance: [Double], columns: Int, _ rows: Double, _ squares: Double
  ) -> Double {
    let size = Double(columns)
    let norm = covariance.reduce(0) { $0 + $1 * $1 }
    let mean =
      (0..<columns).reduce(0) { $0 + covariance[$1 * columns + $1] } / size
    let distance = norm - size * mean * mean
    guard distance > 1e-14 * norm else { return 1 }
    switch shrinkage {
    case .ledoitWolf:
      return min(max((squares - norm) / rows, 0) / distance, 1)
    case .oas:
      return min(
        (norm / size / size + mean * mean)
          / ((rows + 1) * (norm / size / size - mean * mean / size)), 1)
    }
  }
}
