import Execution
import LinearAlgebra

/// What networks that give one logit a sample share: discriminators and
/// classifiers, without batch normalisation.
extension Network where Scalar == Float {
  /// Adds the gradient of the cross-entropy with the label; gives the loss.
  mutating func learn(
    label: Float, of batch: Batch<Float>, weight: Double = 1,
    addingTo gradient: inout [Float]
  ) -> Double {
    let tape = record(batch)
    let loss = tape.output.crossEntropy(label: label, weight: weight)
    backward(loss.gradient, tape, addingTo: &gradient)
    return loss.value
  }

  /// The cross-entropy with the label, and its gradient by the samples.
  func crossEntropy(
    label: Float, of batch: Batch<Float>, weight: Double = 1
  ) -> Loss<Float>? {
    var network = self
    var ignored = [Float](repeating: 0, count: parameters.count)
    let tape = network.record(batch)
    let loss = tape.output.crossEntropy(label: label, weight: weight)
    let gradient = network.backward(
      loss.gradient, tape, addingTo: &ignored, wantsInputGradient: true)
    return gradient.map { Loss(value: loss.value, gradient: $0) }
  }

  /// A convolutional network from images to a logit.
  static func binaryClassifier(
    of shape: ImageShape, filters: [Int], seed: UInt64?, stream: UInt64
  ) throws -> Network {
    var stack = LayerStack(input: shape)
    try stack.convolutions(filters, activation: .leakyReLU(slope: 0.2))
    stack.linear(1)
    return Network(
      stack, seed: seed,
      stream: RandomPurpose.initialization.stream + stream)
  }
}
