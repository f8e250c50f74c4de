import Execution
import Files
import LinearAlgebra

/// What values the columns of training rows have, on the scale of the detector.
struct UsualValues: Codable, Sendable {
  /// The 5 % quantile of each column.
  @Tensor private(set) var low: [Float]
  /// The median.
  @Tensor private(set) var middle: [Float]
  /// The 95 % quantile.
  @Tensor private(set) var high: [Float]

  /// Quantiles hardly change with more rows.
  private static let mostRows = 10_000

  /// - Throws: What reading throws.
  init(of rows: any SampleSource) throws {
    let step = (rows.rows - 1) / Self.mostRows + 1
    let some = try rows.matrix(
      ofRows: Array(stride(from: 0, to: rows.rows, by: step)))
    let quantiles = Parallel.map(some.columns) { column in
      let values = (0..<some.rows).map { some[$0, column] }.sorted()
      return [0.05, 0.5, 0.95].map { part in
        values[Int((part * Double(values.count - 1)).rounded())]
      }
    }
    low = quantiles.map { $0[0] }
    middle = quantiles.map { $0[1] }
    high = quantiles.map { $0[2] }
  }

  func isWhole(columns: Int) -> Bool {
    [low, middle, high].allSatisfy {
      $0.count == columns && $0.allSatisfy(\.isFinite)
    } && zip(low, high).allSatisfy { $0 <= $1 }
  }
}
