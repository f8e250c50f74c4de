import Execution
import Testing

@Suite("Seeded generator")
struct SeededGeneratorTests {
  private func numbers(_ seed: UInt64, _ stream: UInt64 = 0) -> [UInt64] {
    var generator = SeededGenerator(seed: seed, stream: stream)
    return (0..<8).map { _ in generator.next() }
  }

  @Test("A seed and a stream determine the numbers")
  func determinism() {
    #expect(numbers(7, 3) == numbers(7, 3))
    let all = (0..<4).flatMap { seed in (0..<4).map { numbers(seed, $0) } }
    #expect(Set(all).count == 16)
  }

  @Test("Uniform numbers fill [0, 1) evenly")
  func uniform() {
    var generator = SeededGenerator(seed: 1)
    var counts = [Int](repeating: 0, count: 10)
    for _ in 0..<100_000 {
      let number = generator.uniform()
      #expect((0..<1).contains(number))
      counts[Int(number * 10)] += 1
    }
    // Six standard deviations of a binomial count.
    #expect(counts.allSatisfy { abs($0 - 10_000) < 570 })
  }

  @Test("Normal numbers have mean 0, variance 1, kurtosis 3")
  func normal() {
    var generator = SeededGenerator(seed: 1)
    let numbers = (0..<100_000).map { _ in generator.normal() }
    func moment(_ power: Int) -> Double {
      numbers.reduce(0) { total, number in
        total + (0..<power).reduce(1) { product, _ in product * number }
      } / 100_000
    }
    #expect(abs(moment(1)) < 0.02)
    #expect(abs(moment(2) - 1) < 0.03)
    #expect(abs(moment(3)) < 0.08)
    #expect(abs(moment(4) - 3) < 0.2)
  }

  @Test("Integers below a bound are equally likely")
  func integers() {
    var generator = SeededGenerator(seed: 2)
    var counts = [Int](repeating: 0, count: 7)
    for _ in 0..<70_000 { counts[generator.integer(below: 7)] += 1 }
    #expect(counts.allSatisfy { abs($0 - 10_000) < 560 })
    #expect(generator.integer(below: 1) == 0)
    let large = generator.integer(below: .max)
    #expect((0..<Int.max).contains(large))
  }

  @Test(
    "A sample has different members, all of them when as many are asked for",
    arguments: [1, 3, 20, 100])
  func sample(count: Int) {
    var generator = SeededGenerator(seed: 3)
    var seen = [Int](repeating: 0, count: 100)
    for _ in 0..<200 {
      let sample = generator.sample(count, below: 100)
      #expect(sample.count == count)
      #expect(Set(sample).count == count)
      for index in sample { seen[index] += 1 }
    }
    // Each member is drawn 2 x count times on average.
    let expected = 2 * Double(count)
    let spread = (expected * (1 - Double(count) / 100)).squareRoot()
    #expect(seen.allSatisfy { abs(Double($0) - expected) <= 6 * spread + 1 })
  }
}
