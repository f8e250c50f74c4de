/// The spread of an AUROC by the placements of each sample among the other
/// class, found through midranks in O(n log n).
///
/// Sun and Xu, "Fast implementation of DeLong's algorithm for comparing the
/// areas under correlated receiver operating characteristic curves", IEEE
/// Signal Processing Letters 21 (2014).
struct DeLong {
  /// For every anomaly the share of normal samples it scores above, V10.
  private let positivePlacements: [Double]
  /// For every normal sample the share of anomalies it scores below, V01.
  private let negativePlacements: [Double]

  init(_ evaluation: Evaluation) {
    let positives = evaluation.positives
    let negatives = evaluation.negatives
    let all = midranks(positives + negatives)
    // The midrank among all less the midrank among one's own class counts the
    // other class below.
    positivePlacements = zip(all, midranks(positives)).map {
      ($0 - $1) / Double(negatives.count)
    }
    negativePlacements = zip(
      all.dropFirst(positives.count), midranks(negatives)
    )
    .map { 1 - ($0 - $1) / Double(positives.count) }
  }

  /// The variance of the area; nil when a class has fewer than two samples.
  var variance: Double? {
    variance(of: positivePlacements, negativePlacements)
  }

  /// The variance of the difference of two areas over the same samples.
  func varianceOfDifference(from other: DeLong) -> Double? {
    variance(
      of: zip(positivePlacements, other.positivePlacements).map(-),
      zip(negativePlacements, other.negativePlacements).map(-))
  }

  private func variance(
    of positives: [Double], _ negatives: [Double]
  ) -> Double? {
    guard positives.count > 1, negatives.count > 1 else { return nil }
    return sampleVariance(positives) / Double(positives.count)
      + sampleVariance(negatives) / Double(negatives.count)
  }
}

/// The place of every value in the sorted order, counted from 1; equal values
/// share the mean of their places.
func midranks(_ values: [Double]) -> [Double] {
  let order = values.indices.sorted { values[$0] < values[$1] }
  var ranks = [Double](repeating: 0, count: values.count)
  var start = 0
  while start < order.count {
    var end = start + 1
    while end < order.count, values[order[end]] == values[order[start]] {
      end += 1
    }
    for index in order[start..<end] {
      ranks[index] = Double(start + end + 1) / 2
    }
    start = end
  }
  return ranks
}

private func sampleVariance(_ values: [Double]) -> Double {
  let mean = values.reduce(0, +) / Double(values.count)
  let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
  return squares / Double(values.count - 1)
}
