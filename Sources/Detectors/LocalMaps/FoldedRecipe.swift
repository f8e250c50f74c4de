import Execution
import LocalFeatures

/// Maps that have no short way to leave a training picture out: they are fitted
/// again to the other four fifths.
protocol FoldedRecipe: MapRecipe {
  func learn(
    from train: LocalGrids, in context: RunContext
  ) throws -> MapMaker
}

extension FoldedRecipe {
  func make(
    of train: LocalGrids, in context: RunContext
  ) throws -> (maker: MapMaker, leftOut: [Raster]) {
    let folds = min(5, train.count)
    let parts = context.parts((0...folds).map { _ in 1 })
    var leftOut: [(picture: Int, map: Raster)] = []
    for fold in 0..<folds {
      let held = (0..<train.count).filter { $0 % folds == fold }
      let others = (0..<train.count).filter { $0 % folds != fold }
      let known = train.selecting(pictures: others)
      let maps = try learn(from: known, in: parts[fold])
        .mapping(over: known, in: parts[fold])
      leftOut += zip(held, try maps(train.selecting(pictures: held)))
        .map { (picture: $0, map: $1) }
    }
    return (
      try learn(from: train, in: parts[folds]),
      leftOut.sorted { $0.picture < $1.picture }.map(\.map)
    )
  }
}
