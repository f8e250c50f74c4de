import Execution
import Files
import LinearAlgebra
import ONNX

/// A model that can show what it takes a sample for.
public protocol ReconstructingModel: AnomalyModel {
  /// False for a kind of model that has no reconstructions after all; true
  /// unless told otherwise.
  var canReconstruct: Bool { get }

  /// The samples as the model would have them, of the same shape.
  ///
  /// Called by `reconstructions(of:in:)`, on the threads of the context, with
  /// finite samples of the right number of columns.
  func reconstruct(_ samples: Matrix, in context: RunContext) throws -> Matrix
}

extension ReconstructingModel {
  /// True unless the model tells otherwise.
  public var canReconstruct: Bool { true }

  /// The samples as the model would have them, of the same shape.
  ///
  /// - Throws: As `scores(for:in:)`.
  public func reconstructions(
    of samples: Matrix, in context: RunContext = RunContext()
  ) throws -> Matrix {
    try check(samples)
    return try context.working { try reconstruct(samples, in: context) }
  }
}

/// A model that makes a few numbers of a sample, and the sample of them.
public protocol LatentModel: ReconstructingModel {
  /// The numbers of a latent code.
  var latentSize: Int { get }

  /// The latent code of every sample: `latentSize` columns.
  ///
  /// Called by `latentCodes(of:in:)`, as `reconstruct` is.
  func encode(_ samples: Matrix, in context: RunContext) throws -> Matrix

  /// The samples that latent codes, which may have been edited, stand for.
  ///
  /// Called by `reconstructions(fromLatent:in:)`, with `latentSize` columns.
  func decode(_ codes: Matrix, in context: RunContext) throws -> Matrix
}

extension LatentModel {
  /// The latent code of every sample: `latentSize` columns.
  ///
  /// - Throws: As `scores(for:in:)`.
  public func latentCodes(
    of samples: Matrix, in context: RunContext = RunContext()
  ) throws -> Matrix {
    try check(samples)
    return try context.working { try encode(samples, in: context) }
  }

  /// The samples that latent codes, which may have been edited, stand for.
  ///
  /// - Throws: `DetectorFault` for codes of another size or not finite.
  public func reconstructions(
    fromLatent codes: Matrix, in context: RunContext = RunContext()
  ) throws -> Matrix {
    guard codes.columns == latentSize else {
      throw DetectorFault.wrongFeatureCount(
        actual: codes.columns, expected: latentSize)
    }
    try codes.checkFinite()
    return try context.working { try decode(codes, in: context) }
  }
}

/// A model that says where in a picture the strange is.
public protocol LocalizingModel: AnomalyModel {
  /// False for maps that take long and are for looking at: no figures are made
  /// of them. True unless told otherwise.
  var comparesMaps: Bool { get }

  /// A score and a heat map of every picture.
  ///
  /// Called by `localization(of:in:)`, on the threads of the context, which
  /// knows the shape of the pictures, with finite samples of the right number
  /// of columns.
  func localize(_ samples: Matrix, in context: RunContext) throws
    -> Localization
}

/// How strange pictures are, and where.
public struct Localization: Sendable {
  /// One score a picture, the same as `scores(for:in:)` gives.
  public var scores: [Float]
  /// One map a picture, a row of height x width values: higher is stranger, on
  /// one scale for all pictures of a model.
  public var maps: Matrix

  /// - Precondition: as many scores as maps.
  public init(scores: [Float], maps: Matrix) {
    precondition(scores.count == maps.rows, "a score for every map")
    self.scores = scores
    self.maps = maps
  }
}

extension LocalizingModel {
  /// True unless the model tells otherwise.
  public var comparesMaps: Bool { true }

  /// A score and a heat map of every picture.
  ///
  /// - Parameters:
  ///   - samples: One picture a row.
  ///   - context: With the shape of the pictures.
  /// - Throws: `DetectorFault.needsImages` without such a shape, and as
  ///   `scores(for:in:)`.
  public func localization(
    of samples: Matrix, in context: RunContext
  ) throws -> Localization {
    guard let shape = context.imageShape, shape.count == featureCount else {
      throw DetectorFault.needsImages
    }
    try check(samples)
    return try context.working {
      let result = try localize(samples, in: context)
      try checkFinite(result.scores)
      try checkFinite(result.maps.values)
      return result
    }
  }
}

/// A model that says in words what it found out about the training samples.
public protocol ExplainedModel: AnomalyModel {
  /// One paragraph for a report; nil when there is nothing to tell.
  var explanation: String? { get }
}

/// A model that knows how strange each picture that it learned from would be,
/// had it learned from the others alone: what thresholds can be made of without
/// further pictures.
public protocol CalibratingModel: LocalizingModel {
  /// Of every picture that was learned from.
  var leftOut: LeftOutScores { get }
}

/// How strange training pictures are, each left out of what was learned.
public struct LeftOutScores: Codable, Hashable, Sendable {
  /// The score of each, comparable with those of new pictures.
  @Tensor public private(set) var scores: [Float]
  /// The highest value of the heat map of each.
  @Tensor public private(set) var peaks: [Float]

