import Execution
import LinearAlgebra
import LocalFeatures
import Parameters

/// PCA reconstruction of overlapping blocks of local features: sees defects
/// that are small beside the picture, and where they are.
///
/// Each block of a grid of local features has its own principal directions
/// over the training pictures; what a picture's block has besides them, with a
/// ridge that shrinks directions of little variance, is its residual. No
/// network, and nothing to set for a kind of object.
public struct LocalPCA: Detector {
  /// Cells a side of a block; nil is the mean of three maps, of blocks of 8 and
  /// 12 cells of the medium grid and of 6 cells of the coarse one.
  public var block: Int?
  /// The grid that blocks of a chosen size are of.
  public var grid: LocalGrid
  /// The most cells from one block to the next; nil is half a block.
  public var step: Int?
  /// The ridge, as a part of the mean variance of a number of a block.
  public var ridge: Double
  /// Which local features blocks are of.
  public var channels: LocalChannels
  /// The most training pictures that are learned from, drawn at random.
  public var maxSamples: Int

  /// By default: the mean of three maps, ridge 0.1, all channels, at most 600
  /// pictures.
  public init(
    block: Int? = nil, grid: LocalGrid = .medium, step: Int? = nil,
    ridge: Double = 0.1, channels: LocalChannels = .all, maxSamples: Int = 600
  ) {
    self.block = block
    self.grid = grid
    self.step = step
    self.ridge = ridge
    self.channels = channels
    self.maxSamples = maxSamples
  }

  public var parameters: [Parameter<Self>] {
    [
      Parameter(
        "block", \.block, .count, "cells a side of a block",
        unset: "8 and 12, and 6 of the coarse grid"),
      Parameter(
        "grid", \.grid, .choice,
        "cells a side of a picture of 256 pixels, for a chosen block"),
      Parameter(
        "step", \.step, .count, "most cells from block to block",
        unset: "half a block"),
      Parameter(
        "ridge", \.ridge, .positive, "ridge, in parts of the mean variance"),
      Parameter(
        "channels", \.channels, .choice, "local features that blocks are of"),
      Parameter(
        "max-samples", \.maxSamples, .count, "most pictures to learn from"),
    ]
  }

  /// The entry of the catalogue, `local-pca`.
  public static let description = DetectorDescription(
    "local-pca", "PCA reconstruction of blocks of local features",
    group: .local, pictureSide: LocalFeatures.usualSide, prototype: LocalPCA()
  ) { detector in
    FitGrowth(
      seconds: 200, columnPower: 0, rowLimit: detector.maxSamples,
      remedies: ["max-samples"])
  }

  /// - Throws: `DetectorFault.needsImages` for a table,
  ///   `.tooFewSamples` for a single picture.
  public func learn(
    from source: any SampleSource, in context: RunContext
  ) throws -> LocalMapModel {
    let pictures = try LocalPictures(
      of: source, most: maxSamples, needed: 2, in: context)
    let recipes =
      block.map {
        [
          BlockRecipe(
            view: LocalView(grid: grid), side: $0, step: step, ridge: ridge)
        ]
      } ?? BlockRecipe.usual(step: step, ridge: ridge)
    return try LocalMapModel.fit(
      recipes, of: channels, to: pictures, in: context)
  }
}
