import Autoencoders
import Datasets
import Detectors
import Execution
import Images
import LinearAlgebra

/// What a model makes of samples: where it sees them strange, reconstructions,
/// where they differ, and what becomes of them when their latent codes are
/// edited.
///
/// All lists are in the order of `samples`.
public struct Inspection: Sendable {
  /// The strangest samples, then the most ordinary ones.
  public let samples: [Sample]
  /// Higher is more anomalous.
  public let scores: [Float]
  /// In the size and colour of the features, before they are scaled.
  public let originals: [RasterImage]
  /// What the model takes the originals for, on the same scale; nil for one
  /// that does not reconstruct.
  public let reconstructions: [RasterImage]?
  /// The absolute differences, each image stretched so that its greatest is 1.
  public let differences: [RasterImage]?
  /// Where the model sees the originals strange, one channel of their size, on
  /// one scale for all; nil for one that does not localise.
  public let heatMaps: [RasterImage]?
  /// Nil for a model without latent codes.
  public let codes: [[Float]]?
  /// The images of the codes after each edit.
  public let edited: [(edit: LatentEdit, images: [RasterImage])]
  /// What a network is made of; empty for other models.
  public let layers: [LayerDescription]
  /// Of a model that was trained in epochs.
  public let history: [EpochRecord]?

  /// Looks at the strangest and the most ordinary samples of a set.
  ///
  /// - Parameters:
  ///   - set: What to choose from.
  ///   - pipeline: Reconstructs them.
  ///   - count: How many samples to look at.
  ///   - edits: Changes to the latent codes, each for itself.
  ///   - context: Who watches or stops the work.
  /// - Throws: `ExperimentFault.cannotShow` for a model that sees no images, or
  ///   has no latent code to edit; the faults of reading
  ///   and of the model; `CancellationError`.
  public init(
    _ set: SampleSet, by pipeline: FittedPipeline, count: Int,
    edits: [LatentEdit] = [], in context: RunContext = RunContext()
  ) throws {
    func refusal(_ thing: String) -> ExperimentFault {
      .cannotShow(thing, detector: pipeline.detector.name)
    }
    let features = pipeline.features
    guard features.extractor.featureImageShape != nil else {
      throw features.extractor.imageShape == nil
        ? refusal("pictures")
        : ExperimentFault.noPictures(features: features.extractor.name)
    }
    let latent = pipeline.model.latent
    guard edits.isEmpty || latent != nil else { throw refusal("latent code") }

    let scores = try pipeline.scores(for: set, in: context)
    let places = Self.ends(of: scores, count: count)
    try context.cancellation.check()
    let (originals, rows) = try features.samples(places, of: set, in: context)
    samples = places.map { set.samples[$0] }
    self.scores = places.map { scores[$0] }
    self.originals = originals
    reconstructions = try pipeline.reconstructions(of: rows, in: context)
    differences = reconstructions.map {
      zip(originals, $0).map { $0.difference(from: $1) }
    }
    heatMaps = try pipeline.heatMaps(of: rows, in: context)
    if let latent {
      let codes = try latent.latentCodes(of: rows, in: context)
      self.codes = (0..<codes.rows).map { Array(codes.row($0)) }
      edited = try edits.map { edit in
        try context.cancellation.check()
        return (
          edit,
          features.images(
            of: try latent.reconstructions(
              fromLatent: edit.applied(to: codes), in: context))
        )
      }
    } else {
      codes = nil
      edited = []
    }
    layers = (pipeline.model as? AutoencoderModel)?.layers ?? []
    history = pipeline.model.trainingHistory
  }

  /// The places of the highest scores, from the top, and of the lowest, from
  /// the bottom.
  private static func ends(of scores: [Float], count: Int) -> [Int] {
    let ascending = scores.indices.sorted {
      (scores[$0], $0) < (scores[$1], $1)
    }
    let strangest = ascending.suffix(count - count / 2).reversed()
    return strangest
      + ascending.prefix(count / 2).filter { !strangest.contains($0) }
  }
}

extension RasterImage {
  fileprivate func difference(from other: RasterImage) -> RasterImage {
    var image = self
    image.values = zip(values, other.values).map { abs($0 - $1) }
    let greatest = max(1e-6, image.values.max() ?? 0)
    image.values = image.values.map { $0 / greatest }
    return image
  }
}
