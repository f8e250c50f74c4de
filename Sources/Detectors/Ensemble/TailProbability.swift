import Files
import Foundation

/// How probable a score is that is as high as one, judged by some scores.
///
/// Of m scores, p = (k + 1)/(m + 1) for a score that k of them exceed and that
/// is one of them; in between p is linear. Above all of them the negative
/// logarithm grows with the logarithm of the distance, below all of them p
/// tends to 1, so that no two scores are taken for equal.
struct TailProbability: Codable, Sendable {
  /// Rising, at most `most` of them.
  @Tensor private var scores: [Float]
  /// The unit of distances: from the median to the greatest of three quarters,
  /// or what stands in for it where that is 0.
  private let spread: Double

  private static let most = 10_000

  /// - Parameter all: One or more, in any order.
  init(among all: [Float]) {
    let sorted = all.sorted()
    let last = sorted.count - 1
    func quantile(_ part: Double) -> Double {
      Double(sorted[Int((part * Double(last)).rounded())])
    }
    let candidates = [
      quantile(0.75) - quantile(0.5), quantile(1) - quantile(0.5),
      quantile(1) - quantile(0), abs(quantile(0.5)), 1,
    ]
    spread = candidates.first { $0 > 1e-9 * abs(quantile(0.5)) } ?? 1
    scores =
      sorted.count <= Self.most
      ? sorted
      : (0..<Self.most).map { sorted[$0 * last / (Self.most - 1)] }
  }

  /// -log p.
  func negativeLogarithm(of score: Float) -> Double {
    let total = Double(scores.count + 1)
    let (least, greatest) = (scores[0], scores[scores.count - 1])
    if score > greatest {
      return log(total) + log1p((Double(score) - Double(greatest)) / spread)
    }
    if score < least {
      return -log1p(-exp((Double(score) - Double(least)) / spread) / total)
    }
    func exceeding(_ place: Int) -> Double { Double(scores.count - place) }
    let place = firstPlace(of: score)
    guard scores[place] > score else { return log(total / exceeding(place)) }
    let below = scores[place - 1]
    let part =
      (Double(score) - Double(below)) / (Double(scores[place]) - Double(below))
    let higher = exceeding(firstPlace(of: below))
    return log(total / (higher + part * (exceeding(place) - higher)))
  }

  /// The first place of a score that is not lower; there is one.
  private func firstPlace(of score: Float) -> Int {
    var (low, high) = (0, scores.count - 1)
    while low < high {
      let middle = (low + high) / 2
      if scores[middle] < score { low = middle + 1 } else { high = middle }
    }
    return low
  }

  var isWhole: Bool {
    !scores.isEmpty && spread > 0 && spread.isFinite
      && scores.allSatisfy(\.isFinite)
      && zip(scores, scores.dropFirst()).allSatisfy { $0 <= $1 }
  }
}
