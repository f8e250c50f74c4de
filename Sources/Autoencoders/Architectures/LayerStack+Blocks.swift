import Execution
import LinearAlgebra

/// Where batch normalisation stands.
enum NormalizationPlace {
  case none
  case beforeActivation
  case afterActivation
}

extension LayerStack {
  private mutating func activation(
    _ activation: Activation, _ place: NormalizationPlace,
    affine: Bool = true
  ) {
    if place == .beforeActivation { batchNormalization(affine: affine) }
    self.activation(activation)
    if place == .afterActivation { batchNormalization(affine: affine) }
  }

  /// Convolutions of stride 2, each followed by the activation.
  mutating func convolutions(
    _ filters: [Int], kernel: Int = 4, activation: Activation = .relu,
    normalization: NormalizationPlace = .none, bias: Bool = true,
    affine: Bool = true
  ) throws {
    for channels in filters {
      try convolution(
        channels, kernel: kernel, stride: 2, padding: 1, bias: bias)
      self.activation(activation, normalization, affine: affine)
    }
  }

  /// The transposed convolutions that undo an encoder's, the activation
  /// between them and `last` at the end.
  mutating func transposedConvolutions(
    undoing encoder: LayerStack, activation: Activation = .relu,
    normalization: NormalizationPlace = .none, last: Activation = .tanh
  ) throws {
    let geometries = encoder.geometries
    for (place, geometry) in geometries.enumerated().reversed() {
      try transposedConvolution(geometry.big.channels, undoing: geometry)
      if place > 0 {
        self.activation(activation, normalization)
      } else {
        self.activation(last)
      }
    }
  }

  /// Fully connected layers with the activation after each but the last.
  mutating func linears(_ widths: [Int], activation: Activation = .relu) {
    for (place, width) in widths.enumerated() {
      linear(width)
      if place < widths.count - 1 { self.activation(activation) }
    }
  }

  /// The geometries of the convolutions, in order.
  private var geometries: [PatchGeometry] {
    layers.compactMap {
      if case .convolution(let layer) = $0 { layer.geometry } else { nil }
    }
  }

  /// An encoder of convolutions and a fully connected layer, and its decoder.
  static func encoderAndDecoder(
    of shape: ImageShape, filters: [Int], latentSize: Int
  ) throws -> (encoder: LayerStack, decoder: LayerStack) {
    var encoder = LayerStack(input: shape)
    try encoder.convolutions(filters)
    let convolutions = encoder
    encoder.linear(latentSize)
    var decoder = LayerStack(input: ImageShape(features: latentSize))
    decoder.linear(convolutions.output)
    decoder.activation(.relu)
    try decoder.transposedConvolutions(undoing: convolutions)
    return (encoder, decoder)
  }
}
