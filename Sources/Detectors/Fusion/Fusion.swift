import Diagnostics
import Execution
import LinearAlgebra
import LocalFeatures
import Parameters

/// Several maps of local features, with weights learned from made-up defects in
/// the training pictures themselves: no label and no setting per kind of
/// object.
///
/// The maps are those of `LocalPCA` and `LocalKNN`, also of colour alone. A
/// quarter of the training pictures is held out, damaged in many ways, and
/// mapped by what the others taught; the weights are those that tell the damage
/// from the rest. Then all maps that count are learned from all pictures.
public struct Fusion: Detector {
  /// The most pictures with made-up defects that weights are learned from.
  public var defects: Int
  /// How strongly weights are pulled towards block reconstruction alone: this
  /// part of the reciprocal of the number of pictures held out.
  public var pull: Double
  /// The most training pictures that are learned from, drawn at random.
  public var maxSamples: Int

  /// By default: 60 pictures, pull 0.1, at most 600 training pictures.
  public init(defects: Int = 60, pull: Double = 0.1, maxSamples: Int = 600) {
    self.defects = defects
    self.pull = pull
    self.maxSamples = maxSamples
  }

  public var parameters: [Parameter<Self>] {
    [
      Parameter(
        "defects", \.defects, .count,
        "most pictures with made-up defects to learn weights from"),
      Parameter(
        "pull", \.pull, .notNegative,
        "pull of the weights to block reconstruction"),
      Parameter(
        "max-samples", \.maxSamples, .count, "most pictures to learn from"),
    ]
  }

  /// The entry of the catalogue, `fusion`.
  public static let description = DetectorDescription(
    "fusion", "maps of local features, weighted by made-up defects",
    group: .local, pictureSide: LocalFeatures.usualSide, prototype: Fusion()
  ) { detector in
    FitGrowth(
      seconds: 400, columnPower: 0, rowLimit: detector.maxSamples,
      remedies: ["max-samples"])
  }

  private static let blocks = BlockRecipe.usual(ridge: 0.1)
  private static let recipes: [any MapRecipe] =
    blocks + [
      BlockRecipe(
        view: LocalView(grid: .medium, isOfColor: true), side: 8, ridge: 0.1),
      NeighborRecipe(view: LocalView(grid: .medium), reach: 1),
      NeighborRecipe(
        view: LocalView(grid: .medium, isOfColor: true), reach: nil),
    ]
  /// Fewer training pictures have none to hold out: block reconstruction alone.
  private static let fewest = 8
  /// Maps of a smaller share of the weights are left out.
  private static let leastShare: Float = 0.01

  /// - Throws: `DetectorFault.needsImages` for a table,
  ///   `.tooFewSamples` for a single picture.
  public func learn(
    from source: any SampleSource, in context: RunContext
  ) throws -> LocalMapModel {
    try learn(from: source, in: context) {
      SyntheticDefect(in: $0, from: $1, using: &$2)
    }
  }

  /// Damages the first picture, with others to take pieces from.
  typealias Damage =
    (Raster, [Raster], inout SeededGenerator) -> SyntheticDefect

  func learn(
    from source: any SampleSource, in context: RunContext, damage: Damage
  ) throws -> LocalMapModel {
    let pictures = try LocalPictures(
      of: source, most: maxSamples, needed: 2, in: context)
    guard pictures.source.rows >= Self.fewest else {
      context.warn(
        "\(pictures.source.rows) pictures are too few to hold some out: block"
          + " reconstruction alone")
      return try .fit(Self.blocks, of: .all, to: pictures, in: context)
    }
    let parts = context.parts([2, 4, 5])
    let (standard, train) = try LocalStandard.fit(
      .all, to: pictures, grid: Self.recipes.finestGrid, in: parts[0])
    let (weights, weighting) = try weights(
      of: pictures, train, standard, in: parts[1], damage: damage)
    let least = weights.reduce(0, +) * Self.leastShare
    let kept = weights.indices.filter { weights[$0] > least }
    let fits = try kept.map { Self.recipes[$0] }.fit(
      to: train, standard, in: parts[2])
    return LocalMapModel(
      standard: standard, train: train,
      members: zip(fits, kept).map { fit, index in
        var member = fit.member
        member.weight = weights[index]
        return member
      }, leftOut: fits.map(\.leftOut), weighting: weighting)
  }

