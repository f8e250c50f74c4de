import Execution
import TestSupport
import Testing

@Suite("Sums over blocks")
struct BlockSumTests {
  private static let values: [Double] = {
    var generator = SeededGenerator(seed: 3)
    return (0..<100_000).map { _ in generator.normal() * 1e6 }
  }()
  private static let length = 10_000
  private static let blockSize = 1000

  @Sendable
  private static func add(
    _ block: Range<Int>, to sums: UnsafeMutableBufferPointer<Double>
  ) {
    for index in block { sums[index * 7 % length] += values[index] }
  }

  /// The sum of a subtree, from its definition.
  private static func expected(_ blocks: Range<Int>, size: Int) -> [Double] {
    guard !blocks.isEmpty else { return [Double](repeating: 0, count: length) }
    if size == 1 {
      var sums = [Double](repeating: 0, count: length)
      let start = blocks.lowerBound * blockSize
      sums.withUnsafeMutableBufferPointer {
        add(start..<start + blockSize, to: $0)
      }
      return sums
    }
    let middle = min(blocks.upperBound, blocks.lowerBound + size / 2)
    let left = expected(blocks.lowerBound..<middle, size: size / 2)
    let right = expected(middle..<blocks.upperBound, size: size / 2)
    return zip(left, right).map { $0 + $1 }
  }

  @Test("It has the same bits for any number of threads", arguments: [1, 2, 3])
  func threads(count: Int) {
    let sums = Parallel.$threadCount.withValue(count) {
      Parallel.orderedSum(
        Self.values.count, blockSize: Self.blockSize, length: Self.length,
        add: Self.add)
    }
    #expect(sums == Self.expected(0..<100, size: 128))
  }

  @Test(
    "It has the same bits for any number of processes",
    arguments: [1, 2, 3, 4, 5, 8, 150])
  func processes(size: Int) throws {
    let sums = try ThreadTeam.run(of: size) { team in
      let own = team.share(of: 100)
      var sum = BlockSum<Double>(length: Self.length, share: own, in: team)
      sum.append(blocks: Array(own)) { place, sums in
        let start = (own.lowerBound + place) * Self.blockSize
        Self.add(start..<start + Self.blockSize, to: sums)
      }
      return sum.total()
    }
    let expected = Self.expected(0..<100, size: 128)
    for sum in sums {
      #expect(sum.result == expected)
      // What comes up the tree, and the total.
      #expect(sum.received <= 40 * Self.length * MemoryLayout<Double>.stride)
    }
  }

  @Test("Blocks without anything may be left out", arguments: [1, 2, 3, 4])
  func gaps(size: Int) throws {
    let blocks = [3, 4, 5, 11, 64, 65, 90]
    func sums(_ blocks: [Int], of size: Int) throws -> [[Float]] {
      try ThreadTeam.run(of: size) { team in
        let share = team.share(of: 100)
        var sum = BlockSum<Float>(length: 3, share: share, in: team)
        for block in blocks where share.contains(block) {
          sum.append([1, Float(block), 0.1 * Float(block)], block: block)
        }
        return sum.total()
      }.map(\.result)
    }
    let alone = try sums(blocks, of: 1)[0]
    #expect(alone[0] == 7 && alone[1] == 242)
    #expect(try sums(blocks, of: size).allSatisfy { $0 == alone })
    #expect(try sums([], of: size).allSatisfy { $0 == [0, 0, 0] })
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
