import Execution
import Files
import Foundation
import LinearAlgebra
import ONNX

/// Training samples with a Gaussian bump on each.
///
/// The score of a sample x of d features is the negative logarithm of the
/// density, -log(1/n Σ exp(-|x - xᵢ|²/(2h²))) + d/2 log(2πh²), over n training
/// samples xᵢ with the bandwidth h. `leaveOneOutScores` are those of the
/// training samples, without themselves.
public struct KernelDensityModel: LeaveOneOutModel {
  /// The training samples, one a row.
  public let samples: Matrix
  /// h.
  public let bandwidth: Double

  public var featureCount: Int { samples.columns }

  init(samples: Matrix, bandwidth: Double) {
    self.samples = samples
    self.bandwidth = bandwidth
  }

  public func score(
    _ samples: Matrix, in context: RunContext
  ) throws -> [Float] {
    try scores(of: samples, leavingOutOwn: false, in: context)
  }

  /// A single training sample, which has no others, scores as a new one.
  public func scoreLeavingOneOut(in context: RunContext) throws -> [Float] {
    try scores(of: samples, leavingOutOwn: samples.rows > 1, in: context)
  }

  private static let blockRows = 64
  private static let bankRows = 512

  /// What a squared distance is multiplied by in the exponent.
  private var unit: Double { -0.5 / (bandwidth * bandwidth) }

  /// What the logarithm of the sum over so many samples is taken from.
  private func constant(count: Int) -> Double {
    log(Double(count)) + Double(featureCount) / 2
      * log(2 * Double.pi * bandwidth * bandwidth)
  }

  private func scores(
    of queries: Matrix, leavingOutOwn: Bool, in context: RunContext
  ) throws -> [Float] {
    let columns = featureCount
    let mean = samples.columnMeans()
    let bank = CenteredSamples(samples, mean: mean)
    let others = CenteredSamples(queries, mean: mean)
    let unit = unit
    let constant = constant(count: samples.rows - (leavingOutOwn ? 1 : 0))
    return try context.fill(
      queries.rows, blockSize: Self.blockRows, stage: "scoring"
    ) { rows, scores in
      var sums = [LogarithmOfSum](repeating: .init(), count: rows.count)
      withUnsafeTemporaryAllocation(
        of: Double.self,
        capacity: (Self.blockRows + Self.bankRows) * columns
          + Self.blockRows * Self.bankRows
      ) { scratch in
        guard let own = scratch.baseAddress else { return }
        let rest = own + Self.blockRows * columns
        let products = rest + Self.bankRows * columns
        others.copy(rows: rows, columns: 0..<columns, to: own)
        let squares = (0..<rows.count).map { square(own + $0 * columns) }
        for block in Parallel.blocks(samples.rows, size: Self.bankRows) {
          bank.copy(rows: block, columns: 0..<columns, to: rest)
          BLAS.multiply(
            m: rows.count, n: block.count, k: columns,
            own, stride: columns, .plain, rest, stride: columns, .transposed,
            into: products, stride: block.count)
          let lengths = (0..<block.count).map { square(rest + $0 * columns) }
          for place in 0..<rows.count {
            let line = products + place * block.count
            let left = leavingOutOwn ? rows.lowerBound + place : -1
            for index in 0..<block.count
            where block.lowerBound + index != left {
              let distance = squares[place] + lengths[index] - 2 * line[index]
              sums[place].add(unit * max(distance, 0))
            }
          }
        }
      }
      for place in 0..<rows.count {
        scores.initializeElement(
          at: place,
          to: Float(
            min(
              constant - sums[place].value,
              Double(Float.greatestFiniteMagnitude))))
      }
    }
  }

  @inline(__always)
  private func square(_ vector: UnsafePointer<Double>) -> Double {
    (0..<featureCount).reduce(0.0) { $0 + vector[$1] * vector[$1] }
  }
}

/// log Σ exp(x), whatever the size of x.
private struct LogarithmOfSum {
  private var largest = -Double.infinity
  private var sum = 0.0

  @inline(__always)
  mutating func add(_ value: Double) {
    if value > largest {
      sum = sum * exp(largest - value) + 1
      largest = value
    } else if value > largest - 40 {
      sum += exp(value - largest)
    }
  }

  var value: Double { largest + log(sum) }
}

extension KernelDensityModel {
  private enum CodingKeys: CodingKey {
    case samples
    case bandwidth
  }

  /// - Throws: `DecodingError.dataCorrupted` when the samples or the bandwidth
  ///   are none.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    samples = try container.decode(Matrix.self, forKey: .samples)
    bandwidth = try container.decode(Double.self, forKey: .bandwidth)
    guard
      samples.columns > 0, samples.rows > 0, samples.firstNonFinite() == nil,
      bandwidth > 0, bandwidth.isFinite
    else {
      throw DecodingError.dataCorrupted(
        .init(
          codingPath: decoder.codingPath,
          debugDescription: "the samples and the bandwidth do not agree"))
    }
  }
}

extension KernelDensityModel: ExportingModel {
  package func addScores(
    of samples: ONNXGraph.Value, to graph: inout ONNXGraph
  ) -> ONNXGraph.Value {
    let squares = ONNXRows(self.samples)
      .squares(to: samples, in: &graph)
    let exponents = graph("Mul", squares, graph.constant([unit], shape: []))
    let sums = graph(
      "ReduceLogSumExp", exponents, attributes: ["axes": [1], "keepdims": 0])
    return graph.singles(
      graph(
        "Sub", graph.constant([constant(count: self.samples.rows)], shape: []),
        sums))
  }
}
