import Execution
import ONNX

extension LocalFeatures {
  /// Adds the features to a graph, on the finest grid: pictures x channels x
  /// rows x columns.
  ///
  /// - Parameters:
  ///   - pictures: Pictures x values, the channels of a pixel side by side, in
  ///     single precision, intensities from 0 to 1.
  ///   - shape: Of a picture.
  /// - Throws: `ONNXFault.notExported` for pictures that would be resampled.
  package func addFeatures(
    of pictures: ONNXGraph.Value, shape: ImageShape, to graph: inout ONNXGraph
  ) throws -> ONNXGraph.Value {
    let (height, width) = (rows * Self.cellSide, columns * Self.cellSide)
    guard height == shape.height, width == shape.width else {
      throw ONNXFault.notExported(
        "a model of pictures of \(shape.width)x\(shape.height) pixels",
        reason: "local features resample them to \(width)x\(height)")
    }
    let picture = graph(
      "Transpose",
      graph.reshaped(
        pictures, [-1, shape.height, shape.width, shape.channels]),
      attributes: ["perm": [0, 3, 1, 2]])
    let luma: [Float] = shape.channels == 1 ? [1] : [0.299, 0.587, 0.114]
    let brightness = graph.mixed(picture, weights: [luma])
    func gradients() -> ONNXGraph.Value {
      addGradients(
        of: brightness, height: height, width: width, to: &graph)
    }
    func colors() -> ONNXGraph.Value {
      addColors(
        of: picture, channels: shape.channels, height: height, width: width,
        to: &graph)
    }
    return switch channels {
    case .all:
      graph(
        "Concat", [gradients(), colors()], attributes: ["axis": 1])
    case .gradients: gradients()
    case .color: colors()
    case .pixels: graph.means(of: brightness, side: Self.cellSide)
    }
  }

  private func addGradients(
    of brightness: ONNXGraph.Value, height: Int, width: Int,
    to graph: inout ONNXGraph
  ) -> ONNXGraph.Value {
    var (height, width) = (height, width)
    var octave = graph.blurred(
      brightness, by: 0.8, height: height, width: width)
    var parts: [ONNXGraph.Value] = []
    for (index, settings) in Self.octaves.enumerated() {
      if index > 0 {
        octave = graph.halved(octave, height: height, width: width)
        (height, width) = (height / 2, width / 2)
      }
      for cells in OrientedGradients.addCells(
        of: octave, side: Self.cellSide >> index,
        dividedByMeanOver: settings.around, height: height, width: width,
        to: &graph)
      {
        let smooth = graph.blurred(
          cells, by: settings.smoothing, height: rows, width: columns)
        parts.append(graph("Sqrt", smooth))
      }
    }
    return graph("Concat", parts, attributes: ["axis": 1])
  }

  private func addColors(
    of picture: ONNXGraph.Value, channels: Int, height: Int, width: Int,
    to graph: inout ONNXGraph
  ) -> ONNXGraph.Value {
    // Brightness, red against green, yellow against blue.
    func row(_ red: Float, _ green: Float, _ blue: Float) -> [Float] {
      var weights = [Float](repeating: 0, count: channels)
      weights[0] += red
      weights[channels / 2] += green
      weights[channels - 1] += blue
      return weights
    }
    let opponents = [
      row(1 / 3, 1 / 3, 1 / 3), row(1, -1, 0), row(0.5, 0.5, -1),
    ]
    let cells = graph.mixed(
      graph.means(of: picture, side: Self.cellSide), weights: opponents)
    let depth = Self.borderDepth
    let places = (0..<height * width).filter {
      let (y, x) = ($0 / width, $0 % width)
      return y < depth || y >= height - depth || x < depth || x >= width - depth
    }
    let border = graph(
      "Gather", graph.reshaped(picture, [-1, channels, height * width]),
      graph.constant(places), attributes: ["axis": 2])
    let lower = graph(
      "TopK", [border, graph.constant([places.count / 2 + 1])], outputs: 2,
      attributes: ["axis": 2, "largest": 0])[0]
    let middle = graph(
      "Gather", lower,
      graph.constant([(places.count - 1) / 2, places.count / 2]),
      attributes: ["axis": 2])
    let median = graph(
      "ReduceMean", middle, attributes: ["axes": [2], "keepdims": 1])
    let ground = graph.mixed(
      graph.reshaped(median, [-1, channels, 1, 1]), weights: opponents)
    let colors = graph("Sub", cells, ground)
    let scales = Self.colorDeviations.map {
      graph.blurred(colors, by: $0, height: rows, width: columns)
    }
    return graph("Concat", scales, attributes: ["axis": 1])
  }
}

