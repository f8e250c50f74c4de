import LinearAlgebra
import LocalFeatures

/// What a map is made of: a grid, and all channels or those of colour.
struct LocalView: Codable, Hashable, Sendable {
  var grid: LocalGrid
  var isOfColor = false

  func callAsFunction(
    _ grids: LocalGrids, on standard: LocalStandard
  ) -> LocalGrids {
    let averaged = grids.averaged(on: grid)
    return isOfColor ? standard.colors(of: averaged) : averaged
  }
}

/// One way from a picture's local features to a map of how little training
/// pictures explain them.
enum MapMaker: Codable, Sendable {
  case blocks(BlockReconstruction)
  case neighbors(CellNeighbors)

  var view: LocalView {
    switch self {
    case .blocks(let blocks): blocks.view
    case .neighbors(let neighbors): neighbors.view
    }
  }

  /// The way from pictures to maps, with what can be made ready beforehand.
  ///
  /// - Parameter train: What the maker was fitted to, in its view.
  func mapping(over train: LocalGrids) -> (LocalGrids) -> [Raster] {
    switch self {
    case .blocks(let blocks): blocks.mapping(over: train)
    case .neighbors(let neighbors): neighbors.mapping(over: train)
    }
  }

  /// Whether it can have been fitted to such pictures.
  func fits(_ train: LocalGrids) -> Bool {
    switch self {
    case .blocks(let blocks): blocks.fits(train)
    case .neighbors(let neighbors): neighbors.fits(train)
    }
  }
}
