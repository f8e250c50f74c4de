import Diagnostics
import Execution
import Files
import Foundation
import Images
import LinearAlgebra

/// The samples of a set as rows that are to be written.
struct WrittenRows {
  /// How progress is told and work is stopped.
  struct Monitor {
    let progress: any ProgressSink
    let cancellation: Cancellation
  }

  let source: any SampleSource
  /// Nil for a table.
  let imageShape: ImageShape?
  let monitor: Monitor

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
    for block in Parallel.blocks(source.rows, size: Self.blockSize) {
      try monitor.cancellation.check()
      try body(block, source.matrix(ofRows: Array(block)))
      monitor.progress.report(
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

/// PNG files, decoded when they are read.
struct ImageFileRows: SampleSource {
  let urls: [URL]
  let shape: ImageShape

  var rows: Int { urls.count }
  var columns: Int { shape.count }

  func matrix(ofRows indices: [Int]) throws -> Matrix {
    try PNG.decodeAll(indices.map { urls[$0] }, shape: shape)
  }
}

/// The rows of several sources, one after the other.
struct JoinedRows: SampleSource {
  let sources: [any SampleSource]

  var rows: Int { sources.reduce(0) { $0 + $1.rows } }
  var columns: Int { sources.first?.columns ?? 0 }

  func matrix(ofRows indices: [Int]) throws -> Matrix {
    var values: [Float] = []
    var start = 0
    var rest = indices[...]
    // Stretches of rows that lie in one source are read at once.
    while let first = rest.first {
      start = 0
      guard
        let source = sources.first(where: { source in
          if first - start < source.rows { return true }
          start += source.rows
          return false
        })
      else { break }
      let stretch = rest.prefix {
        (start..<start + source.rows).contains($0)
      }
      values += try source.matrix(ofRows: stretch.map { $0 - start }).values
      rest = rest.dropFirst(stretch.count)
    }
    return Matrix(rows: indices.count, columns: columns, values: values)
  }
}
