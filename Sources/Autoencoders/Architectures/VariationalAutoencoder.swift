import Execution
import Foundation
import LinearAlgebra
import ONNX

/// `vae`: the encoder gives the mean and the log-variance of a normal
/// distribution of codes; a sample of it is decoded.
///
/// The loss is the summed squared error plus beta times the divergence from
/// the standard normal distribution, both divided by the count of values so
/// that losses of different image sizes compare. Beta rises over the first
/// `warmUpEpochs` epochs.
struct VariationalAutoencoder: Learner {
  /// Trunk, mean, log-variance, decoder.
  var networks: [Network<Float>]
  let names = ["trunk", "mean", "log_variance", "decoder"]
  let latentSize: Int
  private let beta: Double
  private let warmUpEpochs: Int
  private let scoresByEvidence: Bool

  init(
    _ shape: ImageShape, filters: [Int], beta: Double, warmUpEpochs: Int,
    scoresByEvidence: Bool, seed: UInt64?
  ) throws {
    var trunk = LayerStack(input: shape)
    try trunk.convolutions(filters.dropLast())
    var head = LayerStack(input: trunk.output)
    try head.convolution(
      filters[filters.count - 1], kernel: 4, stride: 2, padding: 1)
    var encoder = LayerStack(input: shape)
    try encoder.convolutions(filters)
    var decoder = LayerStack(input: head.output)
    try decoder.transposedConvolutions(undoing: encoder)
    networks = [trunk, head, head, decoder].enumerated().map {
      Network(
        $1, seed: seed,
        stream: RandomPurpose.initialization.stream + UInt64($0))
    }
    latentSize = head.output.count
    self.beta = beta
    self.warmUpEpochs = warmUpEpochs
    self.scoresByEvidence = scoresByEvidence
  }

  mutating func step(
    _ batch: Batch<Float>, _ moment: TrainingMoment,
    _ optimizers: inout [Adam]
  ) -> Double {
    let trunk = networks[0].record(batch)
    let mean = networks[1].record(trunk.output)
    let logVariance = networks[2].record(trunk.output)
    let noise = Batch<Float>(rows: batch.rows, columns: latentSize)
    let code = Batch<Float>(rows: batch.rows, columns: latentSize)
    Parallel.forEach(batch.rows) { row in
      var generator = moment.generator(.latent, image: row)
      let (noise, code) = (noise[row], code[row])
      let (mean, logVariance) = (
        mean.output[row], logVariance.output[row]
      )
      for index in 0..<latentSize {
        noise[index] = Float(generator.normal())
        code[index] = mean[index] + exp(logVariance[index] / 2) * noise[index]
      }
    }
    let decoder = networks[3].record(code)
    let error = decoder.output.meanSquaredError(to: batch)
    let codeGradient = networks[3].backward(
      error.gradient, decoder, addingTo: &optimizers[3].gradient,
      wantsInputGradient: true)
    guard let codeGradient else { return .nan }

    let warmth =
      warmUpEpochs == 0
      ? 1 : min(1, Double(moment.epoch + 1) / Double(warmUpEpochs))
    let weight = warmth * beta / Double(batch.count)
    let divergence = divergences(mean.output, logVariance.output)
      .reduce(0, +)
    let logVarianceGradient = Batch<Float>(
      rows: batch.rows, columns: latentSize)
    let factor = Float(weight)
    Parallel.forEach(batch.rows) { row in
      let means = mean.output[row]
      let logVariances = logVariance.output[row]
      let noise = noise[row]
      let (meanGradient, gradient) = (
        codeGradient[row], logVarianceGradient[row]
      )
      for index in 0..<latentSize {
        let deviation = exp(logVariances[index] / 2)
        gradient[index] =
          meanGradient[index] * noise[index] * deviation / 2
          + factor * (deviation * deviation - 1) / 2
        meanGradient[index] += factor * means[index]
      }
    }
    let trunkGradient = networks[1].backward(
      codeGradient, mean, addingTo: &optimizers[1].gradient,
      wantsInputGradient: true)
    let other = networks[2].backward(
      logVarianceGradient, logVariance, addingTo: &optimizers[2].gradient,
      wantsInputGradient: true)
    guard let trunkGradient, let other else { return .nan }
    trunkGradient.add(other)
    networks[0].backward(
      trunkGradient, trunk, addingTo: &optimizers[0].gradient)
    for index in networks.indices {
      optimizers[index].step(
        &networks[index].parameters, learningRate: moment.learningRate)
    }
    return error.value + weight * divergence
  }

  func loss(_ batch: Batch<Float>) -> Double {
    evidence(batch).reduce(0, +) / Double(batch.count)
  }

  func scores(_ batch: Batch<Float>) -> [Float] {
    scoresByEvidence
      ? evidence(batch).map { Float($0) } : reconstructionErrors(batch)
  }

  func addScores(
    of images: ONNXImages, to graph: inout ONNXGraph
  ) -> ONNXGraph.Value {
    let trunk = networks[0].add(images, to: &graph)
    let mean = networks[1].add(trunk, to: &graph)
    let square = images.squaredDistance(
      to: networks[3].add(mean, to: &graph), in: &graph)
    guard scoresByEvidence else { return graph("Sqrt", square) }
    let logVariance = graph.doubles(
      networks[2].add(trunk, to: &graph).flat(in: &graph))
    let means = graph.doubles(mean.flat(in: &graph))
    let terms = graph(
      "Sub",
      graph("Add", graph("Exp", logVariance), graph("Mul", means, means)),
      graph("Add", logVariance, graph.constant([1.0], shape: [])))
    let divergence = graph(
      "Mul",
      graph(
        "ReduceSum", terms, graph.constant([1]), attributes: ["keepdims": 0]),
      graph.constant([beta / 2], shape: []))
    return graph("Add", square, divergence)
  }

  func codes(_ batch: Batch<Float>) -> Batch<Float> {
    networks[1](networks[0](batch))
  }

  func images(_ codes: Batch<Float>) -> Batch<Float>? {
    networks[3](codes)
  }

  /// The summed squared error of the mean code's image plus beta times the
  /// divergence: the evidence bound with its sign turned, up to constants.
  private func evidence(_ batch: Batch<Float>) -> [Double] {
    let trunk = networks[0](batch)
    let mean = networks[1](trunk)
    let divergences = divergences(mean, networks[2](trunk))
    let errors = networks[3](mean).squaredDistances(to: batch)
    return zip(errors, divergences).map { $0 + beta * $1 }
  }

  /// The Kullback-Leibler divergence of every image's code from the standard
  /// normal distribution.
  private func divergences(
    _ mean: Batch<Float>, _ logVariance: Batch<Float>
  ) -> [Double] {
    mean.rowSums { row in
      let (mean, logVariance) = (mean[row], logVariance[row])
      var sum = 0.0
      for index in 0..<latentSize {
        sum += Double(
          exp(logVariance[index]) + mean[index] * mean[index] - 1
            - logVariance[index])
      }
      return sum / 2
    }
  }
}
