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

  /// Images are written as bytes, tables in the precision that they have.
  var type: ElementType {
    imageShape != nil ? .uint8 : precise == nil ? .float32 : .float64
  }

  private var precise: (any PreciseSource)? { source as? any PreciseSource }

  private static let blockSize = 256

  /// Hands over all rows, some at a time.
  func forEachBlock(_ body: (Range<Int>, Matrix) throws -> Void) throws {
    try forEachRange { try body($0, source.matrix(ofRows: Array($0))) }
  }

  /// Hands over the numbers of each row of a table as text.
  func forEachRow(_ body: (Int, [String]) throws -> Void) throws {
    func each<Number>(_ range: Range<Int>, _ numbers: [Number]) throws {
      for row in range {
        let start = (row - range.lowerBound) * source.columns
        try body(row, numbers[start..<start + source.columns].map { "\($0)" })
      }
    }
    try forEachRange { range in
      guard let precise else {
        return try each(range, source.matrix(ofRows: Array(range)).values)
      }
      try each(range, precise.doubles(ofRows: Array(range)))
    }
  }

  private func forEachRange(_ body: (Range<Int>) throws -> Void) throws {
    try source.checkRowMemory(in: context)
    let size = source.blockRows(most: Self.blockSize, in: context)
    for block in Parallel.blocks(source.rows, size: size) {
      try context.cancellation.check()
      try body(block)
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
    if imageShape == nil, let precise {
      return try forEachRange { range in
        try precise.doubles(ofRows: Array(range))
          .map(\.bitPattern.littleEndian).withUnsafeBytes(body)
      }
    }
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
