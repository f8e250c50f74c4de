import Execution
import LinearAlgebra
import ONNX

/// Squared Mahalanobis distances (x - m)ᵀ C⁻¹ (x - m).
struct WhitenedDistance {
  /// m.
  let mean: [Double]
  /// T, upper triangular, with C⁻¹ = T Tᵀ, row after row.
  let whitening: [Double]

  /// The squared distances in single precision.
  func scores(
    of samples: Matrix, in context: RunContext
  ) throws -> [Float] {
    try squares(of: samples, in: context).map {
      Float(min($0, Double(Float.greatestFiniteMagnitude)))
    }
  }

  /// The squared distances.
  func squares(
    of samples: Matrix, in context: RunContext
  ) throws -> [Double] {
    let columns = mean.count
    return try context.fill(
      samples.rows, blockSize: 256, stage: "scoring"
    ) { rows, squares in
      withUnsafeTemporaryAllocation(
        of: Double.self, capacity: 2 * rows.count * columns
      ) { scratch in
        guard let vectors = scratch.baseAddress else { return }
        let whitened = vectors + rows.count * columns
        CenteredSamples(samples, mean: mean).copy(
          rows: rows, columns: 0..<columns, to: vectors)
        BLAS.multiply(
          m: rows.count, n: columns, k: columns,
          vectors, stride: columns, .plain, whitening, stride: columns,
          into: whitened, stride: columns)
        for place in 0..<rows.count {
          let square = (place * columns..<(place + 1) * columns).reduce(0.0) {
            $0 + whitened[$1] * whitened[$1]
          }
          squares.initializeElement(at: place, to: square)
        }
      }
    }
  }

  /// Adds the squared distances of samples to a graph, in double precision.
  func addSquares(
    of samples: ONNXGraph.Value, to graph: inout ONNXGraph
  ) -> ONNXGraph.Value {
    let centered = graph("Sub", graph.doubles(samples), graph.constant(mean))
    return graph.squaredNorms(
      graph(
        "MatMul", centered,
        graph.constant(whitening, shape: [mean.count, mean.count])))
  }

  /// By how much the distance falls where one feature alone has the value that
  /// the others make expected.
  ///
  /// With a = C⁻¹ (x - m), aⱼ² / (C⁻¹)ⱼⱼ (Alcala and Qin, "Reconstruction-based
  /// contribution for process monitoring", Automatica 2009). Of a sample that is
  /// off in one feature, that one has the most.
  func attributions(of samples: Matrix) -> Matrix {
    let columns = mean.count
    let diagonal = (0..<columns).map { row in
      (row..<columns).reduce(0.0) {
        let value = whitening[row * columns + $1]
        return $0 + value * value
      }
    }
    var parts = Matrix(rows: samples.rows, columns: columns)
    for row in 0..<samples.rows {
      let vector = (0..<columns).map {
        Double(samples[row, $0]) - mean[$0]
      }
      let whitened = (0..<columns).map { column in
        (0...column).reduce(0.0) {
          $0 + vector[$1] * whitening[$1 * columns + column]
        }
      }
      for feature in 0..<columns {
        let gradient = (feature..<columns).reduce(0.0) {
          $0 + whitening[feature * columns + $1] * whitened[$1]
        }
        parts[row, feature] = Float(
          min(
            gradient * gradient / diagonal[feature],
            Double(Float.greatestFiniteMagnitude)))
      }
    }
    return parts
  }
}
