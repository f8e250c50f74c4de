import Execution
import LinearAlgebra
import TestSupport
import Testing

@Suite("Sources of samples")
struct SampleSourceTests {
  @Test(
    "All rows are read once, some at a time, for any number of threads",
    arguments: [(0, 5), (1, 1), (1000, 300), (3, 100_000)], [1, 2, 3])
  func allRows(size: (rows: Int, columns: Int), threads: Int) throws {
    let samples = Matrix(
      rows: size.rows, columns: size.columns,
      values: (0..<size.rows * size.columns).map { Float($0) })
    let counted = CountedRows(samples)
    let context = RunContext(threadCount: threads)
    #expect(try counted.allRows(in: context) == samples)
    #expect(counted.read.count == size.rows)
    #expect(counted.most * size.columns <= max(size.columns, 1 << 16))
  }

  @Test("Reading ends at the first error")
  func failure() {
    struct Unreadable: Error, Equatable {
      let row: Int
    }
    struct Broken: SampleSource {
      let rows = 1000
      let columns = 10_000
      func matrix(ofRows indices: [Int]) throws -> Matrix {
        if let row = indices.first(where: { $0 >= 20 }) {
          throw Unreadable(row: row)
        }
        return Matrix(rows: indices.count, columns: columns, repeating: 0)
      }
    }
    #expect(throws: Unreadable(row: 20)) {
      try Broken().allRows(in: RunContext(threadCount: 2))
    }
  }
}
