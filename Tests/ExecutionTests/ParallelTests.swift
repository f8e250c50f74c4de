import Execution
import Testing

@Suite("Parallel")
struct ParallelTests {
  @Test(
    "Every index is visited once", arguments: [0, 1, 2, 3, 1000],
    [1, 2, 7])
  func everyIndex(count: Int, threads: Int) {
    let visits = Protected([Int](repeating: 0, count: count))
    Parallel.$threadCount.withValue(threads) {
      Parallel.forEach(count) { index in visits.withLock { $0[index] += 1 } }
    }
    #expect(visits.withLock { $0 } == [Int](repeating: 1, count: count))
    let squares = Parallel.$threadCount.withValue(threads) {
      Parallel.map(count) { $0 * $0 }
    }
    #expect(squares == (0..<count).map { $0 * $0 })
  }

  @Test("Blocks cover all indices in order; the last may be shorter")
  func blocks() {
    #expect(Parallel.blocks(7, size: 3) == [0..<3, 3..<6, 6..<7])
    #expect(Parallel.blocks(6, size: 3) == [0..<3, 3..<6])
    #expect(Parallel.blocks(0, size: 3).isEmpty)
  }

  @Test("An array is filled block by block", arguments: [1, 2])
  func fill(threads: Int) {
    let filled: [Int] = Parallel.$threadCount.withValue(threads) {
      Parallel.fill(10, blockSize: 4) { range, block in
        for (place, index) in range.enumerated() {
          block.initializeElement(at: place, to: index * 10)
        }
      }
    }
    #expect(filled == (0..<10).map { $0 * 10 })
  }

  @Test("The error of the lowest index that failed is thrown")
  func errors() {
    struct Failure: Error, Equatable {
      let index: Int
    }
    for threads in [1, 2] {
      Parallel.$threadCount.withValue(threads) {
        #expect(throws: Failure(index: 3)) {
          try Parallel.map(20) { index in
            if index >= 3 { throw Failure(index: index) }
          }
        }
      }
    }
  }

  @Test("Nothing that comes after a failure is begun")
  func failure() {
    struct Failure: Error {}
    let begun = Protected(0)
    #expect(throws: Failure.self) {
      try Parallel.$threadCount.withValue(1) {
        try Parallel.map(20) { index in
          begun.withLock { $0 += 1 }
          if index == 3 { throw Failure() }
        }
      }
    }
    #expect(begun.withLock(\.self) == 4)
  }

  @Test("A loop inside a loop stays on its thread")
  func nesting() {
    Parallel.$threadCount.withValue(2) {
      let counts = Parallel.map(4) { _ in Parallel.threadCount }
      #expect(counts == [1, 1, 1, 1])
    }
  }
}
