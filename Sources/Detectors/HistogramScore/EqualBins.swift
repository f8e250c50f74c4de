import Execution
import LinearAlgebra

/// Bins of equal width over the range of each feature.
///
/// The bins of all features are counted through: each feature has one more,
/// behind its own, for what lies more than half a bin out of its range.
struct EqualBins {
  /// Where the first bin of each feature begins, and the last ends.
  let lower: [Double]
  let upper: [Double]
  /// The bins of a feature.
  let count: Int
  /// The width of the bins of each feature.
  let widths: [Double]

  /// - Throws: What reading throws; `DetectorFault.nonFiniteValue`;
  ///   `CancellationError`.
  init(of source: any SampleSource, count: Int, in context: RunContext) throws {
    // Of each feature, the least and the greatest value.
    var ends: [ClosedRange<Double>] = []
    func widen(by found: [ClosedRange<Double>]) {
      ends =
        ends.isEmpty
        ? found
        : zip(ends, found).map {
          min($0.lowerBound, $1.lowerBound)...max($0.upperBound, $1.upperBound)
        }
    }
    let team = source.team(of: context)
    func widen(by samples: Matrix) throws {
      widen(by: try samples.columnRanges(in: context))
    }
    if let matrix = source as? Matrix {
      try widen(by: matrix)
    } else {
      try source.forEachFiniteBlock(
        from: team.share(of: source.rows), stage: "ranges", in: context,
        widen(by:))
    }
    let all = team.gathered(ends.flatMap { [$0.lowerBound, $0.upperBound] })
    // In the order of the rows: of 0 and -0 the first one stays.
    ends = []
    for found in Parallel.blocks(all.count, size: 2 * source.columns) {
      widen(
        by: Parallel.blocks(found, size: 2).map {
          all[$0.lowerBound]...all[$0.upperBound - 1]
        })
    }
    self.init(
      lower: ends.map {
        $0.lowerBound - ($0.lowerBound == $0.upperBound ? 0.5 : 0)
      },
      upper: ends.map {
        $0.upperBound + ($0.lowerBound == $0.upperBound ? 0.5 : 0)
      }, count: count)
  }

  init(lower: [Double], upper: [Double], count: Int) {
    self.lower = lower
    self.upper = upper
    self.count = count
    widths = zip(lower, upper).map { ($1 - $0) / Double(count) }
  }

  /// How many bins all features have together.
  var total: Int { lower.count * (count + 1) }

  /// Hands over, for each row, its place among the rows and the bins of its
  /// values.
  @inline(__always)
  func forEachRow(
    _ rows: Range<Int>, of samples: Matrix,
    _ body: (Int, UnsafeBufferPointer<Int>) -> Void
  ) {
    let columns = lower.count
    withUnsafeTemporaryAllocation(of: Int.self, capacity: columns) { found in
      samples.values.withUnsafeBufferPointer { values in
        guard let values = values.baseAddress, let target = found.baseAddress
        else { return }
        for (place, row) in rows.enumerated() {
          find(values + row * columns, into: target)
          body(place, UnsafeBufferPointer(found))
        }
      }
    }
  }

  /// Without branches, for vector units: a whole number is read from the last
  /// bits of its sum with 2⁵².
  private func find(
    _ row: UnsafePointer<Float>, into found: UnsafeMutablePointer<Int>
  ) {
    let last = Double(count - 1)
    let outside = Double(count)
    lower.withUnsafeBufferPointer { lower in
      widths.withUnsafeBufferPointer { widths in
        for column in 0..<lower.count {
          let place = (Double(row[column]) - lower[column]) / widths[column]
          let inside = place < 0 ? 0 : place > last ? last : place
          let isOut = (place < -0.5) || (place > last + 1.5)
          let bin = isOut ? outside : inside.rounded(.down)
          let bits = (bin + 0x1p52).bitPattern & 0xf_ffff_ffff_ffff
          found[column] =
            column &* (count &+ 1) &+ Int(truncatingIfNeeded: bits)
        }
      }
    }
  }
}
