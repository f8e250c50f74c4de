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
///
/// As the rows of X add up to nothing, all rows of A add up to 1 / m. With
/// B = A - 1 / (n m), whose rows add up to nothing, X need not be centred:
/// B X, q Xᵀ B X and the leverage Bᵢᵢ are the same with any offset of the rows.
struct BlockReconstruction: Codable, Sendable {
  let view: LocalView
  let layout: BlockLayout
  /// B of every block, n x n.
  @Tensor private var centeredInverses: [Float]

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
    let count = pictures.count
    let cells = layout.side * layout.side
    let mean = pictures.mean
    let grams = try context.withThreads {
      try BlockSums(of: layout) {
        (rows, columns) throws -> [Double] in
        try context.cancellation.check()
        return Patch(rows, columns, of: pictures)
          .gram(of: pictures.values, less: mean)
      }
    }
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
          let patch = Patch(block, of: layout, on: pictures)
          let inverse = try centeredInverse(
            ofGram: grams[block], ridge: ridge, numbers: patch.count)
          let weights = UnsafeMutableBufferPointer(
            rebasing: inverses[
              block * count * count..<(block + 1) * count * count])
          _ = weights.update(from: inverse.lazy.map(Float.init))
          let target = UnsafeMutableBufferPointer(
            rebasing: errors[
              block * count * cells..<(block + 1) * count * cells])
          patch.squares(
            shares: UnsafeBufferPointer(weights), of: pictures.values,
            into: target)
          for picture in 0..<count {
            let leverage = inverse[picture * count + picture]
            let factor = Float(1 / max(leverage * leverage, 1e-30))
            for cell in 0..<cells { target[picture * cells + cell] *= factor }
          }
        }
      }
    }
    return (
      BlockReconstruction(
        view: view, layout: layout, centeredInverses: inverses),
      layout.maps(ofSquares: errors, count: count)
    )
  }

  /// Far below the variance of a standardised channel.
  private static let leastRidge = 1e-6

  /// B.
  ///
  /// - Parameters:
  ///   - gram: K, of which the upper triangle is read.
  ///   - ridge: λ.
  ///   - numbers: D.
  private static func centeredInverse(
    ofGram gram: [Double], ridge: Double, numbers: Int
  ) throws -> [Double] {
    var matrix = gram
    let count = Int(Double(gram.count).squareRoot().rounded())
    let diagonal = stride(from: 0, to: matrix.count, by: count + 1)
    let trace = diagonal.reduce(0) { $0 + matrix[$1] }
    // Pictures that are all alike leave nothing to shrink.
    let added = max(ridge * trace / Double(numbers), leastRidge)
    for place in diagonal { matrix[place] += added }
    try SymmetricInverse.invert(&matrix, size: count)
    let share = 1 / (Double(count) * added)
    for index in matrix.indices { matrix[index] -= share }
    return matrix
  }

  func fits(_ train: LocalGrids) -> Bool {
    layout.lies(on: train)
      && centeredInverses.count == layout.count * train.count * train.count
      && centeredInverses.allSatisfy(\.isFinite)
  }

  func mapping(over train: LocalGrids) -> (LocalGrids) -> [Raster] {
    let mean = train.mean
    return { maps(of: $0.subtracting(mean), train: train.values) }
  }

  /// The root of what is left over in every cell, mean over the channels and
  /// the blocks that cover it.
  ///
  /// - Parameters:
  ///   - pictures: Less the mean of the training pictures.
  ///   - train: The rows of the fit.
  private func maps(of pictures: LocalGrids, train: Matrix) -> [Raster] {
    let count = pictures.count
    let cells = layout.side * layout.side
    let size = train.rows
    let products = BlockSums(of: layout) {
      Patch($0, $1, of: pictures).products(of: pictures.values, with: train)
    }
    let errors: [Float] = centeredInverses.withUnsafeBufferPointer { inverses in
      Parallel.fill(
        layout.count * count * cells, blockSize: count * cells
      ) { range, target in
        let block = range.lowerBound / (count * cells)
        target.initialize(repeating: 0)
        withUnsafeTemporaryAllocation(
          of: Float.self, capacity: count * size
        ) { shares in
          products[block].withUnsafeBufferPointer { products in
            guard
              let target = shares.baseAddress,
              let products = products.baseAddress,
              let inverses = inverses.baseAddress
            else { return }
            BLAS.multiply(
              m: count, n: size, k: size, products, stride: size, .plain,
              inverses + block * size * size, stride: size, into: target,
              stride: size)
          }
          Patch(block, of: layout, on: pictures).squares(
            leftOf: pictures.values, shares: UnsafeBufferPointer(shares),
            of: train, into: target)
        }
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

/// Arrays of one length, one for each block, each the sum of those of pieces
/// that overlapping blocks share.
private struct BlockSums<Number: BinaryFloatingPoint & Sendable> {
  private let layout: BlockLayout
  private let bands: BlockPieces
  /// Of every band of pieces and every column of blocks.
  private let sums: [[[Number]]]

  /// - Parameter part: The array of the piece of some rows and columns of cells.
  init<Failure>(
    of layout: BlockLayout,
    _ part: (Range<Int>, Range<Int>) throws(Failure) -> [Number]
  ) throws(Failure) {
    self.layout = layout
    bands = BlockPieces(of: layout.rows, side: layout.side)
    let pieces = BlockPieces(of: layout.columns, side: layout.side)
    let (bands, columns) = (bands, layout.columns)
    sums = try Parallel.map(bands.count) { band throws(Failure) in
      var sums = [[Number]](repeating: [], count: columns.count)
      for piece in 0..<pieces.count {
        let part = try part(bands[band], pieces[piece])
        for (column, start) in columns.enumerated()
        where (start..<start + layout.side).contains(pieces[piece].lowerBound) {
          sums[column].add(part)
        }
      }
      return sums
    }
  }

  subscript(block: Int) -> [Number] {
    let (row, column) = block.quotientAndRemainder(
      dividingBy: layout.columns.count)
    let start = layout.rows[row]
    var sum: [Number] = []
    for band in 0..<bands.count
    where (start..<start + layout.side).contains(bands[band].lowerBound) {
      sum.add(sums[band][column])
    }
    return sum
  }
}

extension Array where Element: BinaryFloatingPoint {
  /// Adds element by element; nothing is taken for zeros.
  fileprivate mutating func add(_ others: [Element]) {
    guard !isEmpty else {
      self = others
      return
    }
    withUnsafeMutableBufferPointer { sums in
      others.withUnsafeBufferPointer { others in
        for index in sums.indices { sums[index] += others[index] }
      }
    }
  }
}

/// A rectangle of cells in the rows of pictures' grids.
private struct Patch {
  /// Where it starts in a picture.
  private let start: Int
  /// Numbers from one row of cells to the next.
  private let rowStride: Int
  /// Its rows and columns of cells.
  private let rows: Int
  private let columns: Int
  /// Numbers a cell.
  private let depth: Int

  init(_ rows: Range<Int>, _ columns: Range<Int>, of grids: LocalGrids) {
    depth = grids.depth
    rowStride = grids.columns * depth
    start = rows.lowerBound * rowStride + columns.lowerBound * depth
    (self.rows, self.columns) = (rows.count, columns.count)
  }

  init(_ block: Int, of layout: BlockLayout, on grids: LocalGrids) {
    let (row, column) = layout.origin(block)
    self.init(
      row..<row + layout.side, column..<column + layout.side, of: grids)
  }

  /// The numbers of one row of cells.
  private var width: Int { columns * depth }

  /// All its numbers.
  var count: Int { rows * width }

  /// The products of the pictures' patches with each other, less their mean;
  /// the upper triangle alone.
  func gram(of pictures: Matrix, less mean: [Float]) -> [Double] {
    let count = pictures.rows
    var gram = [Double](repeating: 0, count: count * count)
    gram.withUnsafeMutableBufferPointer { gram in
      pictures.values.withUnsafeBufferPointer { values in
        mean.withUnsafeBufferPointer { mean in
          withUnsafeTemporaryAllocation(
            of: Double.self, capacity: count * width
          ) { centered in
            guard
              let gram = gram.baseAddress, let values = values.baseAddress,
              let mean = mean.baseAddress, let target = centered.baseAddress
            else { return }
            for row in 0..<rows {
              let place = start + row * rowStride
              for picture in 0..<count {
                let source = values + picture * pictures.columns + place
                for index in 0..<width {
                  target[picture * width + index] =
                    Double(source[index]) - Double(mean[place + index])
                }
              }
              BLAS.multiplyByOwnTranspose(
                m: count, k: width, target, stride: width, beta: 1, into: gram,
                stride: count)
            }
          }
        }
      }
    }
    return gram
  }

  /// The products of the pictures' patches with those of others.
  func products(of pictures: Matrix, with others: Matrix) -> [Float] {
    var products = [Float](repeating: 0, count: pictures.rows * others.rows)
    products.withUnsafeMutableBufferPointer { products in
      pictures.values.withUnsafeBufferPointer { pictureValues in
        others.values.withUnsafeBufferPointer { otherValues in
          guard
            let products = products.baseAddress,
            let a = pictureValues.baseAddress, let b = otherValues.baseAddress
          else { return }
          for row in 0..<rows {
            let place = start + row * rowStride
            BLAS.multiply(
              m: pictures.rows, n: others.rows, k: width,
              a + place, stride: pictures.columns, .plain,
              b + place, stride: others.columns, .transposed,
              beta: 1, into: products, stride: others.rows)
          }
        }
      }
    }
    return products
  }

  /// The mean square over the channels of every cell of what sums of patches
  /// are, or of what they leave over of pictures.
  ///
  /// - Parameters:
  ///   - pictures: What the sums are taken from, if anything.
  ///   - shares: How much of the patch of each of the others, a row for each
  ///     sum.
  func squares(
    leftOf pictures: Matrix? = nil, shares: UnsafeBufferPointer<Float>,
    of others: Matrix, into target: UnsafeMutableBufferPointer<Float>
  ) {
    let (count, length) = (shares.count / others.rows, others.columns)
    others.values.withUnsafeBufferPointer { otherValues in
      (pictures ?? others).values.withUnsafeBufferPointer { values in
        withUnsafeTemporaryAllocation(of: Float.self, capacity: count * width) {
          scratch in
          guard
            let sums = scratch.baseAddress, let shares = shares.baseAddress,
            let otherValues = otherValues.baseAddress,
            let values = values.baseAddress
          else { return }
          for row in 0..<rows {
            let place = start + row * rowStride
            if pictures != nil {
              for picture in 0..<count {
                (sums + picture * width).update(
                  from: values + picture * length + place, count: width)
              }
            }
            BLAS.multiply(
              m: count, n: width, k: others.rows,
              alpha: pictures == nil ? 1 : -1, shares, stride: others.rows,
              .plain, otherValues + place, stride: length,
              beta: pictures == nil ? 0 : 1, into: sums, stride: width)
            for picture in 0..<count {
              for column in 0..<columns {
                let numbers = sums + picture * width + column * depth
                var sum: Float = 0
                for channel in 0..<depth {
                  sum += numbers[channel] * numbers[channel]
                }
                target[(picture * rows + row) * columns + column] =
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
          Array(
            centeredInverses[
              index * count * count..<(index + 1) * count * count]),
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
