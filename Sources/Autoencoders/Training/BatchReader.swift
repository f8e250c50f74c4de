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
  private let checksValues: Bool
  private var position = 0
  private var ahead: Reading?

  /// - Parameters:
  ///   - order: The rows to read, in this order.
  ///   - checksValues: Whether values may not be finite; once is enough.
  init(
    _ source: any SampleSource, order: [Int], batchSize: Int, isSigned: Bool,
    checksValues: Bool
  ) {
    self.source = source
    self.order = order
    self.batchSize = batchSize
    self.isSigned = isSigned
    self.checksValues = checksValues
    readAhead()
  }

  /// The next batch, nil after the last; the last may be smaller.
  ///
  /// - Throws: `DetectorFault.nonFiniteValue`, and what the source throws.
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
      : Reading(source, rows, isSigned: isSigned, checksValues: checksValues)
  }
}

/// A batch that is being read on another thread.
private final class Reading: @unchecked Sendable {
  // Written once, before the group is left.
  private var result: Result<Batch<Float>, any Error>?
  private let group = DispatchGroup()

  init(
    _ source: any SampleSource, _ rows: [Int], isSigned: Bool,
    checksValues: Bool
  ) {
    DispatchQueue.global(qos: .userInitiated).async(group: group) {
      self.result = Result {
        try Self.read(
          source, rows, isSigned: isSigned, checksValues: checksValues)
      }
    }
  }

  func batch() throws -> Batch<Float>? {
    group.wait()
    return try result?.get()
  }

  private static func read(
    _ source: any SampleSource, _ rows: [Int], isSigned: Bool,
    checksValues: Bool
  ) throws -> Batch<Float> {
    // What is in memory need not be copied first.
    let whole = source as? Matrix
    let matrix = try whole ?? source.matrix(ofRows: rows)
    let places = whole == nil ? Array(rows.indices) : rows
    for (place, row) in zip(places, rows) where checksValues {
      if let column = matrix.firstNonFinite(inRow: place) {
        throw DetectorFault.nonFiniteValue(row: row, column: column)
      }
    }
    // The training has the threads.
    return Parallel.$threadCount.withValue(1) {
      Batch(matrix, rows: places, isSigned: isSigned)
    }
  }
}
