import Execution
import LinearAlgebra
import ONNX

/// `ocgan`: a denoising autoencoder whose codes fill the cube (-1, 1) evenly,
/// so that every code makes an ordinary image (Perera, Nallapati and Xiang
/// 2019, arXiv 1903.08550, algorithm 1).
///
/// A discriminator holds the codes to the uniform distribution, another the
/// images of random codes to the training images, and a weak classifier finds
/// the codes whose images are still bad: informative negatives.
struct OneClassGAN: Learner {
  /// Encoder, decoder, latent and visual discriminator, classifier.
  var networks: [Network<Float>]
  let names = [
    "encoder", "decoder", "latent_discriminator", "visual_discriminator",
    "classifier",
  ]
  let latentSize: Int

  /// The deviation of the noise on the encoder's input (section 4).
  private static let noise: Float = 0.2
  /// The weight of the mean squared error beside the adversarial losses
  /// (algorithm 1).
  private static let reconstructionWeight = 10.0
  /// Steps up the classifier's loss, and their length in the cube.
  private static let miningSteps = 3
  private static let miningLength: Float = 0.1

  init(
    _ shape: ImageShape, filters: [Int], latentSize: Int, seed: UInt64?
  ) throws {
    var (encoder, decoder) = try LayerStack.encoderAndDecoder(
      of: shape, filters: filters, latentSize: latentSize)
    encoder.activation(.tanh)
    var latentDiscriminator = LayerStack(input: encoder.output)
    latentDiscriminator.linears(
      [128, 64, 1], activation: .leakyReLU(slope: 0.2))
    networks = [encoder, decoder, latentDiscriminator].enumerated().map {
      Network(
        $1, seed: seed,
        stream: RandomPurpose.initialization.stream + UInt64($0))
    }
    for stream in 3..<5 as Range<UInt64> {
      networks.append(
        try .binaryClassifier(
          of: shape, filters: filters, seed: seed, stream: stream))
    }
    self.latentSize = latentSize
  }

  mutating func step(
    _ batch: Batch<Float>, _ moment: TrainingMoment,
    _ optimizers: inout [Adam]
  ) -> Double {
    let code = networks[0].record(batch.noisy(deviation: Self.noise, moment))
    let image = networks[1].record(code.output)
    let randomCode = uniformCodes(batch.rows, moment)
    let randomImage = networks[1](randomCode)
    var losses: [Double] = []

    for (index, real, fake) in [
      (4, image.output, randomImage), (2, randomCode, code.output),
      (3, batch, randomImage),
    ] {
      losses.append(
        networks[index].learn(
          label: 1, of: real, addingTo: &optimizers[index].gradient))
      losses.append(
        networks[index].learn(
          label: 0, of: fake, addingTo: &optimizers[index].gradient))
      optimizers[index].step(
        &networks[index].parameters, learningRate: moment.learningRate)
    }

    // The decoder answers for the negatives, ...
    let negative = networks[1].record(informativeNegatives(randomCode))
    if let loss = networks[3].crossEntropy(label: 1, of: negative.output) {
      networks[1].backward(
        loss.gradient, negative, addingTo: &optimizers[1].gradient)
      losses.append(loss.value)
    }
    // ... both for the reconstruction, the encoder for its codes.
    let error = image.output.meanSquaredError(
      to: batch, weight: Self.reconstructionWeight)
    let codeGradient = networks[1].backward(
      error.gradient, image, addingTo: &optimizers[1].gradient,
      wantsInputGradient: true)
    guard
      let codeGradient,
      let loss = networks[2].crossEntropy(label: 1, of: code.output)
    else { return .nan }
    codeGradient.add(loss.gradient)
    losses.append(loss.value)
    networks[0].backward(
      codeGradient, code, addingTo: &optimizers[0].gradient)
    for index in 0..<2 {
      optimizers[index].step(
        &networks[index].parameters, learningRate: moment.learningRate)
    }
    return losses.allSatisfy(\.isFinite)
      ? error.value / Self.reconstructionWeight : .nan
  }

  func loss(_ batch: Batch<Float>) -> Double {
    networks[1](networks[0](batch)).meanSquaredError(to: batch).value
  }

  func scores(_ batch: Batch<Float>) -> [Float] {
    reconstructionErrors(batch)
  }

  func addScores(
    of images: ONNXImages, to graph: inout ONNXGraph
  ) -> ONNXGraph.Value {
    let codes = networks[0].add(images, to: &graph)
    return images.distance(to: networks[1].add(codes, to: &graph), in: &graph)
  }

  func codes(_ batch: Batch<Float>) -> Batch<Float> { networks[0](batch) }

  func images(_ codes: Batch<Float>) -> Batch<Float>? { networks[1](codes) }

  private func uniformCodes(
    _ rows: Int, _ moment: TrainingMoment
  ) -> Batch<Float> {
    let codes = Batch<Float>(rows: rows, columns: latentSize)
    for row in 0..<rows {
      var generator = moment.generator(.negatives, image: row)
      for index in 0..<latentSize {
        codes[row][index] = Float(2 * generator.uniform() - 1)
      }
    }
    return codes
  }

  /// The codes moved, inside the cube, to where the classifier is surest that
  /// their images are random ones.
  private func informativeNegatives(_ codes: Batch<Float>) -> Batch<Float> {
    let codes = codes.copy()
    var decoder = networks[1]
    var ignored = [Float](repeating: 0, count: decoder.parameters.count)
    for _ in 0..<Self.miningSteps {
      let tape = decoder.record(codes.copy())
      guard
        let loss = networks[4].crossEntropy(label: 0, of: tape.output),
        let gradient = decoder.backward(
          loss.gradient, tape, addingTo: &ignored, wantsInputGradient: true)
      else { return codes }
      for row in 0..<codes.rows {
        let (code, gradient) = (codes[row], gradient[row])
        var square: Float = 0
        for value in gradient { square += value * value }
        guard square > 0 else { continue }
        let factor =
          Self.miningLength * (Float(latentSize) / square).squareRoot()
        for index in 0..<latentSize {
          code[index] = min(max(code[index] - factor * gradient[index], -1), 1)
        }
      }
    }
    return codes
  }
}
