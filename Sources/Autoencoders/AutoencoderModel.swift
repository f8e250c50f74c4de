import Detectors
import Execution
import Files
import LinearAlgebra

/// A trained autoencoder.
public struct AutoencoderModel: LatentModel, EpochTrainedModel {
  /// The hyper-parameters it was trained with.
  public let detector: Autoencoder
  /// The images it works on.
  public let imageShape: ImageShape
  /// What every epoch gave, the first one first.
  public let history: [EpochRecord]
  private let assembly: any Assembly

  init(
    _ detector: Autoencoder, _ assembly: any Assembly, _ imageShape: ImageShape,
    _ history: [EpochRecord]
  ) {
    self.detector = detector
    self.assembly = assembly
    self.imageShape = imageShape
    self.history = history
  }

  public var featureCount: Int { imageShape.count }

  /// Parameters as the architecture's source counts them.
  public var parameterCount: Int { assembly.parameterCount }

  /// The numbers of a latent code.
  public var latentSize: Int { assembly.latentSize }

  /// One score an image; see `Autoencoder.Score`.
  public func score(
    _ samples: Matrix, in context: RunContext
  ) throws -> [Float] {
    try blocks(samples, "scoring", in: context, assembly.scores)
      .flatMap { $0 }
  }

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
        try images(assembly.codes($0))
      }, columns: featureCount)
  }

  /// The latent code of every image: `latentSize` columns.
  public func encode(
    _ samples: Matrix, in context: RunContext
  ) throws -> Matrix {
    try matrix(
      blocks(samples, "encoding", in: context, assembly.codes),
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
    guard let images = assembly.images(codes) else {
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

// MARK: Coding

/// The learned numbers of an assembly.
struct AssemblyState: Codable, Hashable, Sendable {
  struct NetworkState: Codable, Hashable, Sendable {
    @Tensor var parameters: [Float]
    @Tensor var statistics: [Float]
  }

  private var networks: [String: NetworkState]
  @Tensor private var constants: [Float]

  init(_ assembly: any Assembly) {
    networks = Dictionary(
      uniqueKeysWithValues: zip(assembly.names, assembly.networks).map {
        ($0, NetworkState(parameters: $1.parameters, statistics: $1.statistics))
      })
    constants = assembly.constants
  }

  var isFinite: Bool {
    networks.values.allSatisfy {
      $0.parameters.allSatisfy(\.isFinite)
        && $0.statistics.allSatisfy(\.isFinite)
    } && constants.allSatisfy(\.isFinite)
  }

  /// Gives the numbers to untrained networks; false when the counts differ.
  func restore(_ assembly: inout any Assembly) -> Bool {
    guard assembly.constants.count == constants.count else { return false }
    assembly.constants = constants
    for (index, name) in assembly.names.enumerated() {
      guard
        let state = networks[name],
        state.parameters.count == assembly.networks[index].parameterCount,
        state.statistics.count == assembly.networks[index].statisticCount
      else { return false }
      assembly.networks[index].parameters = state.parameters
      assembly.networks[index].statistics = state.statistics
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
    let state = try container.decode(AssemblyState.self, forKey: .state)
    func corrupted(_ key: CodingKeys) -> DecodingError {
      .dataCorruptedError(
        forKey: key, in: container,
        debugDescription: "the numbers do not fit the hyper-parameters")
    }
    guard imageShape.isPossible else { throw corrupted(.imageShape) }
    var assembly: any Assembly
    do {
      assembly = try detector.assembly(for: imageShape, seed: nil)
    } catch {
      throw corrupted(.detector)
    }
    guard state.isFinite, state.restore(&assembly) else {
      throw corrupted(.state)
    }
    self.assembly = assembly
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(detector, forKey: .detector)
    try container.encode(imageShape, forKey: .imageShape)
    try container.encode(history, forKey: .history)
    try container.encode(AssemblyState(assembly), forKey: .state)
  }
}

extension ImageShape {
  /// Whether an image of this shape can exist in memory.
  fileprivate var isPossible: Bool {
    [height, width, channels].allSatisfy { 1...1_000_000 ~= $0 }
      && count <= 1 << 28
  }
}
