import Execution
import LinearAlgebra
import ONNX

/// `deep-svdd`: an encoder draws the codes of ordinary images to a centre and
/// keeps those of synthetic anomalies away from it.
///
/// No layer has a bias, and the centre, the mean of the first codes, is kept
/// away from zero, so that no weights give every image the centre (Ruff et al.
/// 2018, section 3.3). The course's second term, separation, is a hinge:
/// anomalies closer to the centre than ordinary images were at first are
/// pushed away. That the codes differ is checked after every step.
struct DeepSVDD: Learner {
  var networks: [Network<Float>]
  let names = ["encoder"]
  let latentSize: Int
  /// The centre; then the mean squared distance from it, and the variance of
  /// the codes, before training.
  var constants: [Float]
  private let anomalies: SyntheticAnomalies

  /// A smaller part of the first variance than this is a collapse.
  private static let leastVariance: Float = 1e-4
  /// Nearer to zero no number of the centre may be.
  private static let leastCentre: Float = 0.1

  init(
    _ shape: ImageShape, filters: [Int], latentSize: Int, seed: UInt64?
  ) throws {
    var encoder = LayerStack(input: shape)
    try encoder.convolutions(
      filters, activation: .leakyReLU(slope: 0.1),
      normalization: .beforeActivation, bias: false, affine: false)
    encoder.linear(latentSize, bias: false)
    networks = [
      Network(
        encoder, seed: seed, stream: RandomPurpose.initialization.stream)
    ]
    self.latentSize = latentSize
    constants = [Float](repeating: 0, count: latentSize + 2)
    anomalies = SyntheticAnomalies(shape: shape)
  }

  private var centre: ArraySlice<Float> { constants[..<latentSize] }
  private var firstDistance: Float { constants[latentSize] }
  private var firstVariance: Float { constants[latentSize + 1] }

  mutating func prepare(_ batch: Batch<Float>) {
    let codes = networks[0].record(batch).output
    var sum = [Float](repeating: 0, count: latentSize)
    for row in 0..<codes.rows {
      for index in 0..<latentSize { sum[index] += codes[row][index] }
    }
    for index in 0..<latentSize {
      let mean = sum[index] / Float(codes.rows)
      constants[index] =
        abs(mean) >= Self.leastCentre
        ? mean : mean < 0 ? -Self.leastCentre : Self.leastCentre
    }
    let distances = distances(codes)
    constants[latentSize] =
      Float(distances.reduce(0, +) / Double(distances.count))
    constants[latentSize + 1] = variance(codes)
  }

  mutating func step(
    _ batch: Batch<Float>, _ moment: TrainingMoment,
    _ optimizers: inout [Adam]
  ) throws -> Double {
    // One batch of both, so that normalisation treats them alike.
    let both = batch.above(
      moment.step.isMultiple(of: 2)
        ? anomalies.noise(batch, moment) : anomalies.patches(batch, moment))
    let tape = networks[0].record(both)
    let codes = tape.output
    let distances = distances(codes)
    let gradient = Batch<Float>(rows: codes.rows, columns: latentSize)
    var loss = 0.0
    for row in 0..<codes.rows {
      let isOrdinary = row < batch.rows
      let missing = Double(firstDistance) - distances[row]
      loss += isOrdinary ? distances[row] : max(missing, 0)
      let sign: Float = isOrdinary ? 1 : missing > 0 ? -1 : 0
      for (index, centre) in centre.enumerated() {
        gradient[row][index] =
          sign * 2 * (codes[row][index] - centre) / Float(batch.rows)
      }
    }
    if codes.rows > 2, variance(codes) < Self.leastVariance * firstVariance {
      throw AutoencoderFault.collapsed(epoch: moment.epoch + 1)
    }
    networks[0].backward(gradient, tape, addingTo: &optimizers[0].gradient)
    optimizers[0].step(
      &networks[0].parameters, learningRate: moment.learningRate)
    return loss / Double(batch.rows)
  }

  func loss(_ batch: Batch<Float>) -> Double {
    distances(codes(batch)).reduce(0, +) / Double(batch.rows)
  }

  func scores(_ batch: Batch<Float>) -> [Float] {
    distances(codes(batch)).map { Float($0) }
  }

  func codes(_ batch: Batch<Float>) -> Batch<Float> { networks[0](batch) }

  func images(_ codes: Batch<Float>) -> Batch<Float>? { nil }

  func addScores(
    of images: ONNXImages, to graph: inout ONNXGraph
  ) -> ONNXGraph.Value {
    let codes = networks[0].add(images, to: &graph).flat(in: &graph)
    return graph.squaredNorms(
      graph.doubles(graph("Sub", codes, graph.constant(Array(centre)))))
  }

  private func distances(_ codes: Batch<Float>) -> [Double] {
    let centre = Array(centre)
    return codes.rowSums { row in
      var sum = 0.0
      for index in 0..<latentSize {
        let difference = Double(codes[row][index] - centre[index])
        sum += difference * difference
      }
      return sum
    }
  }

  /// The variance over the codes, summed over their numbers.
  private func variance(_ codes: Batch<Float>) -> Float {
    var total: Float = 0
    for index in 0..<latentSize {
      let values = (0..<codes.rows).map { codes[$0][index] }
      let mean = values.reduce(0, +) / Float(codes.rows)
      total += values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    }
    return total / Float(codes.rows)
  }
}
