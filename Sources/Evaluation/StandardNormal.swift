import Foundation

/// The chance that a standard normal number exceeds `x`.
func standardNormalTail(_ x: Double) -> Double {
  erfc(x / 2.0.squareRoot()) / 2
}

/// The number that a standard normal one exceeds with the given chance.
///
/// - Parameter upperTail: Above 0, at most one half.
func standardNormalQuantile(upperTail: Double) -> Double {
  // The tail is convex right of zero, so Newton's steps from zero rise to the
  // solution without passing it, until rounding stops them.
  var x = 0.0
  while true {
    let density = exp(-x * x / 2) / (2 * Double.pi).squareRoot()
    let next = x + (standardNormalTail(x) - upperTail) / density
    guard next > x else { return x }
    x = next
  }
}
