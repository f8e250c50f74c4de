import Diagnostics
import Execution
import Foundation

/// What each column of a table is for: the only place that decides it, by name
/// and by content.
struct TableColumns {
  /// What a table is read for.
  enum Purpose {
    /// Rows of features, perhaps with ids and labels.
    case samples
    /// The labels of samples that are elsewhere.
    case labels
    /// The scores of samples that are elsewhere.
    case scores
  }

  private(set) var id: TextTable.Column?
  private(set) var label: TextTable.Column?
  private(set) var score: TextTable.Column?
  private(set) var features: [TextTable.Column] = []
  /// What is not used, and why.
  private var ignored: [(name: String, why: String)] = []

  private static let idNames = ["id", "image_id", "index"]
  private static let labelNames: Set<String> = [
    "y", "label", "labels", "class", "target", "anomaly", "is_anomaly",
    "isanomaly", "anomalous", "anomaly_label", "outlier", "is_outlier",
    "isoutlier", "outlier_label", "ground_truth", "attack", "is_attack",
    "fraud", "is_fraud", "isfraud", "normal/attack",
  ]
  private static let scoreNames = [
    "score", "scores", "anomaly_score", "outlier_score", "prediction",
    "predicted",
  ]
  /// Those that are never a property of a sample.
  private static let verdictNames: Set<String> = [
    "anomaly_score", "outlier_score", "prediction", "predicted",
  ]

  /// - Throws: `FileFault.malformed` when a column that was named is not there,
  ///   or two of them may be the same thing.
  init(
    of table: TextTable, for purpose: Purpose, _ options: DatasetOptions
  ) throws {
    var rest = table.columns
    func take(_ column: TextTable.Column) { rest.removeAll { $0 == column } }
    func named(
      _ name: String?, orNone isLenient: Bool = false
    ) throws -> TextTable.Column? {
      guard let name else { return nil }
      guard let column = table.columns.first(where: { $0.name == name }) else {
        if isLenient { return nil }
        let names = table.columns.map(\.name).filter { !$0.isEmpty }
        throw table.malformed(
          "there is no column \(name)",
          "name one of \(names.prefix(20).joined(separator: ", "))")
      }
      take(column)
      return column
    }
    func ignore(_ column: TextTable.Column, _ why: String) {
      take(column)
      ignored.append((column.name, why))
    }
    // Of a table and its labels in two files, names may be those of one.
    let isElsewhere = purpose != .samples || options.labels != nil
    for names in options.dropColumns {
      let isOne = table.columns.contains { $0.name == names }
      for name in isOne ? [names] : names.split(separator: ",").map(String.init)
      {
        if let column = try named(name, orNone: isElsewhere) {
          ignored.append((column.name, "asked"))
        }
      }
    }
    label = try named(
      options.labelColumn,
      orNone: purpose == .scores || purpose == .samples && isElsewhere)
    score = purpose == .scores ? try named(options.scoreColumn) : nil
    id = try named(options.idColumn, orNone: isElsewhere)
    for column in rest where column.isEmpty && column.isUnnamed {
      ignore(column, "empty")
    }

    // Ids: by their name, or what pandas saves of them.
    if id == nil {
      id =
        Self.idNames.lazy.compactMap { name in
          rest.first { $0.name.lowercased() == name }
        }.first { $0.name.lowercased() != "index" || $0.isKey(table) }
        ?? rest.first { $0.isUnnamed && $0.isKey(table) }
      if let id { take(id) }
    }
    for column in rest
    where column.isUnnamed && (column.isKey(table) || column.isWhole(table)) {
      ignore(column, "an index")
    }
    if id == nil, purpose != .samples, rest.count > 1 {
      id = rest.removeFirst()
    }

    // Labels: by their name where they can be labels, or by their words.
    let called = rest.filter {
      Self.labelNames.contains($0.plainName) && $0.canBeLabel
    }
    let certain = called.filter { $0.isBinary || $0.holdsLabelWords }
    let candidates = certain.isEmpty ? called : certain
    if label == nil, purpose != .scores {
      var fitting = candidates
      if fitting.isEmpty {
        fitting = rest.filter(\.holdsLabelWords)
      }
      if fitting.isEmpty, purpose == .labels, let last = rest.last {
        fitting = [last]
      }
      if let first = fitting.first {
        for other in fitting.dropFirst() {
          guard try table.texts(of: other.place) != table.texts(of: first.place)
          else { continue }
          throw table.malformed(
            "\(first.title) and \(other.title) may both be the label",
            "choose by \(option: "label-column", first.name), and leave the"
              + " other out by \(option: "drop-columns", other.name)")
        }
        label = first
        take(first)
      }
    }
    if let label, purpose == .samples {
      let labels = table.numbers(of: label.place)
      for column in rest where column.isBinary {
        if candidates.contains(column) {
          ignore(column, "a second label")
        } else if label.isBinary, table.numbers(of: column.place) == labels {
          ignore(column, "the label once more")
        }
      }
    }
    switch purpose {
    case .samples:
      for column in rest
      where Self.verdictNames.contains(column.plainName) && label != nil {
        ignore(column, "a verdict")
      }
      features = rest
    case .labels:
      for column in rest { ignored.append((column.name, "")) }
    case .scores:
      if score == nil { try chooseScore(of: rest, in: table) }
      for column in rest where column.place != score?.place {
        ignored.append((column.name, ""))
      }
    }
  }

