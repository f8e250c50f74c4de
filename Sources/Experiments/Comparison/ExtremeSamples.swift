/// The test samples that tell most about what a detector sees, each list with
/// the most telling first; places count from 0 among the test samples.
package struct ExtremeSamples: Hashable, Sendable {
  /// The highest scores of all.
  package let mostAnomalous: [Int]
  /// Ordinary samples with the highest scores.
  package let falseAlarms: [Int]
  /// Anomalies with the lowest scores.
  package let missedAnomalies: [Int]

  /// Of no samples.
  package init() { self.init(scores: [], labels: []) }

  /// - Parameters:
  ///   - scores: Higher is more anomalous; none is NaN.
  ///   - labels: 0 or 1 for each score; nil for samples without: then there are
  ///     the highest scores alone.
  ///   - count: The most of each list.
  package init(scores: [Float], labels: [Int]?, count: Int = 6) {
    // Equal scores keep the order of the samples.
    let descending = scores.indices.sorted {
      (scores[$1], $0) < (scores[$0], $1)
    }
    mostAnomalous = Array(descending.prefix(count))
    falseAlarms = Array(
      descending.filter { labels?[$0] == 0 }.prefix(count))
    missedAnomalies = Array(
      descending.reversed().filter { labels?[$0] == 1 }.prefix(count))
  }

  /// Every place once.
  package var places: [Int] {
    (mostAnomalous + falseAlarms + missedAnomalies).uniqued()
  }

  /// The samples that are shown of a table without labels.
  static let countWithoutLabels = 20

  /// The samples in each list when so many runs are shown: fewer when there
  /// are many, to keep a page within some megabytes.
  static func count(forRuns runs: Int) -> Int {
    min(6, max(3, 480 / max(1, runs * 3)))
  }
}