extension OrientedGradients {
  /// Adds the raw and the normalised strengths of every cell to a graph.
  fileprivate static func addCells(
    of picture: ONNXGraph.Value, side: Int, dividedByMeanOver deviation: Float,
    height: Int, width: Int, to graph: inout ONNXGraph
  ) -> [ONNXGraph.Value] {
    let padded = graph(
      "Pad", picture, graph.constant([0, 0, 1, 1, 0, 0, 1, 1]),
      attributes: ["mode": "reflect"])
    func sobel(_ weights: [Float]) -> ONNXGraph.Value {
      graph(
        "Conv", padded,
        graph.constant(weights.map { $0 / 8 }, shape: [1, 1, 3, 3]))
    }
    let across = sobel([-1, 0, 1, -2, 0, 2, -1, 0, 1])
    let down = sobel([-1, -2, -1, 0, 0, 0, 1, 2, 1])
    let magnitude = graph(
      "Sqrt",
      graph("Add", graph("Mul", across, across), graph("Mul", down, down)))
    func number(_ value: Float) -> ONNXGraph.Value {
      graph.constant([value], shape: [])
    }
    // The angle in eighths of a turn, from the first of eight sectors.
    let (level, steep) = (graph("Abs", across), graph("Abs", down))
    let slope = graph(
      "Div", graph("Min", level, steep),
      graph(
        "Add", graph("Max", level, steep),
        number(.leastNormalMagnitude)))
    var angle = graph("Mul", graph("Atan", slope), number(4 / .pi))
    for (turn, isTurned) in [
      (2, graph("Greater", steep, level)),
      (4, graph("Less", across, number(0))),
      (8, graph("Less", down, number(0))),
    ] as [(Float, ONNXGraph.Value)] {
      angle = graph("Where", isTurned, graph("Sub", number(turn), angle), angle)
    }
    let away = graph(
      "Abs",
      graph(
        "Sub", angle,
        graph.constant(
          (0..<directions).map { Float($0) }, shape: [directions, 1, 1])))
    let nearer = graph("Min", away, graph("Sub", number(8), away))
    let share = graph("Max", graph("Sub", number(1), nearer), number(0))
    let around = graph.blurred(
      magnitude, by: deviation, height: height, width: width)
    let relative = graph(
      "Div", magnitude, graph("Add", around, number(floor)))
    return [magnitude, relative].map {
      graph.means(of: graph("Mul", share, $0), side: side)
    }
  }
}

// Of pictures x channels x rows x columns.
extension ONNXGraph {
  /// As `Raster.blurred`.
  package mutating func blurred(
    _ value: Value, by deviation: Float, height: Int, width: Int
  ) -> Value {
    applied(to: value, height, width) { $0.blurred(deviation) }
  }

  /// As `Raster.halved`.
  fileprivate mutating func halved(
    _ value: Value, height: Int, width: Int
  ) -> Value {
    applied(to: value, height, width) { $0.halved() }
  }

  /// As `Raster.enlarged`.
  package mutating func enlarged(
    _ value: Value, from old: (height: Int, width: Int),
    to new: (height: Int, width: Int)
  ) -> Value {
    guard old != new else { return value }
    let wide = applied(to: value, columns: old.width) {
      $0.enlarged(height: new.width, width: 1)
    }
    return applied(to: wide, rows: old.height) {
      $0.enlarged(height: new.height, width: 1)
    }
  }

  /// As `Raster.means`.
  package mutating func means(of value: Value, side: Int) -> Value {
    guard side > 1 else { return value }
    return self(
      "AveragePool", value,
      attributes: [
        "kernel_shape": .integers([side, side]),
        "strides": .integers([side, side]),
      ])
  }

  /// Sums of channels with weights, a channel for each row of weights.
  fileprivate mutating func mixed(
    _ value: Value, weights: [[Float]]
  ) -> Value {
    self(
      "Conv", value,
      constant(
        weights.flatMap { $0 }, shape: [weights.count, weights[0].count, 1, 1]))
  }

  /// A step that treats rows and columns apart and alike.
  private mutating func applied(
    to value: Value, _ height: Int, _ width: Int, _ step: (Raster) -> Raster
  ) -> Value {
    let wide = applied(to: value, columns: width, step)
    return applied(to: wide, rows: height, step)
  }

  private mutating func applied(
    to value: Value, rows count: Int, _ step: (Raster) -> Raster
  ) -> Value {
    let matrix = matrix(of: step, size: count)
    return self("MatMul", matrix, value)
  }

  private mutating func applied(
    to value: Value, columns count: Int, _ step: (Raster) -> Raster
  ) -> Value {
    let matrix = matrix(of: step, size: count)
    return self("MatMul", value, self("Transpose", matrix))
  }

  /// What a linear step makes of a column of cells, as what it makes of unit
  /// vectors.
  private mutating func matrix(
    of step: (Raster) -> Raster, size: Int
  ) -> Value {
    var unit = [Float](repeating: 0, count: size * size)
    for place in 0..<size { unit[place * size + place] = 1 }
    let result = step(
      Raster(height: size, width: 1, channels: size, values: unit))
    return constant(result.values, shape: [result.height, size])
  }
}
