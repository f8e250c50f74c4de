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
  /// How far from its own place a cell looks for neighbours.
  public enum Reach: Codable, Hashable, Sendable {
    /// As many cells to every side, 0 to 64.
    case cells(Int)
    /// The whole picture.
    case anywhere

    var cells: Int? { if case .cells(let count) = self { count } else { nil } }
  }

  /// Where neighbours may be.
  public var reach: Reach
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
    reach: Reach = .cells(1), grid: LocalGrid = .medium,
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

extension ParameterDomain<LocalKNN.Reach> {
  /// Cells of 0 or more, or `anywhere`.
  fileprivate static var reach: ParameterDomain {
    ParameterDomain(
      "a count of 0 to 64, or anywhere",
      read: { $0 == "anywhere" ? .anywhere : Int($0).map { .cells($0) } },
      text: { $0.cells.map { "\($0)" } ?? "anywhere" },
      contains: { 0...64 ~= $0.cells ?? 0 })
  }
}
