import Execution
import LinearAlgebra
import LocalFeatures
import Parameters

/// How far every cell of a picture is from a Gaussian of the training cells at
/// its place (PaDiM of Defard and others 2021, on features that nobody
/// trained).
///
/// Each place has a mean of its own; its covariance is averaged with those of
/// the places around and shrunk towards that of all cells and towards a sphere.
public struct LocalGaussian: Detector {
  /// The places whose covariances are averaged; anywhere is one Gaussian for
  /// all cells, mean and covariance.
  public var reach: LocalReach
  /// The grid of the cells.
  public var grid: LocalGrid
  /// The most training pictures that are learned from, drawn at random.
  public var maxSamples: Int

  /// By default: covariances averaged within one cell, of the fine grid, at
  /// most 600 pictures.
  public init(
    reach: LocalReach = .cells(1), grid: LocalGrid = .fine,
    maxSamples: Int = 600
  ) {
    self.reach = reach
    self.grid = grid
    self.maxSamples = maxSamples
  }

  public var parameters: [Parameter<Self>] {
    [
      Parameter(
        "reach", \.reach, .reach,
        "cells around a place that share a covariance, or anywhere"),
      Parameter(
        "grid", \.grid, .choice, "cells a side of a picture of 256 pixels"),
      Parameter(
        "max-samples", \.maxSamples, .count, "most pictures to learn from"),
    ]
  }

  /// The entry of the catalogue, `local-gaussian`.
  public static let description = DetectorDescription(
    "local-gaussian", "Gaussians of local features", group: .further,
    pictureSide: LocalFeatures.usualSide, prototype: LocalGaussian())

  /// - Throws: `DetectorFault.needsImages` for a table,
  ///   `.tooFewSamples` for a single picture.
  public func learn(
    from source: any SampleSource, in context: RunContext
  ) throws -> LocalMapModel {
    try LocalMapModel.fit(
      [GaussianRecipe(view: LocalView(grid: grid), reach: reach.cells)],
      of: .all,
      to: LocalPictures(of: source, most: maxSamples, needed: 2, in: context),
      in: context)
  }
}
