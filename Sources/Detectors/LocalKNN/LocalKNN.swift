import Execution
import LinearAlgebra
import LocalFeatures
import Parameters

/// How far every cell of a picture is from the most similar cell of the
/// training pictures, around the same place or anywhere.
///
/// Near its place suits objects that lie alike; anywhere suits those that lie
/// anyhow, and textures. As Gaussians of PaDiM (Defard and others 2021) and the
/// memory of PatchCore (Roth and others 2022), on features that nobody trained.
public struct LocalKNN: Detector {
  /// Where neighbours may be.
  public var reach: LocalReach
  /// The grid of the cells.
  public var grid: LocalGrid
  /// Whether colour alone is compared.
  public var colorOnly: Bool
  /// The most training cells that are compared with when `reach` is anywhere, drawn
  /// at random.
  public var bankSize: Int
  /// The most training pictures that are learned from, drawn at random.
  public var maxSamples: Int

  /// By default: within one cell, of the medium grid, by all channels.
  public init(
    reach: LocalReach = .cells(1), grid: LocalGrid = .medium,
    colorOnly: Bool = false,
    bankSize: Int = 2500, maxSamples: Int = 600
  ) {
    self.reach = reach
    self.grid = grid
    self.colorOnly = colorOnly
    self.bankSize = bankSize
    self.maxSamples = maxSamples
  }

  public var parameters: [Parameter<Self>] {
    [
      Parameter(
        "reach", \.reach, .reach,
        "cells that a neighbour may be away, or anywhere"),
      Parameter(
        "grid", \.grid, .choice, "cells a side of a picture of 256 pixels"),
      Parameter("color-only", \.colorOnly, .flag, "compare colour alone"),
      Parameter(
        "bank-size", \.bankSize, .count,
        "most cells to compare with anywhere"),
      Parameter(
        "max-samples", \.maxSamples, .count, "most pictures to learn from"),
    ]
  }

  /// The entry of the catalogue, `local-knn`.
  public static let description = DetectorDescription(
    "local-knn", "nearest neighbours of local features", group: .further,
    pictureSide: LocalFeatures.usualSide, prototype: LocalKNN())

  /// - Throws: `DetectorFault.needsImages` for a table,
  ///   `.tooFewSamples` for a single picture.
  public func learn(
    from source: any SampleSource, in context: RunContext
  ) throws -> LocalMapModel {
    try LocalMapModel.fit(
      [
        NeighborRecipe(
          view: LocalView(grid: grid, isOfColor: colorOnly), reach: reach.cells,
          bankSize: bankSize)
      ],
      of: .all,
      to: LocalPictures(of: source, most: maxSamples, needed: 2, in: context),
      in: context)
  }
}
