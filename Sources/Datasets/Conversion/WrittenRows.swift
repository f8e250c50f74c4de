import Diagnostics
import Execution
import Files
import Foundation
import LinearAlgebra

/// The samples of a set as rows that are to be written.
struct WrittenRows {
  let source: any SampleSource
  /// Nil for a table.
  let imageShape: ImageShape?
  let context: RunContext

  /// The sizes of the array, that of the rows first.
  var shape: [Int] {
    guard let imageShape else { return [source.rows, source.columns] }
    let sizes = [source.rows, imageShape.height, imageShape.width]
    return imageShape.channels == 1 ? sizes : sizes + [imageShape.channels]
  }

  /// Images are written as bytes, tables as single-precision numbers.
  var type: ElementType { imageShape == nil ? .float32 : .uint8 }

  private static let blockSize = 256

  /// Hands over all rows, some at a time.
  func forEachBlock(_ body: (Range<Int>, Matrix) throws -> Void) throws {
    try source.checkRowMemory(in: context)
    let size = source.blockRows(most: Self.blockSize, in: context)
    for block in Parallel.blocks(source.rows, size: size) {
      try context.cancellation.check()
      try body(block, source.matrix(ofRows: Array(block)))
      context.progress.report(
        ProgressReport(
          stage: "writing samples", completed: block.upperBound,
          total: source.rows))
    }
  }

  /// Hands over the bytes of the array, some at a time.
  ///
  /// - Throws: `DatasetFault.unusableOption` when an intensity is not in 0...1.
  func forEachBytes(_ body: (UnsafeRawBufferPointer) throws -> Void) throws {
    try forEachBlock { _, matrix in
      if imageShape == nil {
        try matrix.values.map(\.bitPattern.littleEndian).withUnsafeBytes(body)
      } else {
        try bytes(matrix).withUnsafeBytes(body)
      }
    }
  }

  private func bytes(_ matrix: Matrix) throws -> [UInt8] {
    try matrix.values.map { value in
      guard 0...1 ~= value else {
        throw DatasetFault.unusableOption(
          name: "convert", problem: "the intensity \(value) is not in 0...1",
          remedy: "save the images as bytes")
      }
      return UInt8((value * 255).rounded())
    }
  }
}