  /// - Precondition: as many scores as peaks.
  public init(scores: [Float], peaks: [Float]) {
    precondition(scores.count == peaks.count, "a peak for every score")
    self.scores = scores
    self.peaks = peaks
  }

  /// Whether these are finite numbers of so many pictures.
  package func isWhole(count: Int) -> Bool {
    scores.count == count && peaks.count == count
      && scores.allSatisfy(\.isFinite) && peaks.allSatisfy(\.isFinite)
  }
}

/// A model that knows how strange some samples are that it was calibrated with
/// but did not learn from.
public protocol HeldOutModel: AnomalyModel {
  /// Comparable with the scores of new samples.
  var heldOutScores: [Float] { get }
}

/// A model that keeps its training samples and can tell how strange each is to
/// the others.
public protocol LeaveOneOutModel: AnomalyModel {
  /// One score a training sample, in their order: comparable with the scores of
  /// new samples.
  ///
  /// Called by `leaveOneOutScores(in:)`, on the threads of the context.
  func scoreLeavingOneOut(in context: RunContext) throws -> [Float]
}

extension LeaveOneOutModel {
  /// How strange each training sample is to the others, in their order.
  ///
  /// - Throws: As `scores(for:in:)`.
  public func leaveOneOutScores(
    in context: RunContext = RunContext()
  ) throws -> [Float] {
    try context.working {
      let scores = try scoreLeavingOneOut(in: context)
      try checkFinite(scores)
      return scores
    }
  }
}

/// A model that can tell exactly how much each feature adds to a score.
public protocol AttributingModel: AnomalyModel {
  /// How much every feature adds, a row for each sample: the more, the stranger
  /// it makes the sample.
  ///
  /// Called by `attributions(of:usual:in:)`, on the threads of the context,
  /// with finite samples of the right number of columns.
  ///
  /// - Parameters:
  ///   - samples: One a row.
  ///   - usual: A value of every feature that is nothing special.
  ///   - context: Threads, and who watches or stops the work.
  func attribute(_ samples: Matrix, usual: [Float], in context: RunContext)
    throws -> Matrix
}

/// A model that has one of its own for every group of alike samples.
public protocol GroupingModel: AnomalyModel {
  /// How many groups there are.
  var groupCount: Int { get }

  /// The group of every sample, counted from 0.
  func groups(of samples: any SampleSource, in context: RunContext) throws
    -> [Int]
}

/// A model whose fit goes over the samples in epochs.
public protocol EpochTrainedModel: AnomalyModel {
  /// What every epoch gave, the first one first.
  var history: [EpochRecord] { get }
}

/// A model whose scores the operators of ONNX can compute.
package protocol ExportingModel: AnomalyModel {
  /// Adds the computation of the scores to a graph; gives one number a row, in
  /// single precision.
  ///
  /// - Parameter samples: Rows x `featureCount`, in single precision.
  /// - Throws: `ONNXFault.notExported` for a part of a model without such
  ///   operators.
  func addScores(
    of samples: ONNXGraph.Value, to graph: inout ONNXGraph
  ) throws -> ONNXGraph.Value
}

// What a model can do is asked for here, and nowhere else.
extension AnomalyModel {
  /// The model, if it can show what it takes a sample for.
  package var reconstructing: (any ReconstructingModel)? {
    (self as? any ReconstructingModel).flatMap { $0.canReconstruct ? $0 : nil }
  }

  /// The model, if it has latent codes and makes samples of them.
  package var latent: (any LatentModel)? { reconstructing as? any LatentModel }

  /// The model, if it says where in a picture the strange is.
  package var localizing: (any LocalizingModel)? {
    self as? any LocalizingModel
  }

  /// What it found out about the training samples, in words.
  package var inWords: String? { (self as? any ExplainedModel)?.explanation }

  /// How strange its training pictures are, each left out, if it knows.
  package var leftOutScores: LeftOutScores? {
    (self as? any CalibratingModel)?.leftOut
  }

  /// How strange training samples are to models that did not learn from them,
  /// if it knows.
  package var knownHeldOutScores: [Float]? {
    leftOutScores?.scores ?? (self as? any HeldOutModel)?.heldOutScores
  }

  /// The model, if it can leave each training sample out by itself.
  package var leavingOneOut: (any LeaveOneOutModel)? {
    self as? any LeaveOneOutModel
  }

  /// The model, if it can tell what each feature adds to a score.
  var attributing: (any AttributingModel)? { self as? any AttributingModel }

  /// The model, if it has one of its own for every group of samples.
  package var grouping: (any GroupingModel)? { self as? any GroupingModel }

  /// The model, if ONNX can compute its scores.
  package var exporting: (any ExportingModel)? { self as? any ExportingModel }

  /// What every epoch gave, if it was trained in epochs.
  package var trainingHistory: [EpochRecord]? {
    (self as? any EpochTrainedModel)?.history
  }
}

extension Detector {
  /// Whether a fit goes over the samples in epochs, and so can be gone on with.
  package var trainsInEpochs: Bool { Model.self is any EpochTrainedModel.Type }

  /// Whether models know how strange their training pictures are, each left
  /// out.
  package var isCalibrating: Bool { Model.self is any CalibratingModel.Type }
}
