import Detectors
import Execution
import Files
import LinearAlgebra
import ONNX

/// A trained autoencoder.
public struct AutoencoderModel: LatentModel, LocalizingModel,
  EpochTrainedModel
{
  /// The hyper-parameters it was trained with.
  public let detector: Autoencoder
  /// The images it works on.
  public let imageShape: ImageShape
  /// What every epoch gave, the first one first.
  public let history: [EpochRecord]
  private let learner: any Learner

  init(
    _ detector: Autoencoder, _ learner: any Learner, _ imageShape: ImageShape,
    _ history: [EpochRecord]
  ) {
    self.detector = detector
    self.learner = learner
    self.imageShape = imageShape
    self.history = history
  }

  public var featureCount: Int { imageShape.count }

  /// Parameters as the architecture's source counts them.
  public var parameterCount: Int { learner.parameterCount }

  /// All layers, network after network.
  public var layers: [LayerDescription] {
    zip(learner.networks, learner.names).flatMap { $0.layers(named: $1) }
  }

  /// The numbers of a latent code.
  public var latentSize: Int { learner.latentSize }

  /// One score an image; see `Autoencoder.Score`.
  public func score(
    _ samples: Matrix, in context: RunContext
  ) throws -> [Float] {
    try blocks(samples, "scoring", in: context, learner.scores)
      .flatMap { $0 }
  }

  /// False for `deep-svdd`, which makes no images.
  public var canReconstruct: Bool {
    detector.architecture.traits.canReconstruct
  }

  /// What the network takes the images for, with values in 0...1.
  ///
  /// - Throws: `AutoencoderFault.lacks` for `deep-svdd`, which makes no images.
  public func reconstruct(
    _ samples: Matrix, in context: RunContext
  ) throws -> Matrix {
    try matrix(
      blocks(samples, "reconstructing", in: context) {
        try images(learner.codes($0))
      }, columns: featureCount)
  }

  /// As `canReconstruct`: without reconstructions, squares of the image are
  /// tried one after the other.
  public var comparesMaps: Bool { canReconstruct }

  /// Maps of the squared difference to the reconstruction; of `deep-svdd` those
  /// of how far the score falls when a square of the image is covered.
  public func localize(
    _ samples: Matrix, in context: RunContext
  ) throws -> Localization {
    guard canReconstruct else {
      return try occlusionMaps(samples, in: context)
    }
    return Localization(
      scores: try score(samples, in: context), of: samples,
      from: try reconstruct(samples, in: context),
      rows: Array(0..<samples.rows), in: context)
  }

  /// The latent code of every image: `latentSize` columns.
  public func encode(
    _ samples: Matrix, in context: RunContext
  ) throws -> Matrix {
    try matrix(
      blocks(samples, "encoding", in: context, learner.codes),
      columns: latentSize)
  }

  /// The images of latent codes, which may have been edited, with values in
  /// 0...1.
  ///
  /// - Throws: `AutoencoderFault.lacks` for `deep-svdd`, which makes no images.
  public func decode(
    _ codes: Matrix, in context: RunContext
  ) throws -> Matrix {
    try matrix(
      Parallel.blocks(codes.rows, size: Self.blockSize).map {
        try context.cancellation.check()
        let block = codes.selecting(rows: $0)
        return try images(Batch(block.values, rows: block.rows))
      }, columns: featureCount)
  }

  /// Images worked on at a time.
  private static let blockSize = 256

  /// What `body` makes of the samples, a batch at a time.
  private func blocks<Result>(
    _ samples: Matrix, _ stage: String, in context: RunContext,
    _ body: (Batch<Float>) throws -> Result
  ) throws -> [Result] {
    try BatchMemory.shared.reusing(limit: context.memoryBudget) {
      try Parallel.blocks(samples.rows, size: Self.blockSize).map { block in
        try context.cancellation.check()
        let result = try body(
          Batch(
            samples, rows: block,
            isSigned: detector.architecture.traits.isSigned))
        context.progress.report(
          ProgressReport(
            stage: stage, completed: block.upperBound, total: samples.rows))
        return result
      }
    }
  }

  private func images(_ codes: Batch<Float>) throws -> Batch<Float> {
    guard let images = learner.images(codes) else {
      throw AutoencoderFault.lacks(
        "reconstructions", detector.architecture)
    }
    return detector.architecture.traits.isSigned
      ? images.map { ($0 + 1) / 2 } : images
  }

  private func matrix(_ batches: [Batch<Float>], columns: Int) -> Matrix {
    Matrix(
      rows: batches.reduce(0) { $0 + $1.rows }, columns: columns,
      values: batches.flatMap(\.array))
  }
}

