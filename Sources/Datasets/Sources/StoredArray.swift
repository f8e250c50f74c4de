import Execution
import Files
import Foundation
import LinearAlgebra

/// An array of numbers in a mapped file or in memory; its rows become floats
/// when they are read.
package struct StoredArray: PlacedSource {
  enum Storage: Sendable {
    case mapped(MappedFile, Range<Int>)
    case memory(Data)
  }

  private let storage: Storage
  package let type: ElementType
  /// The sizes, that of the rows first.
  package let shape: [Int]
  /// Whether the first index varies fastest (Fortran order), not the last.
  package let isColumnMajor: Bool

  /// What every number is divided by when it is read.
  var divisor: Float = 1
  /// What faults name as the place; nil where nobody asks for the numbers.
  var path: String?

  /// - Precondition: The storage holds as many bytes as the shape needs.
  init(
    _ storage: Storage, type: ElementType, shape: [Int],
    isColumnMajor: Bool = false
  ) {
    self.storage = storage
    self.type = type
    self.shape = shape
    self.isColumnMajor = isColumnMajor
  }

  package var rows: Int { shape.first ?? 1 }
  /// The numbers in one row.
  package var columns: Int { shape.dropFirst().reduce(1, *) }

  /// Bytes beside those of the file.
  var memory: Int {
    if case .memory(let data) = storage { data.count } else { 0 }
  }

  /// Mapped bytes above which pages are given back after each reading.
  private static let residentLimit = 256 << 20

  /// Numbers that are worth a thread's attention.
  private static let blockCount = 1 << 16

  /// The rows with the given indices.
  ///
  /// - Throws: `FileFault` when the file has changed.
  package func matrix(ofRows indices: [Int]) throws -> Matrix {
    Matrix(
      rows: indices.count, columns: columns,
      values: try numbers(ofRows: indices))
  }

  /// The numbers of the rows with the given indices.
  func numbers<Number: BinaryFloatingPoint & BitwiseCopyable & Sendable>(
    ofRows indices: [Int]
  ) throws -> [Number] {
    let columns = columns
    let values = try [Number](
      unsafeUninitializedCapacity: indices.count * columns
    ) { target, count in
      try withBytes { bytes in
        guard let start = target.baseAddress else { return }
        if isColumnMajor {
          readColumnMajor(indices, of: bytes, into: start)
          scale(target)
        } else {
          let blocks = Parallel.blocks(
            indices.count, size: max(1, Self.blockCount / max(columns, 1)))
          let target = target
          Parallel.forEach(blocks.count) { block in
            let places = blocks[block]
            for place in places {
              let size = columns * type.width
              let row = indices[place]
              type.convert(
                UnsafeRawBufferPointer(
                  rebasing: bytes[row * size..<(row + 1) * size]),
                stride: type.width, count: columns,
                into: start + place * columns, targetStride: 1)
            }
            scale(
              UnsafeMutableBufferPointer(
                rebasing: target[
                  places.lowerBound * columns..<places.upperBound * columns]))
          }
        }
      }
      count = indices.count * columns
    }
    releasePages(ofRows: indices)
    return values
  }

  package func place(row: Int, column: Int) -> String {
    "row \(row), column \(column)" + (path.map { " of \($0)" } ?? "")
  }

  /// Every element as text.
  func texts() throws -> [String] {
    guard type.isText else {
      return try numbers(ofRows: Array(0..<rows)).map { (number: Double) in
        "\(Float(number))"
      }
    }
    var texts: [String] = []
    try withBytes { bytes in
      texts = (0..<rows * columns).map { index in
        let element = UnsafeRawBufferPointer(
          rebasing: bytes[index * type.width..<(index + 1) * type.width])
        guard type.kind == .unicode else {
          return String(decoding: element.prefix { $0 != 0 }, as: UTF8.self)
        }
        let scalars = (0..<type.width / 4).map { place in
          let bits = element.loadUnaligned(
            fromByteOffset: 4 * place, as: UInt32.self)
          return type.isBigEndian
            ? UInt32(bigEndian: bits) : UInt32(littleEndian: bits)
        }
        return String(decoding: scalars.prefix { $0 != 0 }, as: UTF32.self)
      }
    }
    return texts
  }

  private func scale<Number: BinaryFloatingPoint>(
    _ values: UnsafeMutableBufferPointer<Number>
  ) {
    guard divisor != 1 else { return }
    let divisor = Number(divisor)
    for index in values.indices { values[index] /= divisor }
  }

  /// Gives back the memory that reading a large file took.
  ///
  /// Not in Fortran order, where every row lies in all pages of the file.
  private func releasePages(ofRows indices: [Int]) {
    guard
      case .mapped(let file, let range) = storage,
      range.count > Self.residentLimit, !isColumnMajor,
      let first = indices.min(), let last = indices.max()
    else { return }
    let size = columns * type.width
    file.release(
      range.lowerBound + first * size..<range.lowerBound + (last + 1) * size)
  }

  /// Reads column by column, the order in which the bytes lie.
  private func readColumnMajor<Number: BinaryFloatingPoint>(
    _ indices: [Int], of bytes: UnsafeRawBufferPointer,
    into target: UnsafeMutablePointer<Number>
  ) {
    let columns = columns
    let runs = Self.runs(of: indices)
    var index = [Int](repeating: 0, count: shape.count)
    for column in 0..<columns {
      var offset = 0
      var step = rows
      for axis in shape.indices.dropFirst() {
        offset += index[axis] * step
        step *= shape[axis]
      }
      for (place, run) in runs {
        type.convert(
          UnsafeRawBufferPointer(
            rebasing: bytes[((offset + run.lowerBound) * type.width)...]),
          stride: type.width, count: run.count,
          into: target + place * columns + column, targetStride: columns)
      }
      for axis in shape.indices.dropFirst().reversed() {
        index[axis] += 1
        if index[axis] < shape[axis] { break }
        index[axis] = 0
      }
    }
  }

  /// The stretches of successive indices, each with its place in the list.
  private static func runs(of indices: [Int]) -> [(Int, Range<Int>)] {
    var runs: [(Int, Range<Int>)] = []
    for (place, index) in indices.enumerated() {
      if let (first, last) = runs.last, last.upperBound == index {
        runs[runs.count - 1] = (first, last.lowerBound..<index + 1)
      } else {
        runs.append((place, index..<index + 1))
      }
    }
    return runs
  }

  private func withBytes(
    _ body: (UnsafeRawBufferPointer) -> Void
  ) throws {
    switch storage {
    case .mapped(let file, let range):
      try file.withBytes { body(UnsafeRawBufferPointer(rebasing: $0[range])) }
    case .memory(let data): data.withUnsafeBytes(body)
    }
  }
}

/// The rows of a table in an array of numbers that single precision would
/// round.
struct PreciseArray: PreciseSource {
  let array: StoredArray

  var rows: Int { array.rows }
  var columns: Int { array.columns }

  func doubles(ofRows indices: [Int]) throws -> [Double] {
    try array.numbers(ofRows: indices)
  }

  func place(row: Int, column: Int) -> String {
    array.place(row: row, column: column)
  }
}
