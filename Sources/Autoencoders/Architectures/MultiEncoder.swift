import Execution
import LinearAlgebra
import ONNX

/// `multi-encoder`: a convolutional and a fully connected encoder give the
/// halves of one code; two convolutional decoders and a fully connected one
/// each make an image of it, and the average is what counts.
struct MultiEncoder: Learner {
  /// Two encoders, then the decoders.
  var networks: [Network<Float>]
  let names = [
    "convolutional_encoder", "linear_encoder", "convolutional_decoder_0",
    "convolutional_decoder_1", "linear_decoder",
  ]
  let latentSize: Int
  private let split: Int

  /// Units between the pixels and the code of the fully connected networks.
  private static let hiddenSize = 128

  init(
    _ shape: ImageShape, filters: [Int], latentSize: Int, seed: UInt64?
  ) throws {
    split = (latentSize + 1) / 2
    self.latentSize = latentSize
    let (encoder, _) = try LayerStack.encoderAndDecoder(
      of: shape, filters: filters, latentSize: split)
    let (_, decoder) = try LayerStack.encoderAndDecoder(
      of: shape, filters: filters, latentSize: latentSize)
    var linearEncoder = LayerStack(input: shape)
    linearEncoder.linears([Self.hiddenSize, latentSize - split])
    var linearDecoder = LayerStack(input: decoder.input)
    linearDecoder.linears([Self.hiddenSize, shape.count])
    linearDecoder.activation(.tanh)
    networks = [encoder, linearEncoder, decoder, decoder, linearDecoder]
      .enumerated().map {
        Network(
          $1, seed: seed,
          stream: RandomPurpose.initialization.stream + UInt64($0))
      }
  }

  private var decoders: Range<Int> { 2..<networks.count }

  mutating func step(
    _ batch: Batch<Float>, _ moment: TrainingMoment,
    _ optimizers: inout [Adam]
  ) -> Double {
    let encoders = (0..<2).map { networks[$0].record(batch) }
    let code = encoders[0].output.beside(encoders[1].output)
    let tapes = decoders.map { networks[$0].record(code) }
    let average = Self.average(tapes.map(\.output))
    let loss = average.meanSquaredError(
      to: batch, weight: 1 / Double(decoders.count))
    let codeGradient = Batch<Float>(rows: batch.rows, columns: latentSize)
    codeGradient.fill(0)
    for (index, tape) in zip(decoders, tapes) {
      let gradient = networks[index].backward(
        loss.gradient.copy(), tape, addingTo: &optimizers[index].gradient,
        wantsInputGradient: true)
      if let gradient { codeGradient.add(gradient) }
    }
    for (index, range) in [0..<split, split..<latentSize].enumerated() {
      networks[index].backward(
        codeGradient.selecting(columns: range), encoders[index],
        addingTo: &optimizers[index].gradient)
    }
    for index in networks.indices {
      optimizers[index].step(
        &networks[index].parameters, learningRate: moment.learningRate)
    }
    return loss.value * Double(decoders.count)
  }

  func loss(_ batch: Batch<Float>) -> Double {
    image(codes(batch)).meanSquaredError(to: batch).value
  }

  func scores(_ batch: Batch<Float>) -> [Float] {
    reconstructionErrors(batch)
  }

  func addScores(
    of images: ONNXImages, to graph: inout ONNXGraph
  ) -> ONNXGraph.Value {
    let halves = (0..<2).map {
      networks[$0].add(images, to: &graph).flat(in: &graph)
    }
    let code = ONNXImages(
      value: graph("Concat", halves, attributes: ["axis": 1]),
      shape: networks[2].input)
    let sum = graph(
      "Sum",
      decoders.map { networks[$0].add(code, to: &graph).flat(in: &graph) })
    let average = graph(
      "Mul", sum, graph.constant([1 / Float(decoders.count)], shape: []))
    return images.distance(
      to: ONNXImages(value: average, shape: images.shape), in: &graph)
  }

  func codes(_ batch: Batch<Float>) -> Batch<Float> {
    networks[0](batch).beside(networks[1](batch))
  }

  func images(_ codes: Batch<Float>) -> Batch<Float>? { image(codes) }

  private func image(_ codes: Batch<Float>) -> Batch<Float> {
    Self.average(decoders.map { networks[$0](codes) })
  }

  private static func average(_ batches: [Batch<Float>]) -> Batch<Float> {
    let sum = batches[0].copy()
    for batch in batches.dropFirst() { sum.add(batch) }
    let share = 1 / Float(batches.count)
    return sum.map { $0 * share }
  }
}
