import Execution
import Files
import Foundation
import Images
import LinearAlgebra

/// Picture files, each decoded and resampled when its row is read.
package struct ImageFiles: SampleSource {
  package let pictures: [RereadFile]
  /// What the rows hold, whatever the files do.
  package let shape: ImageShape

  /// The size that files are shrunk to when nothing is said.
  package static let defaultSize = PixelSize(square: 64)

  init(
    _ pictures: [RereadFile],
    shape: ImageShape = ImageShape(
      height: defaultSize.height, width: defaultSize.width, channels: 3)
  ) {
    self.pictures = pictures
    self.shape = shape
  }

  package var rows: Int { pictures.count }
  package var columns: Int { shape.count }

  package func matrix(ofRows indices: [Int]) throws -> Matrix {
    try PictureFile.decodeAll(indices.map { pictures[$0] }, shape: shape)
  }

  /// All pictures as they are stored, in memory; nil when that would lose
  /// something, or take more than half of the memory budget.
  ///
  /// - Throws: The faults of reading, `CancellationError`.
  package func bytes(in context: RunContext) throws -> (any SampleSource)? {
    guard rows * columns <= context.memoryBudget / 2 else { return nil }
    let areStored = try Parallel.map(rows) { index in
      try context.cancellation.check()
      let header = try PictureFile.header(of: pictures[index].open())
      return header.bitDepth <= 8 && (header.isColor ? 3 : 1) == shape.channels
        && header.size == PixelSize(width: shape.width, height: shape.height)
    }
    guard areStored.allSatisfy({ $0 }) else { return nil }
    var bytes = Data(capacity: rows * columns)
    try forEachBlock(of: blockRows(most: 256, in: context), in: context) {
      _, block in
      bytes.append(contentsOf: block.values.map { UInt8($0 * 255 + 0.5) })
    }
    var array = StoredArray(
      .memory(bytes), type: .uint8, shape: [rows, columns])
    array.divisor = 255
    return array
  }
}
