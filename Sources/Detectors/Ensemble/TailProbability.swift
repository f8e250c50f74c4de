import Files
import Foundation
import ONNX

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

extension TailProbability {
  /// Adds -log p of scores in single precision to a graph, in double precision.
  func addNegativeLogarithm(
    of scores: ONNXGraph.Value, to graph: inout ONNXGraph
  ) -> ONNXGraph.Value {
    func number(_ value: Double) -> ONNXGraph.Value {
      graph.constant([value], shape: [])
    }
    let total = Double(self.scores.count + 1)
    let knots = self.scores.indices.filter {
      $0 == 0 || self.scores[$0 - 1] < self.scores[$0]
    }
    let values = knots.map { Double(self.scores[$0]) }
    let exceeding = knots.map { Double(self.scores.count - $0) }
    // From the last knot on, what exceeds a score stays.
    let slopes =
      knots.indices.dropLast().map {
        (exceeding[$0 + 1] - exceeding[$0]) / (values[$0 + 1] - values[$0])
      } + [0]

    var trees = ONNXTrees()
    trees.addSteps(
      feature: 0,
      thresholds: knots.dropFirst().map { self.scores[$0].nextDown },
      values: knots.indices.map { Float($0) })
    let knot = graph(
      "Cast", trees.sums(of: graph.reshaped(scores, [-1, 1]), in: &graph),
      attributes: ["to": .type(.int64)])
    let precise = graph.doubles(scores)
    /// A number of the knot that every score is at or above.
    func chosen(_ numbers: [Double]) -> ONNXGraph.Value {
      graph("Gather", graph.constant(numbers), knot)
    }
    let higher = graph(
      "Add", chosen(exceeding),
      graph("Mul", graph("Sub", precise, chosen(values)), chosen(slopes)))
    let (least, greatest) = (values[0], values[values.count - 1])
    let beyond = graph(
      "Div",
      graph("Max", graph("Sub", precise, number(greatest)), number(0)),
      number(spread))
    let above = graph(
      "Add",
      graph("Sub", number(log(total)), graph("Log", higher)),
      graph("Log", graph("Add", beyond, number(1))))
    let short = graph(
      "Div", graph("Min", graph("Sub", precise, number(least)), number(0)),
      number(spread))
    let below = graph(
      "Neg",
      graph(
        "Log",
        graph(
          "Sub", number(1), graph("Div", graph("Exp", short), number(total)))))
    return graph(
      "Where", graph("Less", precise, number(least)), below, above)
  }
}
