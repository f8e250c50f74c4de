import Execution
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
  case gaussians(CellGaussians)
  case kmeans(CellModel<KMeansDistance.Model>)
  case oneClassSVM(CellModel<OneClassSVM.Model>)
  case isolationForest(CellModel<IsolationForest.Model>)

  var view: LocalView {
    switch self {
    case .blocks(let blocks): blocks.view
    case .neighbors(let neighbors): neighbors.view
    case .gaussians(let gaussians): gaussians.view
    case .kmeans(let model): model.view
    case .oneClassSVM(let model): model.view
    case .isolationForest(let model): model.view
    }
  }

  /// Whether maps are made by comparison with the training pictures.
  var needsPictures: Bool {
    switch self {
    case .blocks, .neighbors: true
    case .gaussians, .kmeans, .oneClassSVM, .isolationForest: false
    }
  }

  /// The way from pictures to maps, with what can be made ready beforehand.
  ///
  /// - Parameter train: What the maker was fitted to, in its view.
  func mapping(
    over train: LocalGrids, in context: RunContext
  ) -> (LocalGrids) throws -> [Raster] {
    switch self {
    case .blocks(let blocks): blocks.mapping(over: train)
    case .neighbors(let neighbors): neighbors.mapping(over: train)
    case .gaussians(let gaussians): gaussians.maps
    case .kmeans(let model): { try model.maps(of: $0, in: context) }
    case .oneClassSVM(let model): { try model.maps(of: $0, in: context) }
    case .isolationForest(let model): { try model.maps(of: $0, in: context) }
    }
  }

  /// Whether it can have been fitted to such pictures.
  func fits(_ train: LocalGrids) -> Bool {
    switch self {
    case .blocks(let blocks): blocks.fits(train)
    case .neighbors(let neighbors): neighbors.fits(train)
    case .gaussians(let gaussians): gaussians.fits(train)
    case .kmeans(let model): model.fits(train)
    case .oneClassSVM(let model): model.fits(train)
    case .isolationForest(let model): model.fits(train)
    }
  }
}