extension AutoencoderModel: ExportingModel {
  package func addScores(
    of samples: ONNXGraph.Value, to graph: inout ONNXGraph
  ) -> ONNXGraph.Value {
    var images = ONNXImages(value: samples, shape: imageShape)
    if detector.architecture.traits.isSigned {
      let doubled = graph(
        "Mul", samples, graph.constant([Float(2)], shape: []))
      images.value = graph(
        "Sub", doubled, graph.constant([Float(1)], shape: []))
    }
    return graph.singles(
      graph.doubles(learner.addScores(of: images, to: &graph)))
  }
}

// MARK: Coding

/// The learned numbers of a learner.
struct LearnerState: Codable, Hashable, Sendable {
  struct NetworkState: Codable, Hashable, Sendable {
    @Tensor var parameters: [Float]
    @Tensor var statistics: [Float]
  }

  private var networks: [String: NetworkState]
  @Tensor private var constants: [Float]

  init(_ learner: any Learner) {
    networks = Dictionary(
      uniqueKeysWithValues: zip(learner.names, learner.networks).map {
        ($0, NetworkState(parameters: $1.parameters, statistics: $1.statistics))
      })
    constants = learner.constants
  }

  var isFinite: Bool {
    networks.values.allSatisfy {
      $0.parameters.allSatisfy(\.isFinite)
        && $0.statistics.allSatisfy(\.isFinite)
    } && constants.allSatisfy(\.isFinite)
  }

  /// Gives the numbers to untrained networks; false when the counts differ.
  func restore(_ learner: inout any Learner) -> Bool {
    guard learner.constants.count == constants.count else { return false }
    learner.constants = constants
    for (index, name) in learner.names.enumerated() {
      guard
        let state = networks[name],
        state.parameters.count == learner.networks[index].parameterCount,
        state.statistics.count == learner.networks[index].statisticCount
      else { return false }
      learner.networks[index].parameters = state.parameters
      learner.networks[index].statistics = state.statistics
    }
    return true
  }
}

extension AutoencoderModel: Codable {
  private enum CodingKeys: CodingKey {
    case detector
    case imageShape
    case history
    case state
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    detector = try container.decode(Autoencoder.self, forKey: .detector)
    imageShape = try container.decode(ImageShape.self, forKey: .imageShape)
    history = try container.decode([EpochRecord].self, forKey: .history)
    let state = try container.decode(LearnerState.self, forKey: .state)
    func corrupted(_ key: CodingKeys) -> DecodingError {
      .dataCorruptedError(
        forKey: key, in: container,
        debugDescription: "the numbers do not fit the hyper-parameters")
    }
    guard imageShape.isPossible else { throw corrupted(.imageShape) }
    var learner: any Learner
    do {
      learner = try detector.learner(for: imageShape, seed: nil)
    } catch {
      throw corrupted(.detector)
    }
    guard state.isFinite, state.restore(&learner) else {
      throw corrupted(.state)
    }
    self.learner = learner
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(detector, forKey: .detector)
    try container.encode(imageShape, forKey: .imageShape)
    try container.encode(history, forKey: .history)
    try container.encode(LearnerState(learner), forKey: .state)
  }
}

extension ImageShape {
  /// Whether an image of this shape can exist in memory.
  fileprivate var isPossible: Bool {
    [height, width, channels].allSatisfy { 1...1_000_000 ~= $0 }
      && count <= 1 << 28
  }
}
