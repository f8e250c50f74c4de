import Diagnostics
import Execution
import Files
import Foundation
import LinearAlgebra
import ONNX

/// How the columns of the samples are brought to one scale.
public enum Scaler: String, CaseIterable, Codable, Hashable, Sendable {
  /// Leaves the samples as they are.
  case none
  /// Mean 0 and population standard deviation 1 of every training column, as
  /// scikit-learn's `StandardScaler`.
  case standard
  /// Every training column to 0...1, as scikit-learn's `MinMaxScaler`.
  case minMax = "min-max"

  /// Learns the scale of every column; constant columns are only shifted.
  ///
  /// Reads block by block what is not in memory, with the same result.
  ///
  /// - Throws: What reading throws, `CancellationError`.
  package func fit(
    _ samples: any SampleSource, in context: RunContext = RunContext()
  ) throws -> FittedScaler {
    try context.withThreads { try learn(samples, in: context) }
  }

  private func learn(
    _ samples: any SampleSource, in context: RunContext
  ) throws -> FittedScaler {
    switch self {
    case .none:
      return .identity
    case .standard:
      let mean = try samples.columnMeans(in: context)
      let variance = try samples.columnVariances(means: mean, in: context)
      try check(variance, of: samples, in: context)
      let rounding = samples is any PreciseSource ? 1e-13 : 1e-7
      return FittedScaler(
        offsets: mean,
        factors: zip(mean, variance).map { mean, variance in
          // What is left of a constant column is rounding.
          let isConstant = variance <= (rounding * mean) * (rounding * mean)
          return isConstant ? 1 : 1 / variance.squareRoot()
        })
    case .minMax:
      let sums = try samples.columnMeans(in: context)
      try check(sums, of: samples, in: context)
      let ranges = try samples.columnRanges(in: context)
      let widths = ranges.map { $0.upperBound - $0.lowerBound }
      try check(widths, of: samples, in: context)
      return FittedScaler(
        offsets: ranges.map(\.lowerBound),
        factors: widths.map { $0 > 0 ? 1 / $0 : 1 })
    }
  }

  /// Throws where a spread is no number, which is the fault of one value.
  private func check(
    _ spreads: [Double], of samples: any SampleSource, in context: RunContext
  ) throws {
    guard !spreads.allSatisfy(\.isFinite) else { return }
    for (isFault, problem) in [
      ({ !$0.isFinite }, "a value is not a finite number"),
      ({ abs($0) > Self.largest }, "a value is too large to be squared"),
    ] as [((Double) -> Bool, FaultMessage)] {
      if let (row, column) = try samples.firstNumber(
        in: context, where: isFault)
      {
        throw FeatureFault.unusableNumber(
          problem, at: samples.place(row, column))
      }
    }
  }

  /// About the root of the largest double, less what a sum of many may take.
  private static let largest = 1e140
}

/// The learned scale: `(value - offset) * factor` for each column.
package struct FittedScaler: Codable, Hashable, Sendable {
  /// One for each column; none at all leaves samples as they are.
  @Tensor package private(set) var offsets: [Double]
  @Tensor package private(set) var factors: [Double]

  /// Leaves samples as they are.
  package static let identity = FittedScaler(offsets: [], factors: [])

  fileprivate init(offsets: [Double], factors: [Double]) {
    self.offsets = offsets
    self.factors = factors
  }

  private enum CodingKeys: CodingKey {
    case offsets
    case factors
  }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    _offsets = try container.decode(Tensor<Double>.self, forKey: .offsets)
    _factors = try container.decode(Tensor<Double>.self, forKey: .factors)
    guard offsets.count == factors.count else {
      throw DecodingError.dataCorruptedError(
        forKey: .factors, in: container,
        debugDescription: "not one factor for each offset")
    }
  }

  /// The columns that samples must have; nil takes any number.
  package var featureCount: Int? { offsets.isEmpty ? nil : offsets.count }

  fileprivate func scaled(_ value: Double, column: Int) -> Double {
    offsets.isEmpty ? value : (value - offsets[column]) * factors[column]
  }

  /// The same for samples that are read when they are needed.
  package func scaled(_ samples: any SampleSource) -> any SampleSource {
    if offsets.isEmpty, !(samples is any PreciseSource) { return samples }
    if let matrix = samples as? Matrix { return scaled(matrix) }
    return ScaledSamples(original: samples, scaler: self)
  }

  /// Adds the scale to a graph; gives samples of any precision on it, in single
  /// precision.
  package func addScaled(
    _ samples: ONNXGraph.Value, to graph: inout ONNXGraph
  ) -> ONNXGraph.Value {
    guard !offsets.isEmpty else { return graph.singles(graph.doubles(samples)) }
    let shifted = graph("Sub", graph.doubles(samples), graph.constant(offsets))
    return graph.singles(graph("Mul", shifted, graph.constant(factors)))
  }

  /// Samples on the learned scale, brought back to their own.
  package func unscaled(_ samples: consuming Matrix) -> Matrix {
    guard !offsets.isEmpty else { return samples }
    var samples = samples
    samples.replaceRows { row in
      for column in 0..<row.count {
        row[column] = Float(
          Double(row[column]) / factors[column] + offsets[column])
      }
    }
    return samples
  }

  /// The samples on the learned scale.
  ///
  /// - Precondition: they have the columns of the training samples.
  package func scaled(_ samples: consuming Matrix) -> Matrix {
    guard !offsets.isEmpty else { return samples }
    precondition(samples.columns == offsets.count, "another number of columns")
    var samples = samples
    samples.replaceRows { row in
      for column in 0..<row.count {
        row[column] = Float(
          (Double(row[column]) - offsets[column]) * factors[column])
      }
    }
    return samples
  }
}

private struct ScaledSamples: SampleSource {
  let original: any SampleSource
  let scaler: FittedScaler

  var rows: Int { original.rows }
  var columns: Int { original.columns }

  func matrix(ofRows indices: [Int]) throws -> Matrix {
    guard let precise = original as? any PreciseSource else {
      return scaler.scaled(try original.matrix(ofRows: indices))
    }
    let values = try precise.doubles(ofRows: indices)
    var scaled: [Float] = []
    scaled.reserveCapacity(values.count)
    for (index, value) in values.enumerated() {
      let (place, column) = index.quotientAndRemainder(dividingBy: columns)
      let number = Float(scaler.scaled(value, column: column))
      guard number.isFinite else {
        throw FeatureFault.unusableNumber(
          value.isFinite
            ? "\(value) is too large for single precision"
            : "a value is not a finite number",
          at: original.place(indices[place], column))
      }
      scaled.append(number)
    }
    return Matrix(rows: indices.count, columns: columns, values: scaled)
  }
}

extension SampleSource {
  /// Where a number stands, counted from 0 unless the file has names.
  func place(_ row: Int, _ column: Int) -> String {
    (self as? any PlacedSource)?.place(row: row, column: column)
      ?? "row \(row), column \(column)"
  }
}
