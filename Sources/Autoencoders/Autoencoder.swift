import Detectors
import Execution
import LinearAlgebra

/// A network that learns to give ordinary images back; what it gives back
/// badly is an anomaly.
///
/// Samples are images with values in 0...1, a row each; their shape comes from
/// the context. `fcn` also takes rows of numbers that are no images.
///
/// Training is deterministic: the same seed and samples give the same bits for
/// any number of threads.
public struct Autoencoder: Detector {
  /// What stands for an anomaly where an architecture offers a choice.
  public enum Score: String, Codable, Hashable, Sendable, CaseIterable {
    /// The root of the summed squared error, of values in -1...1 (`mnist-cnn`:
    /// the mean squared error of values in 0...1).
    case reconstruction
    /// `vae`: the summed squared error plus beta times the divergence of the
    /// code's distribution from the standard normal one.
    case evidence
    /// `noise-classifier`: the classifier's log-odds of an anomaly.
    case classifier
    /// `noise-classifier`: the sum of both, each standardised by its mean and
    /// deviation over training images.
    case both
    /// `end-to-end-occ`: the discriminator's log-odds that the reconstruction
    /// is not real.
    case discriminator
    /// `deep-svdd`: the squared distance of the code from the centre.
    case distance
  }

  public var architecture: Architecture
  public var training = TrainingOptions()
  /// Filters of each convolution, or units of each hidden layer of `fcn`; nil
  /// for the architecture's own.
  public var widths: [Int]?
  /// Numbers in a latent code; nil for the architecture's own.
  ///
  /// The code of `cnn`, `cnn-bn`, `vae` and `end-to-end-occ` is the last feature map, whose
  /// size follows from the widths.
  public var latentSize: Int?
  /// `vae`: the weight of the divergence.
  public var beta: Float = 1
  /// `vae`: the epochs over which the weight rises to `beta`.
  public var warmUpEpochs = 0
  /// Nil for the architecture's own score.
  public var score: Score?

  public init(_ architecture: Architecture = .automatic) {
    self.architecture = architecture
  }

  /// The parameters that the networks have for images of a shape, counted as
  /// the architecture's source does.
  ///
  /// - Throws: As `fit`, for wrong hyper-parameters and shapes.
  public func parameterCount(for shape: ImageShape) throws -> Int {
    try assembly(for: shape, seed: nil).parameterCount
  }

  /// - Throws: `AutoencoderFault` and those of `fit(streaming:in:)`.
  public func fit(
    _ samples: Matrix, in context: RunContext
  ) throws -> AutoencoderModel {
    try fit(streaming: samples, in: context)
  }

  /// Reads the samples batch by batch, each in every epoch.
  ///
  /// - Throws: `DetectorFault` for hyper-parameters out of range and samples
  ///   that are not finite; `AutoencoderFault` for an image shape that does
  ///   not suit, a diverging loss (which carries the weights before it), and a
  ///   checkpoint of another run; `FileFault` for a checkpoint that cannot be
  ///   read or written; `CancellationError`.
  public func fit(
    streaming source: any SampleSource, in context: RunContext
  ) throws -> AutoencoderModel {
    try training.check()
    let shape = try imageShape(columns: source.columns, in: context)
    let assembly = try assembly(for: shape, seed: context.seed)
    return try Parallel.$threadCount.withValue(context.threadCount) {
      var run = try TrainingRun(self, assembly, shape, source, context)
      return try Subnormals.flushed {
        try BatchMemory.shared.reusing(limit: run.spareMemory) {
          try run.run()
        }
      }
    }
  }

  private func imageShape(
    columns: Int, in context: RunContext
  ) throws -> ImageShape {
    guard columns > 0 else { throw DetectorFault.noFeatures }
    guard let shape = context.imageShape else {
      guard architecture == .fcn else {
        throw AutoencoderFault.imageShapeUnknown(architecture)
      }
      return ImageShape(features: columns)
    }
    guard shape.count == columns else {
      throw AutoencoderFault.imageShapeMismatch(shape, columns: columns)
    }
    return shape
  }
}

