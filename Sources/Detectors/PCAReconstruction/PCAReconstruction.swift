import Execution
import LinearAlgebra

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

  /// By default: components for 0.9 of the variance, the error alone.
  public init(
    nComponents: ComponentCount = .varianceFraction(0.9),
    mahalanobis: Bool = false
  ) {
    self.nComponents = nComponents
    self.mahalanobis = mahalanobis
  }

  /// - Throws: `DetectorFault`: `nComponents` out of range, samples empty or
  ///   not finite, the memory budget exceeded; `CancellationError`.
  public func fit(
    _ samples: Matrix, in context: RunContext
  ) throws -> PCAReconstructionModel {
    try Parallel.$threadCount.withValue(context.threadCount) {
      try samples.checkForFit()
      try context.cancellation.check()
      try check(rows: samples.rows, columns: samples.columns, in: context)
      let centered = CenteredSamples(samples)
      let axes = try PrincipalAxes(
        of: centered, keeping: nComponents, in: context)
      return PCAReconstructionModel(
        mean: centered.mean, axes: axes, sampleCount: samples.rows,
        mahalanobis: mahalanobis)
    }
  }

  private func check(rows: Int, columns: Int, in context: RunContext) throws {
    let smaller = min(rows, columns)
    switch nComponents {
    case .count(let count) where count < 1 || count > smaller:
      throw DetectorFault.invalidHyperparameter(
        name: "nComponents", value: "\(count)",
        allowed: "1 through \(smaller), the smaller of rows and features")
    case .varianceFraction(let fraction)
    where !(fraction > 0 && fraction < 1):
      throw DetectorFault.invalidHyperparameter(
        name: "nComponents", value: "\(fraction)",
        allowed: "a fraction between 0 and 1")
    default: break
    }
    // The Gram matrix, its tridiagonal form and the eigenvectors; for few
    // samples also the components before and after they are oriented.
    let kept =
      if case .count(let count) = nComponents { count } else { smaller }
    let needed =
      MemoryLayout<Double>.stride
      * (2 * smaller * smaller + 2 * kept * columns)
    guard needed <= context.memoryBudget else {
      throw DetectorFault.exceedsMemoryBudget(
        needed: needed, budget: context.memoryBudget,
        remedy: "shrink the images or give fewer features")
    }
  }
}
