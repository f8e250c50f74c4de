import Execution
import Foundation
import LinearAlgebra

/// Histograms of oriented gradients (Dalal and Triggs 2005, R-HOG) as
/// scikit-image computes them: 9 unsigned orientations, cells of 8x8 pixels,
/// blocks of 2x2 cells normalised by L2-Hys.
package struct HOGLayout {
  private static let cellSize = 8
  private static let blockSize = 2
  private static let orientations = 9

  private let shape: ImageShape
  private let cellRows: Int
  private let cellColumns: Int

  /// - Throws: `FeatureFault.imageTooSmall` below 2x2 cells.
  package init(_ shape: ImageShape) throws {
    self.shape = shape
    cellRows = shape.height / Self.cellSize
    cellColumns = shape.width / Self.cellSize
    guard min(cellRows, cellColumns) >= Self.blockSize else {
      throw FeatureFault.imageTooSmall(
        shape, smallest: Self.cellSize * Self.blockSize)
    }
  }

  private var blockRows: Int { cellRows - Self.blockSize + 1 }
  private var blockColumns: Int { cellColumns - Self.blockSize + 1 }
  private var blockLength: Int {
    Self.blockSize * Self.blockSize * Self.orientations
  }

  /// The number of features of one image.
  package var count: Int { blockRows * blockColumns * blockLength }

  /// One row of features for every row of pixels.
  package func features(of pixels: Matrix) -> Matrix {
    let values: [Float] = Parallel.fill(
      pixels.rows * count, blockSize: count
    ) { range, features in
      let row = pixels.row(range.lowerBound / count)
      _ = features.initialize(from: blocks(of: cells(of: Array(row))))
    }
    return Matrix(rows: pixels.rows, columns: count, values: values)
  }

  /// The mean gradient magnitude of every cell by orientation.
  ///
  /// Of several channels each pixel takes the one with the strongest gradient.
  private func cells(of image: [Float]) -> [Float] {
    var histograms = [Float](
      repeating: 0, count: cellRows * cellColumns * Self.orientations)
    func value(_ row: Int, _ column: Int, _ channel: Int) -> Float {
      image[(row * shape.width + column) * shape.channels + channel]
    }
    for row in 0..<cellRows * Self.cellSize {
      for column in 0..<cellColumns * Self.cellSize {
        var strongest = SIMD2<Float>.zero
        for channel in 0..<shape.channels {
          // Gradients across the border are taken as zero.
          var gradient = SIMD2<Float>.zero
          if column > 0, column < shape.width - 1 {
            gradient.x =
              value(row, column + 1, channel) - value(row, column - 1, channel)
          }
          if row > 0, row < shape.height - 1 {
            gradient.y =
              value(row + 1, column, channel) - value(row - 1, column, channel)
          }
          if (gradient * gradient).sum() > (strongest * strongest).sum() {
            strongest = gradient
          }
        }
        let magnitude = (strongest * strongest).sum().squareRoot()
        guard magnitude > 0 else { continue }
        var angle = atan2(strongest.y, strongest.x) / .pi
        // Opposite directions are one, and so are 0 and a half turn.
        if angle < 0 { angle += 1 }
        if angle >= 1 { angle -= 1 }
        let bin = min(
          Int(angle * Float(Self.orientations)), Self.orientations - 1)
        let cell =
          row / Self.cellSize * cellColumns + column / Self.cellSize
        histograms[cell * Self.orientations + bin] +=
          magnitude / Float(Self.cellSize * Self.cellSize)
      }
    }
    return histograms
  }

  private func blocks(of histograms: [Float]) -> [Float] {
    var features: [Float] = []
    features.reserveCapacity(count)
    for row in 0..<blockRows {
      for column in 0..<blockColumns {
        var block: [Float] = []
        for cellRow in row..<row + Self.blockSize {
          let start = (cellRow * cellColumns + column) * Self.orientations
          block +=
            histograms[
              start..<start + Self.blockSize * Self.orientations]
        }
        features += Self.normalizedL2Hys(block)
      }
    }
    return features
  }

  /// To unit length, clipped at 0.2, and to unit length again (Lowe 2004).
  private static func normalizedL2Hys(_ block: [Float]) -> [Float] {
    let epsilon: Float = 1e-5
    func normalized(_ block: [Float]) -> [Float] {
      let square = block.reduce(0) { $0 + $1 * $1 }
      let norm = (square + epsilon * epsilon).squareRoot()
      return block.map { $0 / norm }
    }
    return normalized(normalized(block).map { min($0, 0.2) })
  }
}
