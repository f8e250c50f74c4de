import Execution
import Files
import LinearAlgebra
import LocalFeatures
import ONNX

/// What is left of the blocks of a picture when each is reconstructed from the
/// training pictures' blocks at its place.
///
/// With the centred training blocks as rows of X, K = X Xᵀ and the ridge
/// m = λ tr(K) / D (D numbers a block), the reconstruction of a centred block q
/// shrinks it along each principal direction of variance w by w / (w + m), and
/// leaves q - q Xᵀ A X over, where A = (K + m I)⁻¹. Of training picture i, left
/// out of both the directions and the mean, (A X)ᵢ / (Aᵢᵢ - 1 / (n m)) is left
/// over: the closed form of cross-validation for ridge regression (Golub, Heath
/// and Wahba 1979), with the share of the mean taken off.
struct BlockReconstruction: Codable, Sendable {
  let view: LocalView
  let layout: BlockLayout
  /// A of every block, n x n.
  @Tensor private var inverses: [Float]

  /// - Parameters:
  ///   - side: Of a block, in cells.
  ///   - step: The most cells from one block to the next.
  ///   - ridge: λ.
  ///   - pictures: The training pictures, at least two.
  /// - Returns: Also the maps of the training pictures, each left out.
  static func fit(
    _ view: LocalView, side: Int, step: Int, ridge: Double,
    to pictures: LocalGrids, in context: RunContext
  ) throws -> (reconstruction: BlockReconstruction, leftOut: [Raster]) {
    let layout = BlockLayout(side: side, step: step, over: pictures)
    let train = pictures.subtracting(pictures.mean).values
    let count = train.rows
    let cells = layout.side * layout.side
    var inverses = [Float](
      repeating: 0, count: layout.count * count * count)
    var errors = [Float](repeating: 0, count: layout.count * count * cells)
    try inverses.withUnsafeMutableBufferPointer { inverses in
      try errors.withUnsafeMutableBufferPointer { errors in
        let (inverses, errors) = (inverses, errors)
        try context.forEachBlock(
          layout.count, size: 1, stage: "blocks of \(layout.side) cells"
        ) { range in
          let block = range.lowerBound
          let blocks = Blocks(layout, block, of: train)
          let (inverse, ridge) = try blocks.inverse(ridge: ridge)
          let weights = UnsafeMutableBufferPointer(
            rebasing: inverses[
              block * count * count..<(block + 1) * count * count])
          _ = weights.update(from: inverse.lazy.map(Float.init))
          let target = UnsafeMutableBufferPointer(
            rebasing: errors[
              block * count * cells..<(block + 1) * count * cells])
          blocks.squares(
            of: nil, weights: UnsafePointer(weights.baseAddress), into: target)
          for picture in 0..<count {
            let leverage =
              inverse[picture * count + picture] - 1 / (Double(count) * ridge)
            let factor = Float(1 / max(leverage * leverage, 1e-30))
            for cell in 0..<cells { target[picture * cells + cell] *= factor }
          }
        }
      }
    }
    return (
      BlockReconstruction(view: view, layout: layout, inverses: inverses),
      layout.maps(ofSquares: errors, count: count)
    )
  }

  func fits(_ train: LocalGrids) -> Bool {
    layout.lies(on: train)
      && inverses.count == layout.count * train.count * train.count
      && inverses.allSatisfy(\.isFinite)
  }

  func mapping(over train: LocalGrids) -> (LocalGrids) -> [Raster] {
    let mean = train.mean
    let centered = train.subtracting(mean).values
    return { maps(of: $0.subtracting(mean).values, train: centered) }
  }

  /// The root of what is left over in every cell, mean over the channels and
  /// the blocks that cover it.
  ///
  /// - Parameters:
  ///   - pictures: Their grids, centred as the training pictures' are.
  ///   - train: The grids of the fit.
  private func maps(of pictures: Matrix, train: Matrix) -> [Raster] {
    let count = pictures.rows
    let cells = layout.side * layout.side
    let errors: [Float] = inverses.withUnsafeBufferPointer { inverses in
      Parallel.fill(
        layout.count * count * cells, blockSize: count * cells
      ) { range, target in
        let block = range.lowerBound / (count * cells)
        target.initialize(repeating: 0)
        let size = train.rows * train.rows
        Blocks(layout, block, of: train).squares(
          of: pictures,
          weights: inverses.baseAddress.map { $0 + block * size },
          into: target)
      }
    }
    return layout.maps(ofSquares: errors, count: count)
  }
}

