import Execution
import LinearAlgebra
import ONNX

/// The networks of an architecture and how they are trained together.
///
/// Batches hold images scaled as the architecture wants them.
protocol Learner: Sendable {
  /// In an order of the architecture's own, with names for the model file.
  var networks: [Network<Float>] { get set }
  var names: [String] { get }
  /// What was learned beside the networks' parameters, such as a centre.
  var constants: [Float] { get set }
  /// Parameters as the field counts them for this architecture.
  var parameterCount: Int { get }
  /// The numbers of a latent code.
  var latentSize: Int { get }

  /// Looks at the first batch before training starts.
  mutating func prepare(_ batch: Batch<Float>)
  /// Takes a training step, with an optimiser for each network; gives the
  /// loss.
  ///
  /// - Throws: `AutoencoderFault.collapsed`.
  mutating func step(
    _ batch: Batch<Float>, _ moment: TrainingMoment,
    _ optimizers: inout [Adam]
  ) throws -> Double
  /// The loss of images that are not trained on; no chance in it.
  func loss(_ batch: Batch<Float>) -> Double
  /// Learns the constants that depend on the trained networks.
  mutating func finish(
    _ batches: ((Batch<Float>) -> Void) throws -> Void)
    throws

  /// One number an image; higher is more anomalous.
  func scores(_ batch: Batch<Float>) -> [Float]
  func codes(_ batch: Batch<Float>) -> Batch<Float>
  /// The images of latent codes; nil when the architecture makes no images.
  func images(_ codes: Batch<Float>) -> Batch<Float>?

  /// Adds the scores of images to a graph: one number an image, of any
  /// precision.
  func addScores(of images: ONNXImages, to graph: inout ONNXGraph)
    -> ONNXGraph.Value
}

extension Learner {
  var constants: [Float] {
    get { [] }
    set {}
  }
  var parameterCount: Int { networks.reduce(0) { $0 + $1.parameterCount } }
  func prepare(_ batch: Batch<Float>) {}
  func finish(
    _ batches: ((Batch<Float>) -> Void) throws -> Void
  ) throws {}

  /// The root of the summed squared error of every image.
  func reconstructionErrors(_ batch: Batch<Float>) -> [Float] {
    guard let images = images(codes(batch)) else { return [] }
    return images.squaredDistances(to: batch).map { Float($0.squareRoot()) }
  }
}

/// Where in the training a step is taken.
struct TrainingMoment: Sendable {
  var seed: UInt64
  /// Counted from 0.
  var epoch: Int
  var epochs: Int
  /// The steps before this one, of all epochs.
  var step: Int
  var learningRate: Float

  /// How much of the training lies behind, in 0..<1, to the epoch.
  var fraction: Double { Double(epoch) / Double(epochs) }

  /// Chance for one image of this step; `purpose` keeps independent uses of
  /// the same step apart.
  func generator(_ purpose: RandomPurpose, image: Int = 0) -> SeededGenerator {
    SeededGenerator(
      seed: seed,
      stream: purpose.stream ^ UInt64(step) << 24 ^ UInt64(image))
  }
}

/// What chance is used for; each has streams of its own.
enum RandomPurpose: UInt64 {
  case initialization = 1
  case order
  case heldOut
  case latent
  case noise
  case anomalies
  case negatives

  var stream: UInt64 { rawValue << 56 }
}
