import Execution
import Foundation
import LinearAlgebra
import ONNX

/// Histograms of oriented gradients (Dalal and Triggs 2005, R-HOG) as
/// scikit-image computes them: 9 unsigned orientations, cells of 8x8 pixels,
/// blocks of 2x2 cells normalised by L2-Hys.
package struct HOGLayout {
  private static let cellSize = 8
  private static let blockSize = 2
  private static let orientations = 9
  /// What keeps the length of an empty block from being zero.
  private static let epsilon: Float = 1e-5
  /// The most that one orientation of a cell counts.
  private static let clip: Float = 0.2

  private let shape: ImageShape
  private let cellRows: Int
  private let cellColumns: Int

  /// - Throws: `FeatureFault.imageTooSmall` below 2x2 cells.
  package init(_ shape: ImageShape) throws {
    self.shape = shape
    cellRows = shape.height / Self.cellSize
    cellColumns = shape.width / Self.cellSize
    guard min(cellRows, cellColumns) >= Self.blockSize else {
      throw FeatureFault.imageTooSmall(
        shape, smallest: Self.cellSize * Self.blockSize)
    }
  }

  private var blockRows: Int { cellRows - Self.blockSize + 1 }
  private var blockColumns: Int { cellColumns - Self.blockSize + 1 }
  private var blockLength: Int {
    Self.blockSize * Self.blockSize * Self.orientations
  }

  /// The number of features of one image.
  package var count: Int { blockRows * blockColumns * blockLength }

  /// One row of features for every row of pixels.
  package func features(of pixels: Matrix) -> Matrix {
    let values: [Float] = Parallel.fill(
      pixels.rows * count, blockSize: count
    ) { range, features in
      let row = pixels.row(range.lowerBound / count)
      _ = features.initialize(from: blocks(of: cells(of: Array(row))))
    }
    return Matrix(rows: pixels.rows, columns: count, values: values)
  }

  /// The mean gradient magnitude of every cell by orientation.
  ///
  /// Of several channels each pixel takes the one with the strongest gradient.
  private func cells(of image: [Float]) -> [Float] {
    var histograms = [Float](
      repeating: 0, count: cellRows * cellColumns * Self.orientations)
    func value(_ row: Int, _ column: Int, _ channel: Int) -> Float {
      image[(row * shape.width + column) * shape.channels + channel]
    }
    for row in 0..<cellRows * Self.cellSize {
      for column in 0..<cellColumns * Self.cellSize {
        var strongest = SIMD2<Float>.zero
        for channel in 0..<shape.channels {
          // Gradients across the border are taken as zero.
          var gradient = SIMD2<Float>.zero
          if column > 0, column < shape.width - 1 {
            gradient.x =
              value(row, column + 1, channel) - value(row, column - 1, channel)
          }
          if row > 0, row < shape.height - 1 {
            gradient.y =
              value(row + 1, column, channel) - value(row - 1, column, channel)
          }
          if (gradient * gradient).sum() > (strongest * strongest).sum() {
            strongest = gradient
          }
        }
        let magnitude = (strongest * strongest).sum().squareRoot()
        guard magnitude > 0 else { continue }
        var angle = atan2(strongest.y, strongest.x) / .pi
        // Opposite directions are one, and so are 0 and a half turn.
        if angle < 0 { angle += 1 }
        if angle >= 1 { angle -= 1 }
        let bin = min(
          Int(angle * Float(Self.orientations)), Self.orientations - 1)
        let cell =
          row / Self.cellSize * cellColumns + column / Self.cellSize
        histograms[cell * Self.orientations + bin] +=
          magnitude / Float(Self.cellSize * Self.cellSize)
      }
    }
    return histograms
  }

  private func blocks(of histograms: [Float]) -> [Float] {
    var features: [Float] = []
    features.reserveCapacity(count)
    for row in 0..<blockRows {
      for column in 0..<blockColumns {
        var block: [Float] = []
        for cellRow in row..<row + Self.blockSize {
          let start = (cellRow * cellColumns + column) * Self.orientations
          block +=
            histograms[
              start..<start + Self.blockSize * Self.orientations]
        }
        features += Self.normalizedL2Hys(block)
      }
    }
    return features
  }

  /// To unit length, clipped at 0.2, and to unit length again (Lowe 2004).
  private static func normalizedL2Hys(_ block: [Float]) -> [Float] {
    func normalized(_ block: [Float]) -> [Float] {
      let square = block.reduce(0) { $0 + $1 * $1 }
      let norm = (square + Self.epsilon * Self.epsilon).squareRoot()
      return block.map { $0 / norm }
    }
    return normalized(normalized(block).map { min($0, clip) })
  }
}