// MARK: Networks

extension Autoencoder {
  /// The untrained networks, for tests of their mathematics.
  package func untrainedNetworks(
    for shape: ImageShape, seed: UInt64
  ) throws -> [Network<Float>] {
    try assembly(for: shape, seed: seed).networks
  }

  /// The untrained networks; without a seed their parameters are yet to come,
  /// and take no memory.
  func assembly(for shape: ImageShape, seed: UInt64?) throws -> any Assembly {
    try checkArchitecture()
    switch architecture {
    case .fcn:
      return PlainAutoencoder.fullyConnected(
        shape, hidden: widths ?? [128, 64, 12], latentSize: latentSize ?? 3,
        seed: seed)
    case .cnn, .cnnBN:
      return try PlainAutoencoder.convolutional(
        shape, filters: filters, normalizes: architecture == .cnnBN,
        seed: seed)
    case .mnistCNN:
      return try PlainAutoencoder.mnist(
        shape, filters: widths ?? [32, 64], latentSize: latentSize ?? 16,
        seed: seed)
    case .vae:
      return try VariationalAutoencoder(
        shape, filters: filters, beta: Double(beta),
        warmUpEpochs: warmUpEpochs, scoresByEvidence: score == .evidence,
        seed: seed)
    case .multiEncoder:
      return try MultiEncoder(
        shape, filters: filters, latentSize: latentSize ?? 64, seed: seed)
    case .noiseClassifier:
      return try NoiseClassifier(
        shape, filters: filters, latentSize: latentSize ?? 512,
        score: score ?? architecture.scores[0], seed: seed)
    case .ocgan:
      return try OneClassGAN(
        shape, filters: filters, latentSize: latentSize ?? 128, seed: seed)
    case .endToEndOCC:
      return try EndToEndClassifier(
        shape, filters: filters,
        scoresByReconstruction: score == .reconstruction, seed: seed)
    case .deepSVDD:
      return try DeepSVDD(
        shape, filters: filters, latentSize: latentSize ?? 32, seed: seed)
    }
  }

  /// Those of the course's convolutional autoencoder, unless said otherwise.
  private var filters: [Int] { widths ?? [12, 24, 48] }

  private func checkArchitecture() throws {
    if let widths {
      let isRight = !widths.isEmpty && widths.allSatisfy { 1...65536 ~= $0 }
      try require("widths", widths, "one or more integers in 1...65536") { _ in
        isRight
      }
    }
    if let latentSize {
      try require("latentSize", latentSize, "an integer in 1...65536") {
        1...65536 ~= $0
      }
      let isMap = [.cnn, .cnnBN, .vae, .endToEndOCC].contains(architecture)
      try require(
        "latentSize", latentSize,
        "widths instead: the code of \(architecture.rawValue) is its last"
          + " feature map"
      ) { _ in !isMap }
    }
    try require("beta", beta, "a number of at least 0") {
      $0 >= 0 && $0.isFinite
    }
    try require("warmUpEpochs", warmUpEpochs, "an integer of at least 0") {
      $0 >= 0
    }
    if let score {
      let possible = architecture.scores
      try require(
        "score", score.rawValue,
        possible.map(\.rawValue).joined(separator: " or ")
          + " with \(architecture.rawValue)"
      ) { _ in possible.contains(score) }
    }
  }
}

extension Architecture {
  /// The scores that the architecture offers, its own first.
  public var scores: [Autoencoder.Score] {
    switch self {
    case .fcn, .cnn, .cnnBN, .multiEncoder, .ocgan, .mnistCNN:
      [.reconstruction]
    case .vae: [.reconstruction, .evidence]
    case .noiseClassifier: [.both, .classifier, .reconstruction]
    case .endToEndOCC: [.discriminator, .reconstruction]
    case .deepSVDD: [.distance]
    }
  }
}
