import Foundation

/// Random numbers that a seed determines, on every machine.
///
/// xoshiro256++ (Blackman and Vigna 2021), started by SplitMix64. Streams of
/// one seed are independent: one for each tree, restart or epoch.
public struct SeededGenerator: RandomNumberGenerator, Hashable, Sendable {
  private var state: SIMD4<UInt64>

  /// The same numbers whenever seed and stream are the same.
  public init(seed: UInt64, stream: UInt64 = 0) {
    var mixer = SplitMix64(state: seed)
    mixer.state = mixer.next() ^ stream &* 0xd134_2543_de82_ef95
    state = SIMD4(mixer.next(), mixer.next(), mixer.next(), mixer.next())
  }

  /// The next 64 bits of the stream.
  public mutating func next() -> UInt64 {
    func rotate(_ value: UInt64, _ count: UInt64) -> UInt64 {
      value << count | value >> (64 - count)
    }
    let result = rotate(state[0] &+ state[3], 23) &+ state[0]
    let shifted = state[1] << 17
    state[2] ^= state[0]
    state[3] ^= state[1]
    state[1] ^= state[2]
    state[0] ^= state[3]
    state[2] ^= shifted
    state[3] = rotate(state[3], 45)
    return result
  }

  /// A number from [0, 1), of 53 random bits.
  public mutating func uniform() -> Double {
    Double(next() >> 11) * 0x1p-53
  }

  /// A number of the standard normal distribution (Box and Muller 1958).
  public mutating func normal() -> Double {
    let radius = (-2 * log(1 - uniform())).squareRoot()
    return radius * cos(2 * .pi * uniform())
  }

  /// An integer from `0..<bound`, each equally likely (Lemire 2019).
  public mutating func integer(below bound: Int) -> Int {
    let bound = UInt64(bound)
    var product = next().multipliedFullWidth(by: bound)
    if product.low < bound {
      let threshold = (0 &- bound) % bound
      while product.low < threshold {
        product = next().multipliedFullWidth(by: bound)
      }
    }
    return Int(product.high)
  }

  /// `count` different integers from `0..<bound`, in random order.
  public mutating func sample(_ count: Int, below bound: Int) -> [Int] {
    // Few out of many: draw again what was drawn before, so that the cost does
    // not grow with the bound.
    if count < bound / 4 {
      var drawn: Set<Int> = []
      var indices: [Int] = []
      while indices.count < count {
        let index = integer(below: bound)
        if drawn.insert(index).inserted { indices.append(index) }
      }
      return indices
    }
    var indices = Array(0..<bound)
    for position in 0..<min(count, bound) {
      indices.swapAt(position, position + integer(below: bound - position))
    }
    return Array(indices.prefix(count))
  }

  private struct SplitMix64 {
    var state: UInt64

    mutating func next() -> UInt64 {
      state &+= 0x9e37_79b9_7f4a_7c15
      var mixed = state
      mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
      mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
      return mixed ^ mixed >> 31
    }
  }
}
