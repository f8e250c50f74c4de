import Execution

/// How the square patches of a big image lie on the pixels of a small one.
///
/// A convolution goes from the big image to the small one, a transposed
/// convolution back; each is the other's gradient. Both keep the weights as
/// [kernel row, kernel column, big channel, small channel]. A transposed
/// convolution that takes over the geometry of a convolution gives exactly
/// its input size, whatever that is; big pixels under no patch get the bias.
///
/// The images are rows of pixels with the channels of a pixel side by side
/// (NHWC). Sums run over *patches*: the values under every small pixel's patch
/// side by side, [small pixel, kernel row, kernel column, big channel].
package struct PatchGeometry: Hashable, Sendable {
  package let big: ImageShape
  package let small: ImageShape
  package let kernel: Int
  package let stride: Int
  package let padding: Int

  /// Nil when the big image is too small for one patch.
  package init?(
    big: ImageShape, smallChannels: Int, kernel: Int, stride: Int, padding: Int
  ) {
    let height = big.height + 2 * padding - kernel
    let width = big.width + 2 * padding - kernel
    guard height >= 0, width >= 0 else { return nil }
    self.big = big
    self.kernel = kernel
    self.stride = stride
    self.padding = padding
    small = ImageShape(
      height: height / stride + 1, width: width / stride + 1,
      channels: smallChannels)
  }

  /// Numbers in one patch.
  var patchSize: Int { kernel * kernel * big.channels }
  /// Small pixels, each with its patch.
  var patchCount: Int { small.height * small.width }
  package var weightCount: Int { patchSize * small.channels }
}
