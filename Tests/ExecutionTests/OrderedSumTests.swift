import Execution
import Testing

@Suite("Ordered sum")
struct OrderedSumTests {
  private let values: [Double] = {
    var generator = SeededGenerator(seed: 3)
    return (0..<100_000).map { _ in generator.normal() * 1e6 }
  }()
  private let length = 10_000
  private let blockSize = 1000

  private func add(
    _ block: Range<Int>, to sums: UnsafeMutableBufferPointer<Double>
  ) {
    for index in block { sums[index * 7 % length] += values[index] }
  }

  /// Blocks by themselves, then in their order, onto a total.
  private func expected(onto total: [Double]) -> [Double] {
    var total = total
    for block in Parallel.blocks(values.count, size: blockSize) {
      var sums = [Double](repeating: 0, count: length)
      sums.withUnsafeMutableBufferPointer { add(block, to: $0) }
      for index in 0..<length { total[index] += sums[index] }
    }
    return total
  }

  @Test("It has the same bits for any number of threads", arguments: [1, 2, 3])
  func threads(count: Int) {
    let sums = Parallel.$threadCount.withValue(count) {
      Parallel.orderedSum(
        values.count, blockSize: blockSize, length: length, add: add)
    }
    #expect(sums == expected(onto: [Double](repeating: 0, count: length)))
  }

  @Test(
    "It is added to what is there, with any number of partial sums at a time",
    arguments: [1, 2, 3], [1, 2, 64, 200])
  func inPlace(threads: Int, partialSums: Int) {
    let start = (0..<length).map { Double($0) / 3 }
    var total = start
    var scratch = [Double](repeating: .nan, count: partialSums * length)
    Parallel.$threadCount.withValue(threads) {
      total.withUnsafeMutableBufferPointer { total in
        scratch.withUnsafeMutableBufferPointer { scratch in
          Parallel.addOrderedSum(
            over: Parallel.blocks(values.count, size: blockSize), to: total,
            scratch: scratch, add: add)
        }
      }
    }
    #expect(total == expected(onto: start))
  }

  @Test("Of nothing it is zero, and the error of a block is thrown")
  func edges() {
    struct Failure: Error {}
    let none = Parallel.orderedSum(0, blockSize: 8, length: 2) {
      (_, sums: UnsafeMutableBufferPointer<Double>) in sums[0] = 1
    }
    #expect(none == [0, 0])
    #expect(throws: Failure.self) {
      try Parallel.orderedSum(100, blockSize: 8, length: 2) {
        (block, _: UnsafeMutableBufferPointer<Double>) in
        if block.lowerBound == 16 { throw Failure() }
      }
    }
  }

  @Test("Few partial sums are in memory at a time, and never fewer than two")
  func partialSums() {
    #expect(Parallel.partialSumCount(blocks: 500, bytes: 8) == 64)
    #expect(Parallel.partialSumCount(blocks: 5, bytes: 8) == 5)
    #expect(Parallel.partialSumCount(blocks: 500, bytes: 16 << 20) == 4)
    #expect(Parallel.partialSumCount(blocks: 500, bytes: 1 << 30) == 2)
  }
}
