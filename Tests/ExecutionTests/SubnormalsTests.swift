import Execution
import Testing

@Suite("Subnormal numbers")
struct SubnormalsTests {
  /// What loops on several threads get for the halves of the least normal
  /// number.
  private func halves() -> [Float] {
    let numbers = [Float](repeating: .leastNormalMagnitude, count: 1000)
    return Parallel.$threadCount.withValue(4) {
      Parallel.fill(numbers.count, blockSize: 1) { block, halves in
        halves[0] = numbers[block.lowerBound] / 2
      }
    }
  }

  @Test("are zero in loops that ask for it, and only there")
  func flushed() {
    let subnormal = Float.leastNormalMagnitude / 2
    #expect(halves().allSatisfy { $0 == subnormal && $0 != 0 })
    #if arch(x86_64)
    #expect(Subnormals.flushed(halves).allSatisfy { $0 == 0 })
    #endif
    #expect(halves().allSatisfy { $0 == subnormal && $0 != 0 })
  }
}
