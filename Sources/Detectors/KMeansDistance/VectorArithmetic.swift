// Sums over the features of two vectors, in the order that vector units like.

private typealias Lanes = SIMD16<Float>

@inline(__always)
private func load(_ pointer: UnsafePointer<Float>, _ index: Int) -> Lanes {
  UnsafeRawPointer(pointer + index).loadUnaligned(as: Lanes.self)
}

/// |a - b|², from the differences: exact for equal vectors, and without the
/// cancellation of |a|² - 2ab + |b|² for close ones.
func squaredDistance(
  _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, count: Int
) -> Double {
  var (first, second) = (Lanes.zero, Lanes.zero)
  var index = 0
  while index + 32 <= count {
    let low = load(a, index) - load(b, index)
    let high = load(a, index + 16) - load(b, index + 16)
    first += low * low
    second += high * high
    index += 32
  }
  var sum = (first + second).sum()
  while index < count {
    let difference = a[index] - b[index]
    sum += difference * difference
    index += 1
  }
  // Squares of single precision have too short a range for some features.
  guard sum > 0x1p-90, sum.isFinite else {
    return (0..<count).reduce(0) {
      let difference = Double(a[$1]) - Double(b[$1])
      return $0 + difference * difference
    }
  }
  return Double(sum)
}

/// The inner product of a and b.
func innerProduct(
  _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, count: Int
) -> Float {
  var (first, second) = (Lanes.zero, Lanes.zero)
  var index = 0
  while index + 32 <= count {
    first += load(a, index) * load(b, index)
    second += load(a, index + 16) * load(b, index + 16)
    index += 32
  }
  var sum = (first + second).sum()
  while index < count {
    sum += a[index] * b[index]
    index += 1
  }
  return sum
}
