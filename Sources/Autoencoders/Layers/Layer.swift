import Execution

/// One step of a network.
package enum Layer: Hashable, Sendable {
  case convolution(Convolution)
  case linear(Linear)
  case batchNormalization(BatchNormalization)
  case activation(Activation)

  /// The shape of the output; nil for an activation, which keeps its input's.
  var output: ImageShape? {
    switch self {
    case .convolution(let layer): layer.output
    case .linear(let layer): layer.output
    case .batchNormalization(let layer): layer.shape
    case .activation: nil
    }
  }

  var activation: Activation? {
    if case .activation(let activation) = self { activation } else { nil }
  }

  var parameterCount: Int {
    switch self {
    case .convolution(let layer): layer.parameterCount
    case .linear(let layer): layer.parameterCount
    case .batchNormalization(let layer): layer.parameterCount
    case .activation: 0
    }
  }

  /// Numbers that move with the batches but are not trained.
  var statisticCount: Int {
    if case .batchNormalization(let layer) = self {
      layer.statisticCount
    } else {
      0
    }
  }

  /// The parameters that training starts from: PyTorch's defaults, uniform
  /// within ±1/√fan-in, where the fan-in of a transposed convolution counts
  /// its output channels (`torch.nn.init._calculate_fan_in_and_fan_out`).
  func initialParameters<Scalar: NetworkScalar>(
    _ generator: inout SeededGenerator
  ) -> [Scalar] {
    let fanIn: Int
    switch self {
    case .convolution(let layer): fanIn = layer.geometry.patchSize
    case .linear(let layer): fanIn = layer.input.count
    case .batchNormalization(let layer):
      guard layer.isAffine else { return [] }
      return [Scalar](repeating: 1, count: layer.channels)
        + [Scalar](repeating: 0, count: layer.channels)
    case .activation: return []
    }
    let bound = 1 / Double(fanIn).squareRoot()
    return (0..<parameterCount).map { _ in
      Scalar((2 * generator.uniform() - 1) * bound)
    }
  }

  /// Mean 0 and variance 1, until the first batch moves them.
  func initialStatistics<Scalar: NetworkScalar>() -> [Scalar] {
    [Scalar](repeating: 0, count: statisticCount / 2)
      + [Scalar](repeating: 1, count: statisticCount / 2)
  }
}

/// A layer of a trained network as reports tell it.
public struct LayerDescription: Hashable, Sendable {
  /// Of the networks of an architecture, such as "decoder".
  public let network: String
  /// Such as "convolution 5x5, stride 2".
  public let layer: String
  /// Height, width and channels of what it gives.
  public let output: ImageShape
  /// The numbers that are trained.
  public let parameterCount: Int
}

extension Network {
  /// From the input on.
  ///
  /// - Parameter name: Of this network among those of its architecture.
  func layers(named name: String) -> [LayerDescription] {
    var shape = input
    return layers.map { layer in
      shape = layer.output ?? shape
      return LayerDescription(
        network: name, layer: layer.inWords, output: shape,
        parameterCount: layer.parameterCount)
    }
  }
}

extension Layer {
  fileprivate var inWords: String {
    switch self {
    case .convolution(let layer):
      (layer.isTransposed ? "transposed convolution" : "convolution")
        + " \(layer.geometry.kernel)x\(layer.geometry.kernel)"
        + ", stride \(layer.geometry.stride)"
    case .linear: "linear"
    case .batchNormalization: "batch normalisation"
    case .activation(.relu): "ReLU"
    case .activation(.leakyReLU(let slope)): "leaky ReLU \(slope)"
    case .activation(.tanh): "tanh"
    case .activation(.sigmoid): "sigmoid"
    }
  }
}
