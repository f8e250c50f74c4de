import Execution
import LinearAlgebra
import ONNX

/// `noise-classifier`: the latent code of an autoencoder also feeds a
/// classifier that learns to tell the training images from synthetic anomalies:
/// noise in the first quarter of the epochs, then pasted patches as well.
struct NoiseClassifier: Learner {
  /// Encoder, decoder, classifier.
  var networks: [Network<Float>]
  let names = ["encoder", "decoder", "classifier"]
  let latentSize: Int
  /// Mean and deviation of the reconstruction error over training images, then
  /// of the classifier's logit.
  var constants: [Float] = [0, 1, 0, 1]
  private let anomalies: SyntheticAnomalies
  private let score: Autoencoder.Score

  /// Units of the classifier's hidden layers.
  private static let hiddenSizes = [1024, 512, 256]
  /// The weight of the classifier's loss beside the mean squared error.
  private static let weight = 0.1
  private static let noiseFraction = 0.25

  init(
    _ shape: ImageShape, filters: [Int], latentSize: Int,
    score: Autoencoder.Score, seed: UInt64?
  ) throws {
    let (encoder, decoder) = try LayerStack.encoderAndDecoder(
      of: shape, filters: filters, latentSize: latentSize)
    var classifier = LayerStack(input: encoder.output)
    classifier.activation(.relu)
    classifier.linears(Self.hiddenSizes + [1])
    networks = [encoder, decoder, classifier].enumerated().map {
      Network(
        $1, seed: seed,
        stream: RandomPurpose.initialization.stream + UInt64($0))
    }
    self.latentSize = latentSize
    self.score = score
    anomalies = SyntheticAnomalies(shape: shape)
  }

  mutating func step(
    _ batch: Batch<Float>, _ moment: TrainingMoment,
    _ optimizers: inout [Adam]
  ) -> Double {
    let isNoise =
      moment.fraction < Self.noiseFraction || moment.step.isMultiple(of: 4)
    let anomalous =
      isNoise
      ? anomalies.noise(batch, moment) : anomalies.patches(batch, moment)
    let code = networks[0].record(batch)
    let anomalousCode = networks[0].record(anomalous)
    let image = networks[1].record(code.output)
    let error = image.output.meanSquaredError(to: batch)
    let codeGradient = networks[1].backward(
      error.gradient, image, addingTo: &optimizers[1].gradient,
      wantsInputGradient: true)
    guard let codeGradient else { return .nan }

    var loss = error.value
    let tape = networks[2].record(code.output.copy())
    let ordinary = tape.output.crossEntropy(label: 0, weight: Self.weight / 2)
    if let gradient = networks[2].backward(
      ordinary.gradient, tape, addingTo: &optimizers[2].gradient,
      wantsInputGradient: true)
    {
      codeGradient.add(gradient)
    }
    let anomalousTape = networks[2].record(anomalousCode.output.copy())
    let other = anomalousTape.output.crossEntropy(
      label: 1, weight: Self.weight / 2)
    if let gradient = networks[2].backward(
      other.gradient, anomalousTape, addingTo: &optimizers[2].gradient,
      wantsInputGradient: true)
    {
      networks[0].backward(
        gradient, anomalousCode, addingTo: &optimizers[0].gradient)
    }
    networks[0].backward(codeGradient, code, addingTo: &optimizers[0].gradient)
    loss += ordinary.value + other.value
    for index in networks.indices {
      optimizers[index].step(
        &networks[index].parameters, learningRate: moment.learningRate)
    }
    return loss
  }

  func loss(_ batch: Batch<Float>) -> Double {
    let code = codes(batch)
    return networks[1](code).meanSquaredError(to: batch).value
      + networks[2](code.copy()).crossEntropy(
        label: 0, weight: Self.weight / 2
      ).value
  }

  mutating func finish(
    _ batches: ((Batch<Float>) -> Void) throws -> Void
  ) throws {
    var (errors, logits) = ([Float](), [Float]())
    try batches {
      errors += reconstructionErrors($0)
      logits += self.logits($0)
    }
    constants = [errors, logits].flatMap(Self.moments)
  }

  func scores(_ batch: Batch<Float>) -> [Float] {
    switch score {
    case .reconstruction: reconstructionErrors(batch)
    case .classifier: logits(batch)
    default:
      zip(reconstructionErrors(batch), logits(batch)).map {
        ($0 - constants[0]) / constants[1] + ($1 - constants[2]) / constants[3]
      }
    }
  }

  func addScores(
    of images: ONNXImages, to graph: inout ONNXGraph
  ) -> ONNXGraph.Value {
    let codes = networks[0].add(images, to: &graph)
    func error() -> ONNXGraph.Value {
      images.distance(to: networks[1].add(codes, to: &graph), in: &graph)
    }
    func logit() -> ONNXGraph.Value {
      graph.doubles(
        graph.reshaped(
          networks[2].add(codes, to: &graph).flat(in: &graph), [-1]))
    }
    /// In deviations from the mean over training images.
    func standardized(_ value: ONNXGraph.Value, at place: Int)
      -> ONNXGraph.Value
    {
      let moments = constants[place..<place + 2].map {
        graph.constant([Double($0)], shape: [])
      }
      return graph("Div", graph("Sub", value, moments[0]), moments[1])
    }
    return switch score {
    case .reconstruction: error()
    case .classifier: logit()
    default:
      graph(
        "Add", standardized(error(), at: 0), standardized(logit(), at: 2))
    }
  }

  func codes(_ batch: Batch<Float>) -> Batch<Float> { networks[0](batch) }

  func images(_ codes: Batch<Float>) -> Batch<Float>? { networks[1](codes) }

  private func logits(_ batch: Batch<Float>) -> [Float] {
    networks[2](codes(batch)).array
  }

  /// Mean and deviation; the deviation of equal values counts as 1.
  private static func moments(_ values: [Float]) -> [Float] {
    let mean = values.reduce(0) { $0 + Double($1) } / Double(values.count)
    let variance =
      values.reduce(0) { $0 + (Double($1) - mean) * (Double($1) - mean) }
      / Double(values.count)
    let deviation = Float(variance.squareRoot())
    return [Float(mean), deviation > 0 ? deviation : 1]
  }
}
