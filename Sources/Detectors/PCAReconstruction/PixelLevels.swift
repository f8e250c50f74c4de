import Execution
import LinearAlgebra
import Synchronization

/// Samples that are pixels of 8 bits: k/255 for whole numbers k from 0
/// through 255, but for rounding to single precision.
///
/// Products of such numbers can be summed in single precision, at twice the
/// rate of double precision, without any error: with k - 128 in place of k,
/// 1,024 products are at most 2²⁴ together, and single precision holds every
/// whole number up to there, whatever the order of the sum.
struct PixelLevels {
  /// As many rows have products whose sum is exact.
  static let exactRows = 1024
  /// The number that stands for full intensity.
  static let white = 255

  private let samples: Matrix

  private static let middle: Float = 128
  /// So many rows that their products, times their number, fit an `Int`.
  static let mostRows = 1 << 23
  private static let blockElements = 1 << 16

  /// Nil for samples of another kind.
  init?(_ samples: Matrix) {
    let blocks = Parallel.blocks(
      samples.values.count, size: Self.blockElements)
    let arePixels = Atomic(samples.rows <= Self.mostRows)
    samples.values.withUnsafeBufferPointer { values in
      Parallel.forEach(blocks.count) { block in
        guard
          arePixels.load(ordering: .relaxed),
          let start = values.baseAddress,
          !Self.areLevels(start + blocks[block].lowerBound, blocks[block].count)
        else { return }
        arePixels.store(false, ordering: .relaxed)
      }
    }
    guard arePixels.load(ordering: .relaxed) else { return nil }
    self.samples = samples
  }

  private static func areLevels(
    _ values: UnsafePointer<Float>, _ count: Int
  ) -> Bool {
    let bytes = UnsafeRawPointer(values)
    let white = SIMD16(repeating: Float(white))
    var strangers = SIMD16<Float>.zero
    let vectorised = count / 16 * 16
    for index in stride(from: 0, to: vectorised, by: 16) {
      let level =
        bytes.loadUnaligned(
          fromByteOffset: index * 4, as: SIMD16<Float>.self) * white
      let whole = (level + spacedByOne) - spacedByOne
      strangers.replace(with: 1, where: level .!= whole)
      strangers.replace(with: 1, where: level .< 0)
      strangers.replace(with: 1, where: level .> white)
    }
    return strangers == .zero
      && (vectorised..<count).allSatisfy {
        let level = values[$0] * Float(Self.white)
        return level == nearestWhole(level) && (0...white[0]).contains(level)
      }
  }

  /// Numbers of this size are spaced by one, so that adding and taking away
  /// rounds; unlike `rounded()` this is vectorised for any processor.
  private static let spacedByOne: Float = 0x1.8p23

  @inline(__always)
  private static func nearestWhole(_ value: Float) -> Float {
    (value + spacedByOne) - spacedByOne
  }

  /// Writes k - 128 for some rows, no more than `exactRows`, of some columns,
  /// row after row, and adds them up for every column.
  func copy(
    rows: Range<Int>, columns: Range<Int>,
    to target: UnsafeMutablePointer<Float>,
    sums: UnsafeMutablePointer<Float>
  ) {
    samples.values.withUnsafeBufferPointer { values in
      guard let values = values.baseAddress else { return }
      let count = columns.count
      for index in 0..<count { sums[index] = 0 }
      for (place, row) in rows.enumerated() {
        let source = values + row * samples.columns + columns.lowerBound
        let line = target + place * count
        for index in 0..<count {
          let level =
            Self.nearestWhole(source[index] * Float(Self.white)) - Self.middle
          line[index] = level
          sums[index] += level
        }
      }
    }
  }
}