extension BlockLayout {
  /// The maps of pictures from the squares of each block in turn: of each
  /// picture its cells.
  fileprivate func maps(ofSquares squares: [Float], count: Int) -> [Raster] {
    let cells = side * side
    return Parallel.map(count) { picture in
      var sums = [Float](repeating: 0, count: gridRows * gridColumns)
      var cover = sums
      for block in 0..<self.count {
        let (row, column) = origin(block)
        for cell in 0..<cells {
          let place =
            (row + cell / side) * gridColumns + column + cell % side
          sums[place] += squares[(block * count + picture) * cells + cell]
          cover[place] += 1
        }
      }
      return Raster(
        height: gridRows, width: gridColumns,
        values: zip(sums, cover).map { ($0 / $1).squareRoot() })
    }
  }
}

/// The blocks of the training pictures at one place.
private struct Blocks {
  let layout: BlockLayout
  let train: Matrix
  /// Numbers a cell.
  let depth: Int
  /// Where a block starts in a picture.
  let start: Int
  /// Numbers from one row of cells to the next.
  let rowStride: Int

  init(_ layout: BlockLayout, _ block: Int, of train: Matrix) {
    self.layout = layout
    self.train = train
    depth = train.columns / (layout.gridRows * layout.gridColumns)
    rowStride = layout.gridColumns * depth
    let (row, column) = layout.origin(block)
    start = row * rowStride + column * depth
  }

  /// The numbers of one row of cells.
  private var width: Int { layout.side * depth }

  /// Far below the variance of a standardised channel.
  private static let leastRidge = 1e-6

  /// (K + m I)⁻¹ and m.
  func inverse(ridge: Double) throws -> (matrix: [Double], ridge: Double) {
    let count = train.rows
    var gram = [Double](repeating: 0, count: count * count)
    gram.withUnsafeMutableBufferPointer { gram in
      train.values.withUnsafeBufferPointer { values in
        withUnsafeTemporaryAllocation(
          of: Double.self, capacity: count * width
        ) { rows in
          guard
            let gram = gram.baseAddress, let values = values.baseAddress,
            let rows = rows.baseAddress
          else { return }
          for row in 0..<layout.side {
            for picture in 0..<count {
              let source =
                values + picture * train.columns + start + row * rowStride
              for index in 0..<width {
                rows[picture * width + index] = Double(source[index])
              }
            }
            BLAS.multiplyByOwnTranspose(
              m: count, k: width, rows, stride: width, beta: 1, into: gram,
              stride: count)
          }
        }
      }
    }
    let trace = (0..<count).reduce(0) { $0 + gram[$1 * count + $1] }
    // Pictures that are all alike leave nothing to shrink.
    let added = max(
      ridge * trace / Double(layout.side * width), Self.leastRidge)
    for index in 0..<count { gram[index * count + index] += added }
    try SymmetricInverse.invert(&gram, size: count)
    return (gram, added)
  }

