import Detectors
import Dispatch
import Execution
import LinearAlgebra

/// Reads the images of an epoch batch by batch, one batch ahead on another
/// thread.
struct BatchReader {
  private let source: any SampleSource
  private let order: [Int]
  private let batchSize: Int
  private let isSigned: Bool
  private let checks: Checks
  private var position = 0
  private var ahead: Reading?

  /// - Parameters:
  ///   - order: The rows to read, in this order.
  ///   - checks: What may be wrong with the values; once is enough.
  init(
    _ source: any SampleSource, order: [Int], batchSize: Int, isSigned: Bool,
    checks: Checks
  ) {
    self.source = source
    self.order = order
    self.batchSize = batchSize
    self.isSigned = isSigned
    self.checks = checks
    readAhead()
  }

  /// The next batch, nil after the last; the last may be smaller.
  ///
  /// - Throws: `DetectorFault.nonFiniteValue`, `AutoencoderFault.unusableRange`,
  ///   and what the source throws.
  mutating func next() throws -> Batch<Float>? {
    let batch = try ahead?.batch()
    readAhead()
    return batch
  }

  private mutating func readAhead() {
    let rows = Array(order[position..<min(position + batchSize, order.count)])
    position += rows.count
    ahead =
      rows.isEmpty
      ? nil
      : Reading(source, rows, isSigned: isSigned, checks: checks)
  }
}

extension BatchReader {
  /// What is looked at in the values.
  enum Checks {
    case none
    /// Whether they are finite.
    case numbers
    /// Also whether they are intensities.
    case images
  }
}

/// A batch that is being read on another thread.
private final class Reading: @unchecked Sendable {
  // Written once, before the group is left.
  private var result: Result<Batch<Float>, any Error>?
  private let group = DispatchGroup()

  init(
    _ source: any SampleSource, _ rows: [Int], isSigned: Bool,
    checks: BatchReader.Checks
  ) {
    DispatchQueue.global(qos: .userInitiated).async(group: group) {
      self.result = Result {
        try Self.read(source, rows, isSigned: isSigned, checks: checks)
      }
    }
  }

  func batch() throws -> Batch<Float>? {
    group.wait()
    return try result?.get()
  }

  private static func read(
    _ source: any SampleSource, _ rows: [Int], isSigned: Bool,
    checks: BatchReader.Checks
  ) throws -> Batch<Float> {
    // What is in memory need not be copied first.
    let whole = source as? Matrix
    let matrix = try whole ?? source.matrix(ofRows: rows)
    let places = whole == nil ? Array(rows.indices) : rows
    for (place, row) in zip(places, rows) where checks != .none {
      if let column = matrix.firstNonFinite(inRow: place) {
        throw DetectorFault.nonFiniteValue(row: row, column: column)
      }
    }
    if checks == .images {
      try checkRange(matrix, rows: places)
    }
    // The training has the threads.
    return Parallel.$threadCount.withValue(1) {
      Batch(matrix, rows: places, isSigned: isSigned)
    }
  }

  /// Intensities that interpolation may make of 0...1.
  private static let intensities: ClosedRange<Float> = -0.5...1.5

  private static func checkRange(_ matrix: Matrix, rows: [Int]) throws {
    var (lowest, highest) = (Float.infinity, -Float.infinity)
    for row in rows {
      for value in matrix.row(row) {
        lowest = min(lowest, value)
        highest = max(highest, value)
      }
    }
    guard intensities.contains(lowest), intensities.contains(highest) else {
      throw AutoencoderFault.unusableRange(lowest: lowest, highest: highest)
    }
  }
}
