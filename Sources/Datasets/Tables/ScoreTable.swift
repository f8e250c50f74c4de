import Diagnostics
import Execution
import Files
import Foundation

/// Scores from a CSV file.
package struct ScoreFile: Hashable, Sendable {
  package let ids: [String]
  /// Higher is more anomalous.
  package let scores: [Double]

  /// Reads a file with a header, a column of ids and one of scores.
  ///
  /// Columns with usual names are recognised; else the first holds the ids and
  /// the last the values. The rows may stand in any order.
  ///
  /// - Throws: `FileFault`, also for words in place of numbers and for an id
  ///   that stands twice.
  package init(
    _ url: URL, options: DatasetOptions = DatasetOptions(),
    in context: RunContext = RunContext()
  ) throws {
    let table = try TextTable(url, memoryLimit: context.memoryBudget)
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
  }
}

extension ScoreFile {
  /// The scores of some samples, in their order.
  ///
  /// - Parameter path: Of this file, for errors.
  /// - Throws: `DatasetFault.wrongLabels` unless the file has these ids and no
  ///   others.
  package func scores(of wanted: [String], path: String) throws -> [Double] {
    let known = Dictionary(zip(ids, scores)) { first, _ in first }
    let found = try wanted.map { id in
      guard let score = known[id] else {
        throw DatasetFault.wrongLabels(
          path: path, problem: "there is no score for the id \(id)",
          remedy: "combine files of the same samples")
      }
      return score
    }
    guard found.count == ids.count else {
      throw DatasetFault.wrongLabels(
        path: path,
        problem: "there are \(ids.count) ids, not \(wanted.count)",
        remedy: "combine files of the same samples")
    }
    return found
  }
}

/// Scores from a CSV file, matched by id with labels from another.
package struct ScoreTable: Hashable, Sendable {
  /// 0 ordinary, 1 anomaly.
  package let labels: [Int]
  /// Higher is more anomalous, in the order of the labels.
  package let scores: [Double]

  /// Reads both files; each has a header and an id column, the other column
  /// holds the scores or the labels.
  ///
  /// - Throws: As `ScoreFile`; `DatasetFault.wrongLabels` when an id stands in
  ///   one file only.
  package init(
    scores scoresURL: URL, labels labelsURL: URL,
    options: DatasetOptions = DatasetOptions(),
    in context: RunContext = RunContext()
  ) throws {
    let file = try ScoreFile(scoresURL, options: options, in: context)
    var samples = file.ids.map { Sample(id: $0, category: "") }
    try LabelTable(labelsURL, options, in: context).label(&samples)
    labels = samples.compactMap(\.label)
    scores = file.scores
  }
}