extension HOGLayout {
  /// Adds the features of pictures to a graph, a row of them for each.
  ///
  /// - Parameter pixels: Pictures x height x width x channels.
  func addFeatures(
    of pixels: ONNXGraph.Value, to graph: inout ONNXGraph
  ) -> ONNXGraph.Value {
    let (x, y) = addGradients(of: pixels, to: &graph)
    let square = graph("Add", graph("Mul", x, x), graph("Mul", y, y))
    let zero = graph.constant([Float(0)], shape: [])
    // Opposite directions are one: both become the upper, and the right.
    let isTurned = graph(
      "Or", graph("Less", y, zero),
      graph("And", graph("Equal", y, zero), graph("Less", x, zero)))
    let sign = graph(
      "Where", isTurned, graph.constant([Float(-1)], shape: []),
      graph.constant([Float(1)], shape: []))
    let (right, up) = (graph("Mul", x, sign), graph("Mul", y, sign))
    // On the left of how many of the lines between two orientations.
    let angles = (1..<Self.orientations).map {
      Double($0) * .pi / Double(Self.orientations)
    }
    let lines = [Self.orientations - 1, 1, 1]
    let isBeyond = graph(
      "GreaterOrEqual",
      graph(
        "Mul", up, graph.constant(angles.map { Float(cos($0)) }, shape: lines)),
      graph(
        "Mul", right,
        graph.constant(angles.map { Float(sin($0)) }, shape: lines)))
    let bin = graph(
      "ReduceSum",
      graph("Cast", isBeyond, attributes: ["to": .type(.float32)]),
      graph.constant([1]), attributes: ["keepdims": 1])
    let isOwn = graph(
      "Equal", bin,
      graph.constant(
        (0..<Self.orientations).map { Float($0) },
        shape: [Self.orientations, 1, 1]))
    let votes = graph("Where", isOwn, graph("Sqrt", square), zero)
    let side: ONNXGraph.Attribute = .integers([Self.cellSize, Self.cellSize])
    let cells = graph(
      "AveragePool", votes,
      attributes: ["kernel_shape": side, "strides": side])
    return addBlocks(of: cells, to: &graph)
  }

  /// The gradients of every pixel, of its channel with the strongest: each
  /// pictures x 1 x height x width.
  private func addGradients(
    of pixels: ONNXGraph.Value, to graph: inout ONNXGraph
  ) -> (x: ONNXGraph.Value, y: ONNXGraph.Value) {
    let image = graph("Transpose", pixels, attributes: ["perm": [0, 3, 1, 2]])
    /// Differences across each pixel along an axis, zero at the border.
    func difference(axis: Int, size: Int) -> ONNXGraph.Value {
      func slice(_ range: Range<Int>) -> ONNXGraph.Value {
        graph(
          "Slice", image, graph.constant([range.lowerBound]),
          graph.constant([range.upperBound]), graph.constant([axis]))
      }
      var pads = [Int](repeating: 0, count: 8)
      (pads[axis], pads[axis + 4]) = (1, 1)
      return graph(
        "Pad", graph("Sub", slice(2..<size), slice(0..<size - 2)),
        graph.constant(pads))
    }
    let x = difference(axis: 3, size: shape.width)
    let y = difference(axis: 2, size: shape.height)
    guard shape.channels > 1 else { return (x, y) }
    let square = graph("Add", graph("Mul", x, x), graph("Mul", y, y))
    let strongest = graph(
      "ArgMax", square, attributes: ["axis": 1, "keepdims": 1])
    func chosen(_ gradient: ONNXGraph.Value) -> ONNXGraph.Value {
      graph("GatherElements", gradient, strongest, attributes: ["axis": 1])
    }
    return (chosen(x), chosen(y))
  }

  /// Blocks of cells, pictures x orientations x rows x columns, as rows of
  /// features.
  private func addBlocks(
    of cells: ONNXGraph.Value, to graph: inout ONNXGraph
  ) -> ONNXGraph.Value {
    var parts: [ONNXGraph.Value] = []
    for row in 0..<Self.blockSize {
      for column in 0..<Self.blockSize {
        parts.append(
          graph(
            "Slice", cells, graph.constant([row, column]),
            graph.constant([row + blockRows, column + blockColumns]),
            graph.constant([2, 3])))
      }
    }
    var blocks = graph("Concat", parts, attributes: ["axis": 1])
    func normalize() {
      let square = graph(
        "ReduceSumSquare", blocks, attributes: ["axes": [1], "keepdims": 1])
      let norm = graph(
        "Sqrt",
        graph(
          "Add", square,
          graph.constant([Self.epsilon * Self.epsilon], shape: [])))
      blocks = graph("Div", blocks, norm)
    }
    normalize()
    blocks = graph("Min", blocks, graph.constant([Self.clip], shape: []))
    normalize()
    let last = graph("Transpose", blocks, attributes: ["perm": [0, 2, 3, 1]])
    return graph.reshaped(last, [-1, count])
  }
}
