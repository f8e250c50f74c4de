import Execution
import Files
import LinearAlgebra
import LocalFeatures
import ONNX

/// Maps of how little a picture's local features are explained by those of the
/// training pictures: each as far as it is unusual at its place, added with
/// weights.
///
/// The score of a picture tells how high its map goes beside those of the
/// training pictures, each left out.
public struct LocalMapModel: CalibratingModel, ExplainedModel {
  /// One of the maps, as it takes part.
  struct Member: Codable, Sendable {
    /// Such as "blocks of 8".
    let name: String
    let maker: MapMaker
    let calibration: MapCalibration
    var weight: Float
  }

  private let standard: LocalStandard
  private let grid: LocalGrid
  /// The grids of the training pictures, as far as they are needed.
  @Tensor private var train: [Float]
  private let members: [Member]
  private let score: MapScore
  /// Nil when nothing but the recipe says how much a map counts.
  private let weighting: Weighting?

  /// What weights were learned from.
  struct Weighting: Codable {
    /// Pictures with a made-up defect.
    let defects: Int
    /// Training pictures that were held out and damaged.
    let heldOut: Int
  }
  public let leftOut: LeftOutScores

  public var featureCount: Int { standard.shape.count }

  /// The share of every map, by its name; they add up to 1.
  public var weights: [(name: String, weight: Float)] {
    let total = members.reduce(0) { $0 + $1.weight }
    return members.map { ($0.name, $0.weight / total) }
  }

  /// The maps and their weights, and what those come from.
  public var explanation: String? {
    guard members.count > 1 || weighting != nil else { return nil }
    let maps = weights.sorted { $0.weight > $1.weight }.map {
      "\($0.name) \(Int((100 * $0.weight).rounded())) %"
    }
    return "Maps: " + maps.joined(separator: "; ") + "."
      + (weighting.map {
        " The weights best tell \($0.defects) made-up defects in"
          + " \($0.heldOut) training pictures, held out, from what is around"
          + " them; no label was used."
      } ?? " They count alike.")
  }

  /// - Parameter leftOut: The maps of the training pictures, each left out, of
  ///   every member.
  init(
    standard: LocalStandard, train: LocalGrids, members: [Member],
    leftOut: [[Raster]], weighting: Weighting? = nil
  ) {
    self.standard = standard
    grid = train.grid
    self.train =
      members.contains { $0.maker.needsPictures } ? train.values.values : []
    self.members = members
    self.weighting = weighting
    let unusualness = leftOut.map(
      MapCalibration.unusualness(leavingOutEachOf:))
    let maps = members.sums(of: unusualness)
    score = MapScore(maps)
    self.leftOut = LeftOutScores(maps, judgedBy: score, at: standard.shape)
  }

  public func score(
    _ samples: Matrix, in context: RunContext
  ) throws -> [Float] {
    score.scores(try maps(of: samples, in: context))
  }

  public func localize(
    _ samples: Matrix, in context: RunContext
  ) throws -> Localization {
    Localization(
      try maps(of: samples, in: context), judgedBy: score, at: standard.shape)
  }

  /// How unusual every cell of the finest grid is, picture by picture.
  private func maps(
    of samples: Matrix, in context: RunContext
  ) throws -> [Raster] {
    let unusualness = members.unusualness(
      over: standard.grids(train, on: grid), standard, in: context)
    return try LocalPictures.blocks(samples.rows).flatMap { block in
      try context.cancellation.check()
      let maps = try unusualness(
        standard.grids(
          of: samples.selecting(rows: block), on: grid, in: context))
      context.progress.report(
        ProgressReport(
          stage: "scoring", completed: block.upperBound, total: samples.rows))
      return members.sums(of: maps)
    }
  }
}

extension LocalMapModel {
  /// Maps of equal weight.
  static func fit(
    _ recipes: [any MapRecipe], of channels: LocalChannels,
    to pictures: LocalPictures, in context: RunContext
  ) throws -> LocalMapModel {
    let parts = context.parts([1, 1])
    let (standard, train) = try LocalStandard.fit(
      channels, to: pictures, grid: recipes.finestGrid, in: parts[0])
    let fits = try recipes.fit(to: train, standard, in: parts[1])
    return LocalMapModel(
      standard: standard, train: train, members: fits.map(\.member),
      leftOut: fits.map(\.leftOut))
  }
}

