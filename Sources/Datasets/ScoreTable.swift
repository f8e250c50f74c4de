import Diagnostics
import Files
import Foundation

/// Scores from a CSV file, matched by id with labels from another.
package struct ScoreTable: Hashable, Sendable {
  package let ids: [String]
  /// Higher is more anomalous.
  package let scores: [Double]
  /// 0 ordinary, 1 anomaly.
  package let labels: [Int]

  /// Reads both files; each has a header and an id column, the other column
  /// holds the scores or the labels.
  ///
  /// Columns with usual names are recognised; else the first holds the ids and
  /// the last the values. The rows may stand in any order.
  ///
  /// - Throws: `FileFault`, also for words in place of numbers;
  ///   `DatasetFault.wrongLabels` when an id stands in one file only.
  package init(scores scoresURL: URL, labels labelsURL: URL) throws {
    var ids: [String] = []
    var scores: [Double] = []
    try MappedFile(scoresURL).withBytes { bytes in
      var reader = try CSVReader(bytes, path: scoresURL.path)
      guard reader.header.count >= 2 else {
        throw reader.malformed(
          "the scores have only one column", "give an id and a score column")
      }
      let id = try reader.column(named: nil, else: CSVReader.usualIDNames) ?? 0
      let score =
        try reader.column(named: nil, else: Self.usualScoreNames)
        ?? reader.header.indices.last { $0 != id } ?? 1
      var fields: [Range<Int>] = []
      while try reader.next(&fields) {
        ids.append(reader.text(fields[id]))
        scores.append(try reader.number(fields[score], column: score))
      }
    }
    var samples = ids.map { Sample(id: $0, category: "") }
    try LabelTable(labelsURL).label(&samples)
    self.ids = ids
    self.scores = scores
    labels = samples.compactMap(\.label)
  }

  private static let usualScoreNames: Set<String> = [
    "score", "scores", "prediction", "predicted", "anomaly_score",
  ]
}
