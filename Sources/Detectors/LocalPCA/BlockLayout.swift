import LocalFeatures

/// Overlapping square blocks that cover a grid.
struct BlockLayout: Codable, Hashable, Sendable {
  let grid: LocalGrid
  /// Cells a side.
  let side: Int
  /// The first row of each row of blocks.
  let rows: [Int]
  /// The first column of each column of blocks.
  let columns: [Int]
  let gridRows: Int
  let gridColumns: Int

  /// Blocks spread evenly from edge to edge.
  ///
  /// - Parameters:
  ///   - grid: What they cover.
  ///   - side: Cells a side; a grid that is smaller has one block.
  ///   - step: The most cells from one block to the next.
  ///   - features: The finest grid.
  init(grid: LocalGrid, side: Int, step: Int, of features: LocalFeatures) {
    self.grid = grid
    gridRows = features.rows / grid.fineCells
    gridColumns = features.columns / grid.fineCells
    let fitting = min(side, gridRows, gridColumns)
    self.side = fitting
    func starts(_ length: Int) -> [Int] {
      let room = length - fitting
      let steps = (room + step - 1) / step
      return steps == 0
        ? [0] : (0...steps).map { ($0 * room + steps / 2) / steps }
    }
    rows = starts(gridRows)
    columns = starts(gridColumns)
  }

  var count: Int { rows.count * columns.count }

  /// The first row and column of a block.
  func origin(_ block: Int) -> (row: Int, column: Int) {
    (rows[block / columns.count], columns[block % columns.count])
  }
}

extension BlockLayout {
  /// Whether all blocks are within the grid of such features.
  func lies(on features: LocalFeatures, notFinerThan grid: LocalGrid) -> Bool {
    self.grid.fineCells >= grid.fineCells && side > 0
      && gridRows == features.rows / self.grid.fineCells
      && gridColumns == features.columns / self.grid.fineCells
      && !rows.isEmpty && !columns.isEmpty
      && rows.allSatisfy { (0...gridRows - side).contains($0) }
      && columns.allSatisfy { (0...gridColumns - side).contains($0) }
  }
}
