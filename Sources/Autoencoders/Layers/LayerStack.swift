import Execution

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
    append(
      .convolution(
        Convolution(geometry: geometry, isTransposed: false, hasBias: bias)))
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
      .convolution(
        Convolution(geometry: geometry, isTransposed: true, hasBias: true)))
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