  private func weights(
    of pictures: LocalPictures, _ train: LocalGrids, _ standard: LocalStandard,
    in context: RunContext, damage: Damage
  ) throws -> ([Float], LocalMapModel.Weighting) {
    var generator = SeededGenerator(seed: context.seed, stream: 2)
    let order = generator.sample(train.count, below: train.count)
    let held = order.prefix(train.count / 4).sorted()
    let fitted = order.dropFirst(held.count).sorted()
    let known = train.selecting(pictures: fitted)
    let parts = context.parts([4, 1])
    let unusualness = try Self.recipes.fit(to: known, standard, in: parts[0])
      .map(\.member).unusualness(over: known, standard, in: context)
    var cells: [MapWeights.Cell] = []
    for block in LocalPictures.blocks(min(defects, 2 * held.count)) {
      let defects = try Parallel.map(block.count) { index in
        try context.cancellation.check()
        let number = block.lowerBound + index
        var generator = SeededGenerator(
          seed: context.seed, stream: UInt64(16 + number))
        let others = (0..<3).map { _ in
          fitted[generator.integer(below: fitted.count)]
        }
        let rasters = try pictures.rasters([held[number % held.count]] + others)
        return damage(rasters[0], Array(rasters.dropFirst()), &generator)
      }
      let maps = try unusualness(
        standard.grids(
          of: Matrix(defects.map(\.picture.values)), on: train.grid,
          in: context))
      for (index, defect) in defects.enumerated() {
        cells += Self.cells(
          of: defect.truth.averaged(over: standard.features),
          maps.map { $0[index] }, using: &generator)
      }
      parts[1].progress.report(
        ProgressReport(
          stage: "made-up defects", completed: block.upperBound,
          total: min(self.defects, 2 * held.count)))
    }
    let shares = Self.recipes.indices.map {
      $0 < Self.blocks.count ? 1 / Double(Self.blocks.count) : 0
    }
    let weighting = LocalMapModel.Weighting(
      defects: min(defects, 2 * held.count), heldOut: held.count)
    guard !cells.isEmpty else { return (shares.map(Float.init), weighting) }
    let total = cells.reduce(0) { $0 + $1.weight }
    let weights = MapWeights(
      of: cells.map {
        MapWeights.Cell(
          unusualness: $0.unusualness, isDefect: $0.isDefect,
          weight: $0.weight / total)
      }, pulledTo: shares, by: 1e-3 + pull / Double(held.count)
    ).weights
    return (weights, weighting)
  }

  /// Some cells inside the defect and some well outside, either of equal weight
  /// together.
  private static func cells(
    of truth: Raster, _ maps: [Raster], using generator: inout SeededGenerator
  ) -> [MapWeights.Cell] {
    let around = truth.blurred(1.5)
    let inside = truth.values.indices.filter { truth.values[$0] > 0.4 }
    let outside = truth.values.indices.filter { around.values[$0] < 1e-3 }
    guard !inside.isEmpty, !outside.isEmpty else { return [] }
    func some(_ places: [Int], most: Int, isDefect: Bool) -> [MapWeights.Cell] {
      let count = min(most, places.count)
      return generator.sample(count, below: places.count).map { place in
        MapWeights.Cell(
          unusualness: maps.map { $0.values[places[place]] },
          isDefect: isDefect, weight: 1 / Double(count))
      }
    }
    return some(inside, most: 60, isDefect: true)
      + some(outside, most: 150, isDefect: false)
  }
}

extension LocalPictures {
  /// Some of the pictures.
  fileprivate func rasters(_ places: [Int]) throws -> [Raster] {
    let rows = try source.finite(rows: places)
    return (0..<rows.rows).map {
      Raster(
        height: shape.height, width: shape.width, channels: shape.channels,
        values: Array(rows.row($0)))
    }
  }
}

extension Raster {
  /// The mean over the pixels of every cell of the finest grid.
  fileprivate func averaged(over features: LocalFeatures) -> Raster {
    enlarged(
      height: features.rows * LocalFeatures.cellSide,
      width: features.columns * LocalFeatures.cellSide
    ).means(of: LocalFeatures.cellSide)
  }
}