  /// Of columns with usual names, or else of all, those that are no mere
  /// decisions come first.
  private mutating func chooseScore(
    of rest: [TextTable.Column], in table: TextTable
  ) throws {
    let columns = rest.filter {
      $0.holdsNumbers && !Self.labelNames.contains($0.plainName)
    }
    let named = Self.scoreNames.compactMap { name in
      columns.first { $0.plainName == name }
    }
    let ranking = named.filter { !$0.isBinary }
    if ranking.count > 1,
      Self.verdictNames.contains(ranking[0].plainName)
        == Self.verdictNames.contains(ranking[1].plainName)
    {
      throw table.malformed(
        "\(ranking[0].title) and \(ranking[1].title) may both be the score",
        "choose by \(option: "score-column", ranking[0].name)")
    }
    score =
      ranking.first ?? named.first ?? columns.last { !$0.isBinary }
      ?? columns.last ?? rest.last
  }

  /// What was taken for what, in a line.
  func told(_ purpose: Purpose, guess: String? = nil) -> FaultMessage {
    func name(_ column: TextTable.Column?) -> String {
      column.map { $0.name.isEmpty ? "column \($0.place + 1)" : $0.name }
        ?? "none"
    }
    var line: String
    switch purpose {
    case .samples:
      line =
        "label: \(name(label)), id: \(name(id)), \(features.count)"
        + " feature\(features.count == 1 ? "" : "s")"
    case .labels: line = "label: \(name(label)), id: \(name(id))"
    case .scores: line = "score: \(name(score)), id: \(name(id))"
    }
    if !ignored.isEmpty {
      line +=
        "; ignored: "
        + ignored.map {
          ($0.isEmpty ? "a column without name" : "\"\($0)\"")
            + ($1.isEmpty ? "" : " (\($1))")
        }
        .joined(separator: ", ")
    }
    if let guess { line += "; guessed: \(guess)" }
    return FaultMessage(line)
  }
}

extension TextTable.Column: Equatable {
  static func == (a: Self, b: Self) -> Bool { a.place == b.place }

  /// In lower case, words joined by underscores.
  fileprivate var plainName: String {
    name.lowercased().replacing(" ", with: "_").replacing("-", with: "_")
  }

  /// Without a name, or with the one that pandas gives then.
  fileprivate var isUnnamed: Bool {
    name.isEmpty || name.hasPrefix("Unnamed: ")
  }

  /// Whether it counts the rows, or calls each by a word or number of its own.
  fileprivate func isKey(_ table: TextTable) -> Bool {
    if holdsIndex { return true }
    if isEmpty || missing > 0 { return false }
    guard words == 0 else { return isUnnamed || words == table.lines.count }
    return isWhole(table)
      && Set(table.numbers(of: place)).count == table.lines.count
  }

  /// Whether it holds whole numbers, as the indices of joined tables that begin
  /// anew.
  fileprivate func isWhole(_ table: TextTable) -> Bool {
    holdsNumbers && missing == 0
      && table.numbers(of: place).allSatisfy { $0 == $0.rounded() }
  }

  /// Whether a column of a usual name holds what labels may be: also classes,
  /// or a mistake that should be told, but no measurements.
  fileprivate var canBeLabel: Bool {
    isBinary || words > 0
      || distinct?.allSatisfy { $0 == $0.rounded() && abs($0) < 100 } == true
  }
}
