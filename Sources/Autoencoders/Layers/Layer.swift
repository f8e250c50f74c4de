import Execution
import LinearAlgebra

/// One step of a network.
package enum Layer: Hashable, Sendable {
  case convolution(Convolution)
  case transposedConvolution(TransposedConvolution)
  case linear(Linear)
  case batchNormalization(BatchNormalization)
  case activation(Activation)

  /// Whether an image's output depends on that image alone and is computed
  /// image by image.
  var isImageByImage: Bool {
    switch self {
    case .convolution, .transposedConvolution, .activation: true
    case .linear, .batchNormalization: false
    }
  }

  /// The shape of the output; nil for an activation, which keeps its input's.
  var output: ImageShape? {
    switch self {
    case .convolution(let layer): layer.output
    case .transposedConvolution(let layer): layer.output
    case .linear(let layer): layer.output
    case .batchNormalization(let layer): layer.shape
    case .activation: nil
    }
  }

  var activation: Activation? {
    if case .activation(let activation) = self { activation } else { nil }
  }

  /// Whether it can take sixteen images side by side; see `ImageLanes`.
  var worksInLanes: Bool {
    switch self {
    case .convolution(let layer): LaneKernels(layer.geometry) != nil
    case .transposedConvolution(let layer): LaneKernels(layer.geometry) != nil
    // It has to leave the border of zeros as it is.
    case .activation(let activation): activation != .sigmoid
    case .linear, .batchNormalization: false
    }
  }

  var parameterCount: Int {
    switch self {
    case .convolution(let layer): layer.geometry.weightCount + layer.biasCount
    case .transposedConvolution(let layer):
      layer.geometry.weightCount + layer.biasCount
    case .linear(let layer): layer.weightCount + layer.biasCount
    case .batchNormalization(let layer): layer.parameterCount
    case .activation: 0
    }
  }

  /// Numbers that move with the batches but are not trained.
  var statisticCount: Int {
    switch self {
    case .batchNormalization(let layer): layer.statisticCount
    default: 0
    }
  }

  /// Numbers of scratch memory that one image needs.
  var scratchCount: Int {
    switch self {
    case .convolution(let layer):
      PatchProducts<Float>.scratchCount(layer.geometry)
    case .transposedConvolution(let layer):
      PatchProducts<Float>.scratchCount(layer.geometry)
    default: 0
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
    case .transposedConvolution(let layer): fanIn = layer.geometry.patchSize
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

/// The layers of a network under construction, each taking the shape that the
/// one before it gives.
package struct LayerStack {
  package private(set) var layers: [Layer] = []
  package let input: ImageShape
  package private(set) var output: ImageShape

  package init(input: ImageShape) {
    self.input = input
    output = input
  }

  /// A convolution to `channels`.
  ///
  /// - Throws: `AutoencoderFault.imageTooSmall`.
  package mutating func convolution(
    _ channels: Int, kernel: Int, stride: Int, padding: Int, bias: Bool = true
  ) throws {
    guard
      let geometry = PatchGeometry(
        big: output, smallChannels: channels, kernel: kernel, stride: stride,
        padding: padding)
    else { throw AutoencoderFault.imageTooSmall(output) }
    append(.convolution(Convolution(geometry: geometry, hasBias: bias)))
  }

  /// A transposed convolution to `channels` that gives the size which
  /// `geometry` took.
  ///
  /// - Throws: `AutoencoderFault.imageTooSmall`.
  package mutating func transposedConvolution(
    _ channels: Int, undoing geometry: PatchGeometry
  ) throws {
    let big = ImageShape(
      height: geometry.big.height, width: geometry.big.width,
      channels: channels)
    guard
      let geometry = PatchGeometry(
        big: big, smallChannels: output.channels, kernel: geometry.kernel,
        stride: geometry.stride, padding: geometry.padding)
    else { throw AutoencoderFault.imageTooSmall(output) }
    append(
      .transposedConvolution(
        TransposedConvolution(geometry: geometry, hasBias: true)))
  }

  /// A fully connected layer to as many numbers as `shape` has.
  package mutating func linear(_ shape: ImageShape, bias: Bool = true) {
    append(.linear(Linear(input: output, output: shape, hasBias: bias)))
  }

  package mutating func linear(_ features: Int, bias: Bool = true) {
    linear(ImageShape(features: features), bias: bias)
  }

  package mutating func batchNormalization(affine: Bool = true) {
    append(
      .batchNormalization(
        BatchNormalization(shape: output, isAffine: affine)))
  }

  package mutating func activation(_ activation: Activation) {
    append(.activation(activation))
  }

  private mutating func append(_ layer: Layer) {
    layers.append(layer)
    output = layer.output ?? output
  }
}

extension ImageShape {
  /// A row of numbers as an image of one pixel.
  package init(features: Int) {
    self.init(height: 1, width: 1, channels: features)
  }
}
