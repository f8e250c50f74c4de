import Detectors
import Execution
import LinearAlgebra
import Synchronization

extension ConformanceCheck {
  static let memoryBudget = ConformanceCheck(
    "A fit asks for no more rows at once than its memory budget holds"
  ) { detector in
    let samples = WatchedRows(ordinarySamples(rows: 5000))
    let whole = samples.rows * samples.columns * MemoryLayout<Float>.stride
    let context = RunContext(seed: 3, memoryBudget: whole / 2)
    do {
      _ = try detector.fit(samples, in: context)
    } catch DetectorFault.exceedsMemoryBudget {
      return
    }
    let most = samples.most * samples.columns * MemoryLayout<Float>.stride
    try require(
      most <= context.memoryBudget,
      "\(most) bytes were asked for of a budget of \(context.memoryBudget)")
  }
}

/// Rows that remember how many of them were asked for at once.
private final class WatchedRows: SampleSource {
  private let samples: Matrix
  private let state = Mutex(0)
  var rows: Int { samples.rows }
  var columns: Int { samples.columns }
  var most: Int { state.withLock { $0 } }

  init(_ samples: Matrix) { self.samples = samples }

  func matrix(ofRows indices: [Int]) -> Matrix {
    state.withLock { $0 = max($0, indices.count) }
    return samples.selecting(rows: indices)
  }
}
