import Execution
import LinearAlgebra
import LocalFeatures

/// What a detector of tables learned from the cells of training pictures, of
/// whatever place: its score of every cell is the map.
struct CellModel<Model: AnomalyModel>: Codable {
  let view: LocalView
  private let directions: CellDirections
  private let model: Model

  /// - Parameters:
  ///   - most: The cells that are learned from, drawn at random.
  init<Inner: Detector>(
    _ detector: Inner, _ view: LocalView, most: Int,
    from train: LocalGrids, in context: RunContext
  ) throws where Inner.Model == Model {
    self.view = view
    directions = try CellDirections(of: train, power: 0.5)
    let cells = directions.vectors(of: train)
    var generator = SeededGenerator(seed: context.seed, stream: 1)
    let drawn = generator.sample(min(most, cells.rows), below: cells.rows)
    model = try detector.fit(
      cells.selecting(rows: drawn.sorted()), in: context)
  }

  func fits(_ train: LocalGrids) -> Bool {
    directions.fits(train) && model.featureCount == directions.count
  }

  func maps(of grids: LocalGrids, in context: RunContext) throws -> [Raster] {
    let scores = try model.score(directions.vectors(of: grids), in: context)
    let cells = grids.rows * grids.columns
    return (0..<grids.count).map {
      Raster(
        height: grids.rows, width: grids.columns,
        values: Array(scores[$0 * cells..<($0 + 1) * cells]))
    }
  }
}
