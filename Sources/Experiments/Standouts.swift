/// The test samples that tell most about what a detector sees, each list with
/// the most telling first; places count from 0 among the test samples.
public struct Standouts: Hashable, Sendable {
  /// The highest scores of all.
  public let mostAnomalous: [Int]
  /// Ordinary samples with the highest scores: false alarms.
  public let strangestNormals: [Int]
  /// Anomalies with the lowest scores: missed.
  public let mostHiddenAnomalies: [Int]

  /// Of no samples.
  public init() { self.init(scores: [], labels: []) }

  /// - Parameters:
  ///   - scores: Higher is more anomalous; none is NaN.
  ///   - labels: 0 or 1 for each score.
  ///   - count: The most of each list.
  public init(scores: [Float], labels: [Int], count: Int = 6) {
    // Equal scores keep the order of the samples.
    let descending = scores.indices.sorted {
      (scores[$1], $0) < (scores[$0], $1)
    }
    mostAnomalous = Array(descending.prefix(count))
    strangestNormals = Array(
      descending.filter { labels[$0] == 0 }.prefix(count))
    mostHiddenAnomalies = Array(
      descending.reversed().filter { labels[$0] == 1 }.prefix(count))
  }

  /// The first `count` places of each list, every place once.
  public func places(perList count: Int = .max) -> [Int] {
    [mostAnomalous, strangestNormals, mostHiddenAnomalies]
      .flatMap { $0.prefix(count) }.uniqued()
  }
}
