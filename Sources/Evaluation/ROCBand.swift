extension ROCCurve {
  /// What a ROC curve of unlimited samples is likely to lie between.
  public struct Band: Hashable, Sendable {
    /// From left to right, neither coordinate ever falling.
    public let lower: [Corner]
    /// From left to right too, nowhere below `lower`.
    public let upper: [Corner]
  }

  /// A corner of a band; both coordinates from 0 to 1.
  public struct Corner: Hashable, Sendable {
    /// The share of the normal samples that are called anomalous.
    public let falsePositiveRate: Double
    /// The share of the anomalies that are called anomalous.
    public let truePositiveRate: Double

    init(_ falsePositiveRate: Double, _ truePositiveRate: Double) {
      self.falsePositiveRate = falsePositiveRate
      self.truePositiveRate = truePositiveRate
    }
  }

  /// The band that holds the true pair of rates of any one threshold with at
  /// least the given confidence.
  ///
  /// For every threshold the two rates are independent proportions; each gets
  /// Wilson's interval (1927) at the square root of the confidence, and the
  /// band is what the rectangles of all thresholds cover (the construction of
  /// Hilgers, "Distribution-free confidence bounds for ROC curves", Methods of
  /// Information in Medicine 30, 1991). It does not shrink to nothing where
  /// the classes are perfectly separated.
  ///
  /// - Precondition: 0 < `confidence` < 1.
  public func confidenceBand(confidence: Double = 0.95) -> Band {
    precondition(confidence > 0 && confidence < 1, "not a confidence")
    let z = standardNormalQuantile(
      upperTail: (1 - confidence.squareRoot()) / 2)
    let origin = Step(threshold: .infinity, falsePositives: 0, truePositives: 0)
    let corners = ([origin] + steps).map { step in
      (
        wilsonInterval(step.falsePositives, of: negativeCount, z: z),
        wilsonInterval(step.truePositives, of: positiveCount, z: z)
      )
    }
    return Band(
      lower: [Corner(0, 0)]
        + corners.map { Corner($0.upperBound, $1.lowerBound) }
        + [Corner(1, corners.last?.1.lowerBound ?? 0), Corner(1, 1)],
      upper: [Corner(0, 0)]
        + corners.map { Corner($0.lowerBound, $1.upperBound) }
        + [Corner(1, 1)])
  }
}

/// The share of successes that is credible after some of a number of trials,
/// always within 0...1, the share itself included.
private func wilsonInterval(
  _ successes: Int, of trials: Int, z: Double
) -> ClosedRange<Double> {
  let count = Double(trials)
  let share = Double(successes) / count
  let middle = (share + z * z / (2 * count)) / (1 + z * z / count)
  let halfWidth =
    z / (1 + z * z / count)
    * (share * (1 - share) / count + z * z / (4 * count * count)).squareRoot()
  // Rounding must not part the interval from 0 and 1.
  return min(
    share, max(0, middle - halfWidth))...max(share, min(1, middle + halfWidth))
}
