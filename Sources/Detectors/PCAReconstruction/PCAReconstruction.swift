import Diagnostics
import Execution
import LinearAlgebra
import Parameters

/// Principal component analysis: how badly the main directions of the training
/// samples describe a sample.
///
/// The components are the leading right singular vectors of the centred
/// samples. Small inputs are decomposed as they are (`dgesdd`), large ones by
/// the eigenvectors of their Gram matrix in double precision. The score is
/// that of `PCAReconstructionModel`.
public struct PCAReconstruction: Detector {
  /// How many components describe an ordinary sample.
  ///
  /// Directions without variance are never kept, so there may be fewer than a
  /// count asks for.
  public var nComponents: ComponentCount
  /// Whether the Mahalanobis distance inside the subspace is added to the
  /// error, for samples that are strange in an ordinary direction.
  public var mahalanobis: Bool
  /// Whether the score is the Mahalanobis distance inside the subspace alone:
  /// with all components, every direction counts in units of its own spread
  /// (Shyu, Chen, Sarinnapakorn and Chang, "A novel anomaly detection scheme
  /// based on principal component classifier", 2003).
  public var byVariance: Bool

  /// By default: components for 0.9 of the variance, the error alone.
  public init(
    nComponents: ComponentCount = .varianceFraction(0.9),
    mahalanobis: Bool = false, byVariance: Bool = false
  ) {
    self.nComponents = nComponents
    self.mahalanobis = mahalanobis
    self.byVariance = byVariance
  }

  public var parameters: [Parameter<Self>] {
    [
      Parameter(
        "n-components", \.nComponents, .componentCount,
        "what is kept: a count, a fraction of the variance, auto or all"),
      Parameter(
        "mahalanobis", \.mahalanobis, .flag,
        "add the Mahalanobis distance inside the subspace"),
      Parameter(
        "by-variance", \.byVariance, .flag,
        "score by the distance inside the subspace alone, each component in"
          + " units of its variance"),
    ]
  }

  public var isShared: Bool { true }

  public var invariance: Invariance { [.shift, .scale] }

  /// The entry of the catalogue, `pca`.
  public static let description = DetectorDescription(
    "pca", "PCA reconstruction error", prototype: PCAReconstruction(),
    amongAnomalies: PCAReconstruction(nComponents: .all, byVariance: true)
  ) { _ in
    FitGrowth(seconds: 0.15, columnPower: 2, remedies: ["size"])
  }

  public func learn(
    from source: any SampleSource, in context: RunContext
  ) throws -> PCAReconstructionModel {
    let (rows, columns) = (source.rows, source.columns)
    let count = try componentCount(rows: rows, columns: columns, in: context)
    let (mean, axes): ([Double], PrincipalAxes)
    let size = rows * columns * MemoryLayout<Float>.stride
    if size > context.memoryBudget / 2 || !context.team.isAlone,
      !(source is Matrix), columns <= rows,
      !PrincipalAxes.decomposesSamples(rows: rows, columns: columns)
    {
      mean = try source.columnMeans(in: context)
      axes = try PrincipalAxes(
        byGramMatrix: GramMatrix(
          ofColumnsOf: source, mean: mean, in: context),
        keeping: count, in: context)
    } else {
      let centered = CenteredSamples(try source.matrix(in: context))
      mean = centered.mean
      axes = try PrincipalAxes(of: centered, keeping: count, in: context)
    }
    if axes.isComplete, !byVariance {
      try warnOfNothingLeftOut(
        by: axes.singularValues.count, source, mean: mean, in: context)
    }
    return PCAReconstructionModel(
      mean: mean, axes: axes, sampleCount: rows, mahalanobis: mahalanobis,
      byVariance: byVariance)
  }

  /// Says so where all components together describe every sample.
  private func warnOfNothingLeftOut(
    by kept: Int, _ source: any SampleSource, mean: [Double],
    in context: RunContext
  ) throws {
    let varying = try source.columnVariances(means: mean, in: context)
      .count { $0 > 0 }
    guard kept > 0, kept == varying else { return }
    let way: FaultMessage =
      kept == 1
      ? "use another detector"
      : "use \(option: "n-components", kept - 1) or fewer"
    context.warn(
      "all \(kept) components of \(varying) varying columns are kept, which"
        + " leave nothing over: every score is 0; \(way)")
  }

  /// The components to keep, once memory is known to suffice.
  private func componentCount(
    rows: Int, columns: Int, in context: RunContext
  ) throws -> ComponentCount {
    let smaller = min(rows, columns)
    var count = nComponents
    if case .count(let wanted) = count, wanted > smaller {
      context.warn(
        "there are at most \(smaller) components of \(rows) samples of"
          + " \(columns) features, not \(wanted)")
      count = .count(smaller)
    }
    // The Gram matrix, what it is summed from, its tridiagonal form and the
    // eigenvectors; for few samples also the components before and after they
    // are oriented.
    let kept = if case .count(let count) = count { count } else { smaller }
    let summed = GramMatrix.summedCount(rows: rows, columns: columns)
    let needed =
      MemoryLayout<Double>.stride
      * ((2 + summed) * smaller * smaller + 2 * kept * columns)
    guard needed <= context.memoryBudget else {
      throw DetectorFault.exceedsMemoryBudget(
        needed: needed, budget: context.memoryBudget,
        remedy: "shrink the images or give fewer features")
    }
    return count
  }
}

extension PCAReconstruction {
  private enum CodingKeys: CodingKey {
    case nComponents
    case mahalanobis
    case byVariance
  }

  /// Also of files that know nothing of `byVariance`.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    nComponents = try container.decode(
      ComponentCount.self, forKey: .nComponents)
    mahalanobis = try container.decode(Bool.self, forKey: .mahalanobis)
    byVariance =
      try container.decodeIfPresent(Bool.self, forKey: .byVariance) ?? false
  }
}
