import Detectors
import Execution
import LinearAlgebra
import Parameters

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

  /// The kind of networks; by default the one that `autoencoder` stands for.
  public var architecture: Architecture
  /// Epochs, batches, steps and when to stop.
  public var training = TrainingOptions()
  /// Filters of each convolution, or units of each hidden layer of `fcn`; nil
  /// for the architecture's own.
  public var widths: [Int]?
  /// Numbers in a latent code; nil for the architecture's own.
  ///
  /// The code of `cnn`, `cnn-bn`, `vae` and `end-to-end-occ` is the last
  /// feature map, whose size follows from the widths.
  public var latentSize: Int?
  /// `vae`: the weight of the divergence.
  public var beta: Float = 1
  /// `vae`: the epochs over which the weight rises to `beta`.
  public var warmUpEpochs = 0
  /// Nil for the architecture's own score.
  public var score: Score?

  /// All but the architecture has its default until it is set.
  public init(_ architecture: Architecture = .automatic) {
    self.architecture = architecture
  }

  /// The parameters that the networks have for images of a shape, counted as
  /// the architecture's source does.
  ///
  /// - Throws: As `fit`, for wrong hyper-parameters and shapes.
  public func parameterCount(for shape: ImageShape) throws -> Int {
    try learner(for: shape, seed: nil).parameterCount
  }

  /// Reads the samples batch by batch, each in every epoch.
  ///
  /// - Throws: `ParameterFault` for a value that the architecture has no use
  ///   for; `DetectorFault` for samples that are not finite;
  ///   `AutoencoderFault` for an image shape that does not suit, a diverging
  ///   loss (which carries the weights before it), and a checkpoint of another
  ///   run; `FileFault` for a checkpoint that cannot be read or written;
  ///   `CancellationError`.
  public func learn(
    from source: any SampleSource, in context: RunContext
  ) throws -> AutoencoderModel {
    let shape = try imageShape(columns: source.columns, in: context)
    let learner = try learner(for: shape, seed: context.seed)
    var run = try TrainingRun(self, learner, shape, source, context)
    return try BatchMemory.shared.reusing(limit: run.spareMemory) {
      try Subnormals.flushed { try run.run() }
    }
  }

  private func imageShape(
    columns: Int, in context: RunContext
  ) throws -> ImageShape {
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
    try learner(for: shape, seed: seed).networks
  }

  /// The untrained networks; without a seed their parameters are yet to come,
  /// and take no memory.
  func learner(for shape: ImageShape, seed: UInt64?) throws -> any Learner {
    try check()
    try refuseForeignParameters()
    return try architecture.traits.networks(self, shape, seed)
  }

  var usedWidths: [Int] { widths ?? architecture.traits.widths }

  /// - Precondition: the architecture has a latent size of its own.
  var usedLatentSize: Int { latentSize ?? architecture.traits.latentSize ?? 1 }

  var usedScore: Score { score ?? architecture.traits.scores[0] }
}

// MARK: Parameters

extension Autoencoder {
  /// Those of the architecture.
  public var parameters: [Parameter<Autoencoder>] {
    let traits = architecture.traits
    return Self.training
      + [
        Parameter(
          "widths", \.widths, .widths, "filters or units of each layer",
          unset: ParameterDomain.widths.text(traits.widths))
      ]
      + (traits.latentSize.map {
        [
          Parameter(
            "latent-size", \.latentSize,
            .whole(1...65536, "a whole number from 1 to 65536"),
            "numbers in a latent code", unset: "\($0)")
        ]
      } ?? []) + traits.parameters
      + (traits.scores.count > 1
        ? [
          Parameter(
            "score", \.score, .one(of: traits.scores),
            "what stands for an anomaly", unset: traits.scores[0].rawValue)
        ] : [])
  }

  private static let epochs = Parameter<Autoencoder>(
    "epochs", \.training.epochs, .count, "passes over the training images")

  /// Those that all architectures have.
  private static let training: [Parameter<Autoencoder>] = [
    epochs,
    Parameter(
      "batch-size", \.training.batchSize, .count, "images in a step",
      unset: "\(TrainingOptions.usualBatchSize)"),
    Parameter(
      "learning-rate", \.training.learningRate, .positive, "length of a step"),
    Parameter(
      "schedule", \.training.schedule, .choice, "how the learning rate goes"),
    Parameter(
      "step-epochs", \.training.stepEpochs, .count,
      "epochs between the falls of the schedule step"),
    Parameter(
      "step-factor", \.training.stepFactor,
      .number("a number above 0 and at most 1") { $0 > 0 && $0 <= 1 },
      "what a fall leaves of the learning rate"),
    Parameter(
      "optimizer", \.training.optimizer, .choice,
      "how gradients become steps"),
    Parameter(
      "weight-decay", \.training.weightDecay, .notNegative, "weight decay"),
    Parameter(
      "patience", \.training.patience, .count,
      "epochs without a better held-out loss before training stops",
      unset: "never"),
    Parameter(
      "validation-fraction", \.training.validationFraction, .fraction,
      "the slice held out"),
  ]

  /// What other architectures have must be as it was.
  private func refuseForeignParameters() throws {
    let own = Set(parameters.map(\.name))
    let untouched = Autoencoder(architecture)
    for other in Architecture.allCases {
      for parameter in Autoencoder(other).parameters
      where !own.contains(parameter.name)
        && parameter.values(of: self) != parameter.values(of: untouched)
      {
        throw ParameterFault.unknown(
          parameter.option, owner: architecture.rawValue, owners: [])
      }
    }
  }
}

extension ParameterDomain<[Int]> {
  /// Counts with commas.
  fileprivate static var widths: ParameterDomain {
    ParameterDomain(
      "counts with commas, such as 12,24,48",
      read: { text in
        let parts = text.split(separator: ",", omittingEmptySubsequences: false)
        let widths = parts.compactMap { Int($0) }
        return widths.count == parts.count ? widths : nil
      },
      text: { $0.map(String.init).joined(separator: ",") },
      contains: { !$0.isEmpty && $0.allSatisfy { 1...65536 ~= $0 } })
  }
}

// MARK: Descriptions

extension Autoencoder {
  /// `autoencoder`, which stands for the default architecture, and each
  /// architecture under its own name.
  public static var descriptions: [DetectorDescription] {
    [
      description(
        "autoencoder",
        "the default architecture, \(Architecture.automatic.rawValue)",
        .automatic)
    ]
      + Architecture.allCases.map {
        description($0.rawValue, $0.traits.summary, $0)
      }
  }

  private static func description(
    _ name: String, _ summary: String, _ architecture: Architecture
  ) -> DetectorDescription {
    DetectorDescription(
      name, summary, group: .network, prototype: Autoencoder(architecture)
    ) { detector in
      FitGrowth(
        seconds: Double(detector.training.epochs)
          * detector.architecture.traits.secondsPerEpoch,
        remedies: [epochs.option, "size"])
    }
  }
}