  /// The mean square over the channels of what is left over in each cell of
  /// each picture's block.
  ///
  /// - Parameters:
  ///   - pictures: Nil for A X of the training pictures themselves.
  ///   - weights: A.
  func squares(
    of pictures: Matrix?, weights: UnsafePointer<Float>?,
    into target: UnsafeMutableBufferPointer<Float>
  ) {
    let count = train.rows
    let rows = pictures?.rows ?? count
    train.values.withUnsafeBufferPointer { values in
      (pictures ?? train).values.withUnsafeBufferPointer { others in
        withUnsafeTemporaryAllocation(
          of: Float.self, capacity: rows * (width + 2 * count)
        ) { scratch in
          guard
            let weights, let left = scratch.baseAddress,
            let values = values.baseAddress.map({ $0 + start }),
            let others = others.baseAddress.map({ $0 + start })
          else { return }
          var combination = weights
          if pictures != nil {
            let products = left + rows * width
            for row in 0..<layout.side {
              BLAS.multiply(
                m: rows, n: count, k: width,
                others + row * rowStride, stride: train.columns, .plain,
                values + row * rowStride, stride: train.columns, .transposed,
                beta: row == 0 ? 0 : 1, into: products, stride: count)
            }
            let shares = products + rows * count
            BLAS.multiply(
              m: rows, n: count, k: count, products, stride: count, .plain,
              weights, stride: count, into: shares, stride: count)
            combination = UnsafePointer(shares)
          }
          for row in 0..<layout.side {
            if pictures != nil {
              for picture in 0..<rows {
                (left + picture * width).update(
                  from: others + picture * train.columns + row * rowStride,
                  count: width)
              }
            }
            BLAS.multiply(
              m: rows, n: width, k: count, alpha: pictures == nil ? 1 : -1,
              combination, stride: count, .plain,
              values + row * rowStride, stride: train.columns,
              beta: pictures == nil ? 0 : 1, into: left, stride: width)
            for picture in 0..<rows {
              for cell in 0..<layout.side {
                let numbers = left + picture * width + cell * depth
                var sum: Float = 0
                for channel in 0..<depth {
                  sum += numbers[channel] * numbers[channel]
                }
                target[
                  (picture * layout.side + row) * layout.side + cell] =
                  sum / Float(depth)
              }
            }
          }
        }
      }
    }
  }
}

extension BlockReconstruction {
  /// Adds the maps of pictures to a graph: pictures x 1 x rows x columns.
  ///
  /// - Parameters:
  ///   - pictures: Pictures x channels x rows x columns.
  ///   - train: The grids of the fit.
  func addMaps(
    of pictures: ONNXGraph.Value, over train: LocalGrids,
    to graph: inout ONNXGraph
  ) -> ONNXGraph.Value {
    let (rows, columns, depth) = (train.rows, train.columns, train.depth)
    let (count, side) = (train.count, layout.side)
    let mean = train.mean
    let centered = graph(
      "Sub",
      graph("Transpose", pictures, attributes: ["perm": [0, 2, 3, 1]]),
      graph.constant(mean, shape: [rows, columns, depth]))
    let bank = graph.constant(
      train.subtracting(mean).values.values,
      shape: [count, rows, columns, depth])
    /// One block of each picture, side by side.
    func block(_ grids: ONNXGraph.Value, _ origin: (row: Int, column: Int))
      -> ONNXGraph.Value
    {
      graph.reshaped(
        graph(
          "Slice", grids, graph.constant([origin.row, origin.column]),
          graph.constant([origin.row + side, origin.column + side]),
          graph.constant([1, 2])), [-1, side * side * depth])
    }
    var cover = [Float](repeating: 0, count: rows * columns)
    let squares = (0..<layout.count).map { index in
      let origin = layout.origin(index)
      for cell in 0..<side * side {
        cover[
          (origin.row + cell / side) * columns + origin.column + cell % side] +=
          1
      }
      let (own, others) = (block(centered, origin), block(bank, origin))
      let products = graph("MatMul", own, graph("Transpose", others))
      let shares = graph(
        "MatMul", products,
        graph.constant(
          Array(inverses[index * count * count..<(index + 1) * count * count]),
          shape: [count, count]))
      let left = graph.reshaped(
        graph("Sub", own, graph("MatMul", shares, others)),
        [-1, side, side, depth])
      let square = graph(
        "ReduceMean", graph("Mul", left, left),
        attributes: ["axes": [3], "keepdims": 0])
      return graph(
        "Pad", square,
        graph.constant([
          0, origin.row, origin.column, 0, rows - origin.row - side,
          columns - origin.column - side,
        ]))
    }
    let meanSquare = graph(
      "Div", graph("Sum", squares),
      graph.constant(cover, shape: [rows, columns]))
    return graph.reshaped(graph("Sqrt", meanSquare), [-1, 1, rows, columns])
  }
}
