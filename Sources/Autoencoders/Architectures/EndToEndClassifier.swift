import Execution
import LinearAlgebra
import ONNX

/// `end-to-end-occ`: a network that reconstructs images from noisy ones
/// against a discriminator that learns to tell those from the images.
///
/// After Sabokrou et al. 2018 (arXiv 1802.09088, equations 1 to 4).
/// What cannot be reconstructed well the discriminator does not take for real.
struct EndToEndClassifier: Learner {
  /// Reconstructor, discriminator (logits of being real).
  var networks: [Network<Float>]
  let names = ["reconstructor", "discriminator"]
  let latentSize: Int
  private let encoderDepth: Int
  private let scoresByReconstruction: Bool

  /// The deviation of the noise on the reconstructor's input.
  private static let noise: Float = 0.2
  /// The weight of the adversarial loss beside the mean squared error.
  private static let weight = 0.05

  init(
    _ shape: ImageShape, filters: [Int], scoresByReconstruction: Bool,
    seed: UInt64?
  ) throws {
    var stack = LayerStack(input: shape)
    try stack.convolutions(filters)
    let encoder = stack
    try stack.transposedConvolutions(undoing: encoder)
    networks = [
      Network(
        stack, seed: seed, stream: RandomPurpose.initialization.stream),
      try .binaryClassifier(
        of: shape, filters: filters, seed: seed, stream: 1),
    ]
    latentSize = encoder.output.count
    encoderDepth = encoder.layers.count
    self.scoresByReconstruction = scoresByReconstruction
  }

  mutating func step(
    _ batch: Batch<Float>, _ moment: TrainingMoment,
    _ optimizers: inout [Adam]
  ) -> Double {
    let tape = networks[0].record(batch.noisy(deviation: Self.noise, moment))
    var losses = [
      networks[1].learn(
        label: 1, of: batch, addingTo: &optimizers[1].gradient),
      networks[1].learn(
        label: 0, of: tape.output, addingTo: &optimizers[1].gradient),
    ]
    optimizers[1].step(
      &networks[1].parameters, learningRate: moment.learningRate)

    let error = tape.output.meanSquaredError(to: batch)
    if let adversarial = networks[1].crossEntropy(
      label: 1, of: tape.output, weight: Self.weight)
    {
      error.gradient.add(adversarial.gradient)
      losses.append(adversarial.value)
    }
    networks[0].backward(
      error.gradient, tape, addingTo: &optimizers[0].gradient)
    optimizers[0].step(
      &networks[0].parameters, learningRate: moment.learningRate)
    return losses.allSatisfy(\.isFinite) ? error.value : .nan
  }

  func loss(_ batch: Batch<Float>) -> Double {
    networks[0](batch).meanSquaredError(to: batch).value
  }

  func scores(_ batch: Batch<Float>) -> [Float] {
    scoresByReconstruction
      ? reconstructionErrors(batch)
      : networks[1](networks[0](batch)).array.map { -$0 }
  }

  func addScores(
    of images: ONNXImages, to graph: inout ONNXGraph
  ) -> ONNXGraph.Value {
    let reconstruction = networks[0].add(images, to: &graph)
    return scoresByReconstruction
      ? images.distance(to: reconstruction, in: &graph)
      : graph(
        "Neg",
        graph.reshaped(
          networks[1].add(reconstruction, to: &graph).flat(in: &graph), [-1]))
  }

  func codes(_ batch: Batch<Float>) -> Batch<Float> {
    networks[0](batch, layers: 0..<encoderDepth)
  }

  func images(_ codes: Batch<Float>) -> Batch<Float>? {
    networks[0](codes, layers: encoderDepth..<networks[0].layers.count)
  }
}
