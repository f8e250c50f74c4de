import Execution
import LinearAlgebra

/// Samples that are not a matrix, and tell which of their rows were read.
package final class CountedRows: SampleSource {
  private let original: Matrix
  private let counts = Protected<(most: Int, read: Set<Int>)>((0, []))

  package init(_ original: Matrix) { self.original = original }

  package var rows: Int { original.rows }
  package var columns: Int { original.columns }

  /// The most rows that were read at once.
  package var most: Int { counts.withLock { $0.most } }
  /// All rows that were read.
  package var read: Set<Int> { counts.withLock { $0.read } }

  package func matrix(ofRows indices: [Int]) -> Matrix {
    counts.withLock {
      $0.most = max($0.most, indices.count)
      $0.read.formUnion(indices)
    }
    return original.matrix(ofRows: indices)
  }
}
