import Datasets
import Detectors
import Execution
import LinearAlgebra

extension FittedPipeline {
  /// Which columns make rows of a table strange: for each row all columns, the
  /// one that does most first.
  ///
  /// - Parameters:
  ///   - places: Of the rows in the set.
  ///   - set: A table.
  ///   - context: Threads, and who watches or stops the work.
  /// - Throws: `ExperimentFault.noColumns` for pictures; the faults of reading,
  ///   of the features and of the model.
  public func reasons(
    for places: [Int], of set: SampleSet,
    in context: RunContext = RunContext()
  ) throws -> [[Reason]] {
    try reasons(for: places, of: rows(of: set, in: context), in: context)
  }

  /// - Parameter rows: On the scale of the training rows.
  func reasons(
    for places: [Int], of rows: any SampleSource, in context: RunContext
  ) throws -> [[Reason]] {
    guard extractor.imageShape == nil else {
      throw ExperimentFault.noColumns
    }
    guard !places.isEmpty else { return [] }
    let usual = try usual ?? UsualValues(of: rows)
    let samples = try rows.matrix(ofRows: places)
    let parts = try model.attributions(
      of: samples, usual: usual.middle, in: context)
    let ranges = scaler.unscaled(Matrix([usual.low, usual.high]))
    let values = scaler.unscaled(samples)
    let names = extractor.table?.names
    return (0..<places.count).map { row in
      let own = parts.row(row).map { Double(max($0, 0)) }
      let total = own.reduce(0, +)
      return own.indices.sorted { (own[$1], $0) < (own[$0], $1) }.map {
        column in
        let ends = (ranges[0, column], ranges[1, column])
        return Reason(
          column: names?[column] ?? "\(column)",
          value: Double(values[row, column]),
          usual: Double(min(ends.0, ends.1))...Double(max(ends.0, ends.1)),
          share: total > 0 ? own[column] / total : 0)
      }
    }
  }
}
