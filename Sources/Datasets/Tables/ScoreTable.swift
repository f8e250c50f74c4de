import Diagnostics
import Execution
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
  package init(
    scores scoresURL: URL, labels labelsURL: URL,
    options: DatasetOptions = DatasetOptions(),
    in context: RunContext = RunContext()
  ) throws {
    let table = try TextTable(scoresURL, memoryLimit: context.memoryBudget)
    guard table.columns.count >= 2 else {
      throw table.malformed(
        "the scores have only one column", "give an id and a score column")
    }
    let columns = try TableColumns(of: table, for: .scores, options)
    guard let id = columns.id, let score = columns.score else {
      throw table.malformed(
        "there is no column of scores",
        "name it by \(option: "score-column"), the ids by"
          + " \(option: "id-column")")
    }
    context.note(columns.told(.scores))
    if score.isBinary {
      context.warn(
        "the scores are two numbers only, decisions: a curve needs scores")
    }
    if let (word, line) = score.firstWord {
      throw table.malformed(
        "\"\(word.prefix(40))\" is no number in column \(score.title) on line"
          + " \(line)", "replace it by a number")
    }
    if let line = score.firstMissing {
      throw table.malformed(
        "a number is missing in column \(score.title) on line \(line)",
        "fill it in")
    }
    ids = try table.texts(of: id.place)
    var seen: Set<String> = []
    for (row, id) in ids.enumerated() where !seen.insert(id).inserted {
      throw table.malformed(
        "the id \(id) on line \(table.lines[row]) occurs twice",
        "remove one of the lines")
    }
    scores = table.numbers(of: score.place)
    var samples = ids.map { Sample(id: $0, category: "") }
    try LabelTable(labelsURL, options, in: context).label(&samples)
    labels = samples.compactMap(\.label)
  }
}
