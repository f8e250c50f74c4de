import Foundation

/// The distribution of the sum of the squares of some standard normal numbers.
struct ChiSquared {
  /// How many squares are added.
  let degrees: Int

  /// The probability of at most `value`: the regularised lower incomplete
  /// gamma function P(degrees/2, value/2).
  func probability(of value: Double) -> Double {
    guard value > 0 else { return 0 }
    let (a, x) = (Double(degrees) / 2, value / 2)
    let front = exp(a * log(x) - x - lgamma(a))
    guard x > a + 1 else {
      // Σ xⁿ / (a (a + 1) ... (a + n)); the terms fall from the first one.
      var term = 1 / a
      var sum = term
      var next = a
      while term > sum * 1e-17 {
        next += 1
        term *= x / next
        sum += term
      }
      return front * sum
    }
    // Legendre's continued fraction of the upper function, by Lentz's method.
    var b = x + 1 - a
    var c = Double.greatestFiniteMagnitude
    var d = 1 / b
    var fraction = d
    for step in 1... {
      let numerator = Double(step) * (a - Double(step))
      b += 2
      d = 1 / (numerator * d + b)
      c = b + numerator / c
      fraction *= c * d
      if abs(c * d - 1) < 1e-15 { break }
    }
    return 1 - front * fraction
  }

  /// The value that is not exceeded with a probability below 1, by halving.
  func quantile(_ probability: Double) -> Double {
    var (lower, upper) = (0.0, Double(degrees) + 1)
    while self.probability(of: upper) < probability { upper *= 2 }
    while true {
      let middle = (lower + upper) / 2
      guard lower < middle, middle < upper else { return middle }
      if self.probability(of: middle) < probability {
        lower = middle
      } else {
        upper = middle
      }
    }
  }
}
