/// The share of ordinary samples, such as 0.01, that may be called anomalous.
public struct FalseAlarmRate: Hashable, Sendable {
  /// Above 0 and below 1.
  public let value: Double

  /// - Parameter value: Above 0 and below 1.
  /// - Throws: `EvaluationFault.invalidFalseAlarmRate`.
  public init(_ value: Double) throws(EvaluationFault) {
    guard value > 0, value < 1 else { throw .invalidFalseAlarmRate(value) }
    self.value = value
  }

  /// The ordinary samples that it takes to promise the rate: with fewer, the
  /// highest of their scores is exceeded more often.
  public var neededCount: Int {
    Int(min((1 / value - 1 - Self.rounding).rounded(.up), 0x1p62))
  }

  /// How many of `count` samples may lie above the threshold, and a new one with
  /// them.
  fileprivate func allowed(of count: Int) -> Int {
    min(count, Int(value * Double(count + 1) + Self.rounding))
  }

  /// Far more than 0.01 * 100 is off, far less than a sample.
  private static let rounding = 1e-6
}

/// A threshold from the scores of ordinary samples alone, each left out of what
/// it was scored by.
///
/// A new ordinary sample is as likely to take any place among n others in the
/// order of scores. So it lies above the k-th lowest of them with a probability
/// of at most 1 - k / (n + 1): k is the lowest that keeps to the rate (conformal
/// prediction; Vovk, Gammerman and Shafer 2005).
public struct Calibration: Hashable, Sendable {
  /// What scores higher is called anomalous.
  public let threshold: Double
  /// The most false alarms that were asked for.
  public let rate: FalseAlarmRate
  /// The ordinary samples.
  public let count: Int

  /// Whether there are enough ordinary samples for the rate; if not, the
  /// threshold is the highest of their scores, which a new one lies above with
  /// a probability of at most 1 / (n + 1).
  public var isPromised: Bool { rate.allowed(of: count) >= 1 }

  /// The rate if it is promised; else nil.
  public var promised: Double? { isPromised ? rate.value : nil }

  /// The smallest rate that so many ordinary samples can promise.
  public var smallestPromise: Double { 1 / Double(count + 1) }

  /// - Parameters:
  ///   - scores: Of ordinary samples, each left out.
  ///   - rate: Of ordinary samples that may lie above the threshold.
  /// - Throws: `EvaluationFault.empty` or `.notANumber`.
  public init<Score: BinaryFloatingPoint>(
    leftOut scores: [Score], falseAlarms rate: FalseAlarmRate
  ) throws(EvaluationFault) {
    guard !scores.isEmpty else { throw .empty }
    if let row = scores.firstIndex(where: \.isNaN) {
      throw .notANumber(row: row)
    }
    let rank = scores.count + 1 - max(1, rate.allowed(of: scores.count))
    threshold = Double(scores.sorted()[rank - 1])
    self.rate = rate
    count = scores.count
  }

  /// Whether a score is called anomalous.
  public func isExceeded(by score: some BinaryFloatingPoint) -> Bool {
    Double(score) > threshold
  }
}