extension Array where Element == LocalMapModel.Member {
  /// The way from pictures to how unusual they are, map by map.
  ///
  /// - Parameter train: What the makers were fitted to.
  func unusualness(
    over train: LocalGrids, _ standard: LocalStandard, in context: RunContext
  ) -> (LocalGrids) throws -> [[Raster]] {
    let mappings = map {
      $0.maker.mapping(
        over: $0.maker.view(train, on: standard), in: context)
    }
    return { pictures in
      try zip(self, mappings).map { member, mapping in
        let raw = try mapping(member.maker.view(pictures, on: standard))
        return Parallel.map(raw.count) {
          member.calibration.unusualness(
            of: raw[$0].smoothed(over: standard.features))
        }
      }
    }
  }

  /// Of every picture the sum of its maps.
  ///
  /// - Parameter maps: Of every member those of all pictures.
  fileprivate func sums(of maps: [[Raster]]) -> [Raster] {
    Parallel.map(maps[0].count) { picture in
      Raster(sumOf: maps.map { $0[picture] }, weights: map(\.weight))
    }
  }
}

extension LocalMapModel {
  private enum CodingKeys: CodingKey {
    case standard
    case grid
    case train
    case members
    case score
    case weighting
    case leftOut
  }

  /// - Throws: `DecodingError.dataCorrupted` when the arrays do not fit
  ///   together.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    standard = try container.decode(LocalStandard.self, forKey: .standard)
    grid = try container.decode(LocalGrid.self, forKey: .grid)
    _train = try container.decode(Tensor<Float>.self, forKey: .train)
    members = try container.decode([Member].self, forKey: .members)
    score = try container.decode(MapScore.self, forKey: .score)
    weighting = try container.decodeIfPresent(
      Weighting.self, forKey: .weighting)
    leftOut = try container.decode(LeftOutScores.self, forKey: .leftOut)
    guard standard.isWhole, !members.isEmpty, isWhole else {
      throw DecodingError.dataCorrupted(
        .init(
          codingPath: decoder.codingPath,
          debugDescription: "maps and training pictures do not fit together"))
    }
  }

  private var isWhole: Bool {
    let features = standard.features
    let cells =
      features.rows * features.columns / (grid.fineCells * grid.fineCells)
    guard
      train.isEmpty != members.contains(where: { $0.maker.needsPictures }),
      train.count % (cells * standard.channels.count) == 0,
      train.allSatisfy(\.isFinite),
      members.contains(where: { $0.weight > 0 }),
      members.allSatisfy({
        $0.weight >= 0 && $0.weight.isFinite
          && $0.maker.view.grid.fineCells >= grid.fineCells
          && (!$0.maker.view.isOfColor || standard.channels == .all)
          && $0.calibration.isWhole(
            rows: features.rows, columns: features.columns)
      })
    else { return false }
    let train = standard.grids(train, on: grid)
    return leftOut.isWhole(
      count: train.count == 0 ? leftOut.scores.count : train.count)
      && members.allSatisfy {
        $0.maker.fits($0.maker.view(train, on: standard))
      }
  }
}

extension LocalMapModel: ExportingModel {
  package func addScores(
    of samples: ONNXGraph.Value, to graph: inout ONNXGraph
  ) throws -> ONNXGraph.Value {
    let grids = standard.grids(train, on: grid)
    let features = standard.features
    let pictures = try standard.addGrids(of: samples, on: grid, to: &graph)
    let maps = try members.filter { $0.weight > 0 }.map { member in
      guard case .blocks(let blocks) = member.maker else {
        throw ONNXFault.notExported(
          "the map \"\(member.name)\"",
          reason: "only blocks of local features have a form there")
      }
      let view = blocks.view
      var own = graph.means(
        of: pictures, side: view.grid.fineCells / grid.fineCells)
      if view.isOfColor { own = standard.addColors(of: own, to: &graph) }
      let train = view(grids, on: standard)
      let map = graph.blurred(
        graph.enlarged(
          blocks.addMaps(of: own, over: train, to: &graph),
          from: (train.rows, train.columns),
          to: (features.rows, features.columns)),
        by: 1, height: features.rows, width: features.columns)
      return graph(
        "Mul", member.calibration.addUnusualness(of: map, to: &graph),
        graph.constant([member.weight], shape: []))
    }
    let cells = features.rows * features.columns
    return graph.singles(
      score.addScores(
        of: graph.reshaped(graph("Sum", maps), [-1, cells]), cells: cells,
        to: &graph))
  }
}
