import LinearAlgebra
import ONNX

/// Rows of a model that samples are compared with in a graph of ONNX.
struct ONNXRows {
  private let rows: Matrix
  /// The mean of the rows, from which samples are seen: products then cancel
  /// least.
  private let origin: [Double]

  init(_ rows: Matrix) {
    self.rows = rows
    origin = rows.columnMeans()
  }

  /// The squared distances of samples in single precision to the rows, in double
  /// precision: samples x rows.
  func squares(
    to samples: ONNXGraph.Value, in graph: inout ONNXGraph
  ) -> ONNXGraph.Value {
    let seen = rows.values.enumerated().map {
      Double($1) - origin[$0 % rows.columns]
    }
    let norms = (0..<rows.rows).map { row in
      seen[row * rows.columns..<(row + 1) * rows.columns].reduce(0.0) {
        $0 + $1 * $1
      }
    }
    let centered = graph("Sub", graph.doubles(samples), graph.constant(origin))
    let products = graph(
      "MatMul", centered,
      graph(
        "Transpose", graph.constant(seen, shape: [rows.rows, rows.columns])))
    let lengths = graph(
      "Add", graph.squaredNorms(centered, isColumn: true),
      graph.constant(norms))
    let squares = graph(
      "Sub", lengths,
      graph("Mul", products, graph.constant([2.0], shape: [])))
    return graph("Max", squares, graph.constant([0.0], shape: []))
  }

  /// The distances of samples to the nearest rows, rising, and which rows these
  /// are: samples x `count` each.
  func nearest(
    _ count: Int, to samples: ONNXGraph.Value, in graph: inout ONNXGraph
  ) -> (distances: ONNXGraph.Value, rows: ONNXGraph.Value) {
    let found = graph.smallest(count, of: squares(to: samples, in: &graph))
    // The products that found them may have cancelled.
    let differences = graph(
      "Sub",
      graph.reshaped(graph.doubles(samples), [-1, 1, rows.columns]),
      graph("Gather", graph.constant(of: rows), found.places))
    let exact = graph(
      "Sqrt",
      graph(
        "ReduceSumSquare", differences,
        attributes: ["axes": [2], "keepdims": 0]))
    let sorted = graph.smallest(count, of: exact)
    return (
      sorted.values,
      graph(
        "GatherElements", found.places, sorted.places, attributes: ["axis": 1])
    )
  }
}

extension ONNXGraph {
  /// The rows as an array of the model, in double precision.
  mutating func constant(of rows: Matrix) -> Value {
    constant(rows.values.map(Double.init), shape: [rows.rows, rows.columns])
  }

  /// The smallest numbers of every row, rising, and where they stand in it.
  fileprivate mutating func smallest(
    _ count: Int, of values: Value
  ) -> (values: Value, places: Value) {
    let found = self(
      "TopK", [values, constant([count])], outputs: 2,
      attributes: ["axis": 1, "largest": 0])
    return (found[0], found[1])
  }
}
