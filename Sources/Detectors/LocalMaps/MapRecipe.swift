import Execution
import LinearAlgebra
import LocalFeatures

/// How a map is to be made, before the training pictures are known.
protocol MapRecipe: Sendable {
  /// Of the map, such as "blocks of 8".
  var name: String { get }
  var view: LocalView { get }

  /// - Parameter train: The training pictures, in the view.
  /// - Returns: Also the maps of the training pictures, each left out.
  func make(
    of train: LocalGrids, in context: RunContext
  ) throws -> (maker: MapMaker, leftOut: [Raster])
}

extension MapRecipe {
  /// - Returns: Also the maps of the training pictures, each left out, as they
  ///   are compared.
  func fit(
    to train: LocalGrids, _ standard: LocalStandard, in context: RunContext
  ) throws -> (member: LocalMapModel.Member, leftOut: [Raster]) {
    let (maker, raw) = try make(of: view(train, on: standard), in: context)
    let maps = context.withThreads {
      Parallel.map(raw.count) { raw[$0].smoothed(over: standard.features) }
    }
    return (
      LocalMapModel.Member(
        name: name, maker: maker, calibration: MapCalibration(maps), weight: 1),
      maps
    )
  }
}

extension Array where Element == any MapRecipe {
  /// What all views can be averaged from.
  var finestGrid: LocalGrid {
    map(\.view.grid).min { $0.fineCells < $1.fineCells } ?? .medium
  }

  /// Each as `MapRecipe.fit`.
  func fit(
    to train: LocalGrids, _ standard: LocalStandard, in context: RunContext
  ) throws -> [(member: LocalMapModel.Member, leftOut: [Raster])] {
    let stages = context.parts(map { _ in 1 })
    return try zip(self, stages).map {
      try $0.fit(to: train, standard, in: $1)
    }
  }
}

/// Blocks that are reconstructed.
struct BlockRecipe: MapRecipe {
  var view: LocalView
  /// Cells a side.
  var side: Int
  /// The most cells from one block to the next; nil is half a block.
  var step: Int?
  /// See `BlockReconstruction`.
  var ridge: Double

  /// The blocks that are best together, on every kind of object tried.
  static func usual(step: Int? = nil, ridge: Double) -> [BlockRecipe] {
    [(LocalGrid.medium, 8), (.medium, 12), (.coarse, 6)].map {
      BlockRecipe(
        view: LocalView(grid: $0), side: $1, step: step, ridge: ridge)
    }
  }

  var name: String {
    (view.isOfColor ? "colour, " : "")
      + "blocks of \(side) of \(view.grid.rawValue) cells"
  }

  func make(
    of train: LocalGrids, in context: RunContext
  ) throws -> (maker: MapMaker, leftOut: [Raster]) {
    let (blocks, leftOut) = try BlockReconstruction.fit(
      view, side: side, step: step ?? max(1, side / 2), ridge: ridge, to: train,
      in: context)
    return (.blocks(blocks), leftOut)
  }
}

/// Cells that are compared with their nearest neighbours.
struct NeighborRecipe: MapRecipe {
  var view: LocalView
  /// See `CellNeighbors`.
  var reach: Int?
  /// The most cells that are compared with where they may be anywhere.
  var bankSize = 2500

  var name: String {
    (view.isOfColor ? "colour, " : "")
      + (reach.map { "neighbours within \($0) cells" } ?? "neighbours anywhere")
  }

  func make(
    of train: LocalGrids, in context: RunContext
  ) throws -> (maker: MapMaker, leftOut: [Raster]) {
    let (neighbors, leftOut) = try CellNeighbors.fit(
      view, reach: reach, bankSize: bankSize, to: train, in: context)
    return (.neighbors(neighbors), leftOut)
  }
}

/// Gaussians of cells.
struct GaussianRecipe: FoldedRecipe {
  var view: LocalView
  /// See `CellGaussians`.
  var reach: Int?

  var name: String {
    reach.map { "Gaussians within \($0) cells" } ?? "one Gaussian"
  }

  func learn(
    from train: LocalGrids, in context: RunContext
  ) throws -> MapMaker {
    .gaussians(try CellGaussians(view, reach: reach, from: train, in: context))
  }
}
