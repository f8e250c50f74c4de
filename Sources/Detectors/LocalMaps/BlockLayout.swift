import LocalFeatures

/// Overlapping square blocks that cover a grid.
struct BlockLayout: Codable, Hashable, Sendable {
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
  ///   - side: Cells a side; a grid that is smaller has one block.
  ///   - step: The most cells from one block to the next.
  ///   - grids: What they cover.
  init(side: Int, step: Int, over grids: LocalGrids) {
    gridRows = grids.rows
    gridColumns = grids.columns
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
  /// Whether all blocks are within such a grid.
  func lies(on grids: LocalGrids) -> Bool {
    gridRows == grids.rows && gridColumns == grids.columns
      && (1...min(gridRows, gridColumns)).contains(side) && !rows.isEmpty
      && !columns.isEmpty
      && rows.allSatisfy { (0...gridRows - side).contains($0) }
      && columns.allSatisfy { (0...gridColumns - side).contains($0) }
  }
}

/// The pieces that overlapping blocks along a side are put together from:
/// products of pieces are made once, and added for every block.
struct BlockPieces {
  /// Where pieces begin and end.
  private let cuts: [Int]

  /// - Parameters:
  ///   - starts: Of the blocks.
  ///   - side: Of a block, in cells.
  init(of starts: [Int], side: Int) {
    cuts = Set(starts + starts.map { $0 + side }).sorted()
  }

  var count: Int { cuts.count - 1 }

  /// The cells of a piece.
  subscript(piece: Int) -> Range<Int> { cuts[piece]..<cuts[piece + 1] }
}
