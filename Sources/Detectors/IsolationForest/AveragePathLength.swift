import Foundation

/// The mean number of cuts that isolate one of `count` samples, c(n).
///
/// The mean path of an unsuccessful search in a binary search tree, 2 H(n - 1)
/// - 2 (n - 1) / n, with the harmonic number H taken as ln(n - 1) + γ; exact
/// at n <= 2 (Liu, Ting and Zhou 2008, equation 1).
func averagePathLength(sampleCount count: Int) -> Double {
  let eulerGamma = 0.577_215_664_901_532_9
  switch count {
  case ...1: return 0
  case 2: return 1
  default:
    let others = Double(count - 1)
    return 2 * (log(others) + eulerGamma) - 2 * others / Double(count)
  }
}
