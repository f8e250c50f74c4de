import Execution
import ONNX

/// Images in a graph of ONNX.
struct ONNXImages {
  var value: ONNXGraph.Value
  var shape: ImageShape
  /// Whether the channels stand before rows and columns, as convolutions of ONNX
  /// have them, not behind as everywhere else.
  var areChannelsFirst = false

  /// The values side by side as in a `Batch`: images x values.
  func flat(in graph: inout ONNXGraph) -> ONNXGraph.Value {
    guard areChannelsFirst else { return value }
    let last = graph(
      "Transpose", value, attributes: ["perm": [0, 2, 3, 1]])
    return graph.reshaped(last, [-1, shape.count])
  }

  /// images x channels x height x width.
  func channelsFirst(in graph: inout ONNXGraph) -> ONNXGraph.Value {
    guard !areChannelsFirst else { return value }
    let last = graph.reshaped(
      value, [-1, shape.height, shape.width, shape.channels])
    return graph("Transpose", last, attributes: ["perm": [0, 3, 1, 2]])
  }
}

extension ONNXImages {
  /// The sum of the squared differences of each image, in double precision.
  func squaredDistance(
    to other: ONNXImages, in graph: inout ONNXGraph
  ) -> ONNXGraph.Value {
    let difference = graph("Sub", flat(in: &graph), other.flat(in: &graph))
    return graph.squaredNorms(graph.doubles(difference))
  }

  /// Its root.
  func distance(
    to other: ONNXImages, in graph: inout ONNXGraph
  ) -> ONNXGraph.Value {
    graph("Sqrt", squaredDistance(to: other, in: &graph))
  }
}

extension Network where Scalar == Float {
  /// Adds the layers to a graph; gives what they make of images.
  func add(
    _ images: ONNXImages, to graph: inout ONNXGraph
  ) -> ONNXImages {
    var (images, statistics) = (images, statistics[...])
    for (layer, offset) in zip(layers, parameterOffsets) {
      let own = Array(parameters[offset..<offset + layer.parameterCount])
      let moments = Array(statistics.prefix(layer.statisticCount))
      statistics = statistics.dropFirst(layer.statisticCount)
      switch layer {
      case .convolution(let layer): layer.apply(own, to: &images, in: &graph)
      case .linear(let layer): layer.apply(own, to: &images, in: &graph)
      case .batchNormalization(let layer):
        layer.apply(own, moments, to: &images, in: &graph)
      case .activation(let activation):
        images.value = activation.added(to: images.value, in: &graph)
      }
    }
    return images
  }
}

extension Convolution {
  fileprivate func apply(
    _ parameters: [Float], to images: inout ONNXImages,
    in graph: inout ONNXGraph
  ) {
    let (side, stride, padding) = (
      geometry.kernel, geometry.stride, geometry.padding
    )
    let kernel = graph(
      "Transpose",
      graph.constant(
        Array(parameters.prefix(geometry.weightCount)),
        shape: [
          side, side, geometry.big.channels, geometry.small.channels,
        ]), attributes: ["perm": [3, 2, 0, 1]])
    var inputs = [images.channelsFirst(in: &graph), kernel]
    if hasBias {
      inputs.append(
        graph.constant(Array(parameters.dropFirst(geometry.weightCount))))
    }
    // What a convolution left over below and at the right of the big image.
    let rest = [
      geometry.big.height - (geometry.small.height - 1) * stride - side
        + 2 * padding,
      geometry.big.width - (geometry.small.width - 1) * stride - side
        + 2 * padding,
    ]
    let square: ONNXGraph.Attribute = .integers([side, side])
    let strides: ONNXGraph.Attribute = .integers([stride, stride])
    let pads: ONNXGraph.Attribute = .integers(
      [Int](repeating: padding, count: 4))
    images.value =
      isTransposed
      ? graph(
        "ConvTranspose", inputs,
        attributes: [
          "kernel_shape": square, "strides": strides, "pads": pads,
          "output_padding": .integers(rest),
        ])
      : graph(
        "Conv", inputs,
        attributes: [
          "kernel_shape": square, "strides": strides, "pads": pads,
        ])
    images.shape = output
    images.areChannelsFirst = true
  }
}

extension Linear {
  fileprivate func apply(
    _ parameters: [Float], to images: inout ONNXImages,
    in graph: inout ONNXGraph
  ) {
    let product = graph(
      "MatMul", images.flat(in: &graph),
      graph.constant(
        Array(parameters.prefix(weightCount)),
        shape: [input.count, output.count]))
    images = ONNXImages(
      value: hasBias
        ? graph(
          "Add", product,
          graph.constant(Array(parameters.dropFirst(weightCount))))
        : product, shape: output)
  }
}

extension BatchNormalization {
  fileprivate func apply(
    _ parameters: [Float], _ statistics: [Float],
    to images: inout ONNXImages, in graph: inout ONNXGraph
  ) {
    let moments = moments(of: statistics)
    func perChannel(_ values: [Float]) -> ONNXGraph.Value {
      graph.constant(values, shape: [channels, 1, 1])
    }
    let centered = graph(
      "Sub", images.channelsFirst(in: &graph),
      perChannel(moments.mean.map { Float($0) }))
    let scales = moments.inverseDeviation.map { Float($0) }
    images.value = graph(
      "Mul", centered,
      perChannel(
        isAffine ? zip(scales, parameters).map { $0 * $1 } : scales))
    if isAffine {
      images.value = graph(
        "Add", images.value,
        perChannel(Array(parameters.dropFirst(channels))))
    }
    images.areChannelsFirst = true
  }
}

extension Activation {
  fileprivate func added(
    to value: ONNXGraph.Value, in graph: inout ONNXGraph
  ) -> ONNXGraph.Value {
    switch self {
    case .relu: graph("Relu", value)
    case .leakyReLU(let slope):
      graph("LeakyRelu", value, attributes: ["alpha": .number(slope)])
    case .tanh: graph("Tanh", value)
    case .sigmoid: graph("Sigmoid", value)
    }
  }
}
