import Execution
import LinearAlgebra
import ONNX

/// `fcn`, `cnn`, `cnn-bn` and `mnist-cnn`: an encoder and a decoder, trained
/// on the mean squared error.
struct PlainAutoencoder: Learner {
  /// What stands for an anomaly.
  enum Score {
    /// The root of the summed squared error (the courses' homework).
    case rootOfSum
    /// The mean squared error.
    case mean
  }

  var networks: [Network<Float>]
  let names = ["autoencoder"]
  let latentSize: Int
  private let encoderDepth: Int
  private let score: Score
  private let countsStatistics: Bool

  private init(
    _ stack: LayerStack, encoderDepth: Int, latentSize: Int, seed: UInt64?,
    score: Score = .rootOfSum, countsStatistics: Bool = false
  ) {
    networks = [
      Network(
        stack, seed: seed, stream: RandomPurpose.initialization.stream)
    ]
    self.encoderDepth = encoderDepth
    self.latentSize = latentSize
    self.score = score
    self.countsStatistics = countsStatistics
  }

  static func fullyConnected(
    _ shape: ImageShape, hidden: [Int], latentSize: Int, seed: UInt64?
  ) -> PlainAutoencoder {
    var stack = LayerStack(input: shape)
    stack.linears(hidden + [latentSize])
    let depth = stack.layers.count
    stack.linears(hidden.reversed() + [shape.count])
    stack.activation(.tanh)
    return PlainAutoencoder(
      stack, encoderDepth: depth, latentSize: latentSize, seed: seed)
  }

  static func convolutional(
    _ shape: ImageShape, filters: [Int], normalizes: Bool, seed: UInt64?
  ) throws -> PlainAutoencoder {
    let place = normalizes ? NormalizationPlace.beforeActivation : .none
    var stack = LayerStack(input: shape)
    try stack.convolutions(filters, normalization: place)
    let encoder = stack
    try stack.transposedConvolutions(undoing: encoder, normalization: place)
    return PlainAutoencoder(
      stack, encoderDepth: encoder.layers.count,
      latentSize: encoder.output.count, seed: seed)
  }

  /// The parameters are counted as Keras does, with the moving statistics.
  static func mnist(
    _ shape: ImageShape, filters: [Int], latentSize: Int, seed: UInt64?
  ) throws -> PlainAutoencoder {
    let activation = Activation.leakyReLU(slope: 0.2)
    var stack = LayerStack(input: shape)
    var geometries: [PatchGeometry] = []
    for channels in filters {
      try stack.convolution(channels, kernel: 3, stride: 2, padding: 1)
      if case .convolution(let layer)? = stack.layers.last {
        geometries.append(layer.geometry)
      }
      stack.activation(activation)
      stack.batchNormalization()
    }
    let map = stack.output
    stack.linear(latentSize)
    let depth = stack.layers.count
    stack.linear(map)
    for (channels, geometry) in zip(filters, geometries).reversed() {
      try stack.transposedConvolution(channels, undoing: geometry)
      stack.activation(activation)
      stack.batchNormalization()
    }
    try stack.convolution(shape.channels, kernel: 3, stride: 1, padding: 1)
    stack.activation(.sigmoid)
    return PlainAutoencoder(
      stack, encoderDepth: depth, latentSize: latentSize, seed: seed,
      score: .mean, countsStatistics: true)
  }

  var parameterCount: Int {
    networks[0].parameterCount
      + (countsStatistics ? networks[0].statisticCount : 0)
  }

  mutating func step(
    _ batch: Batch<Float>, _ moment: TrainingMoment,
    _ optimizers: inout [Adam]
  ) -> Double {
    let error =
      networks[0].reconstructionError(
        of: batch, addingTo: &optimizers[0].gradient)
      ?? errorByLayers(batch, &optimizers[0])
    optimizers[0].step(
      &networks[0].parameters, learningRate: moment.learningRate)
    return error
  }

  private mutating func errorByLayers(
    _ batch: Batch<Float>, _ optimizer: inout Adam
  ) -> Double {
    let tape = networks[0].record(batch)
    let loss = tape.output.meanSquaredError(to: batch)
    networks[0].backward(
      loss.gradient, tape, addingTo: &optimizer.gradient)
    return loss.value
  }

  func loss(_ batch: Batch<Float>) -> Double {
    networks[0](batch).meanSquaredError(to: batch).value
  }

  func scores(_ batch: Batch<Float>) -> [Float] {
    let sums = networks[0](batch).squaredDistances(to: batch)
    return switch score {
    case .rootOfSum: sums.map { Float($0.squareRoot()) }
    case .mean: sums.map { Float($0 / Double(batch.columns)) }
    }
  }

  func addScores(
    of images: ONNXImages, to graph: inout ONNXGraph
  ) -> ONNXGraph.Value {
    let square = images.squaredDistance(
      to: networks[0].add(images, to: &graph), in: &graph)
    return switch score {
    case .rootOfSum: graph("Sqrt", square)
    case .mean:
      graph(
        "Div", square, graph.constant([Double(images.shape.count)], shape: []))
    }
  }

  func codes(_ batch: Batch<Float>) -> Batch<Float> {
    networks[0](batch, layers: 0..<encoderDepth)
  }

  func images(_ codes: Batch<Float>) -> Batch<Float>? {
    networks[0](codes, layers: encoderDepth..<networks[0].layers.count)
  }
}
