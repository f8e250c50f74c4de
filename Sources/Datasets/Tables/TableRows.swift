import Diagnostics
import Execution
import Files
import Foundation
import LinearAlgebra

/// What becomes of rows in which numbers are missing.
#if hasAttribute(nonexhaustive)
@nonexhaustive
#endif
public enum MissingValues: String, CaseIterable, Sendable {
  /// The rows are left out.
  case drop
  /// The mean of the column in the training rows stands in.
  case mean
  /// The median of the column in the training rows stands in.
  case median
}

/// What becomes of columns of words.
#if hasAttribute(nonexhaustive)
@nonexhaustive
#endif
public enum Categorical: String, CaseIterable, Sendable {
  /// A column of 0 and 1 for every word.
  case oneHot = "one-hot"
}

/// The columns of numbers of a table, by name.
package struct TableFeatures: Codable, Hashable, Sendable {
  package var names: [String]
  /// What stands in for numbers that are missing; nil where none may be.
  package var fills: [Double]?
  /// The columns of words whose words became columns, called `column=word`.
  package var words: [String] = []
}

/// The columns of numbers of a table in a text file.
struct TableRows: PreciseSource {
  var features: TableFeatures
  /// Row by row.
  private(set) var values: [Double]
  /// The line of every row.
  private var lines: [Int]
  private let path: String
  /// The rows of the table that are rows here.
  private(set) var kept: [Int]

  /// The most words of a column that become columns.
  private static let mostWords = 64

  /// - Throws: `FileFault.malformed` for words or nothing in place of a number.
  init(
    _ columns: [TextTable.Column], of table: TextTable,
    _ options: DatasetOptions, in context: RunContext
  ) throws {
    path = table.path
    for column in columns where column.words > 0 {
      guard column.numbers == 0, column.words > 1 else {
        guard let (word, line) = column.firstWord else { continue }
        throw table.malformed(
          "\"\(word.prefix(40))\" is no number in column \(column.title) on"
            + " line \(line)", "replace it by a number, or remove the column")
      }
    }
    let worded = columns.filter { $0.words > 0 }
    if !worded.isEmpty, options.categorical == nil {
      throw Self.refused(worded, of: table)
    }
    try Self.check(columns, of: table, options.missing)

    var names: [String] = []
    // The number of a row in each column.
    var parts: [(Int) -> Double] = []
    let (numbers, width) = (table.values, table.columns.count)
    for column in columns {
      guard column.words > 0 else {
        names.append(
          column.name.isEmpty ? "column \(column.place + 1)" : column.name)
        parts.append { numbers[$0 * width + column.place] }
        continue
      }
      let texts = try table.texts(of: column.place)
      let words = Set(texts).sorted()
      guard words.count <= Self.mostWords else {
        throw table.malformed(
          "column \(column.title) holds \(words.count) different words, of"
            + " which at most \(Self.mostWords) become columns",
          "leave it out by \(option: "drop-columns", column.name)")
      }
      for word in words {
        names.append("\(column.name)=\(word)")
        parts.append { texts[$0] == word ? 1 : 0 }
      }
    }
    let all = table.lines.indices
    var kept = Array(all)
    if options.missing == .drop {
      kept.removeAll { row in parts.contains { $0(row).isNaN } }
      if kept.count < table.lines.count {
        context.warn(
          "\(table.lines.count - kept.count) of \(table.lines.count) rows are"
            + " left out: numbers are missing in them")
      }
    }
    self.kept = kept
    lines = kept.map { table.lines[$0] }
    values = []
    values.reserveCapacity(kept.count * parts.count)
    for row in kept {
      for part in parts { values.append(part(row)) }
    }
    features = TableFeatures(
      names: names,
      fills: options.missing.flatMap { missing in
        missing == .drop ? nil : parts.map { missing.fill(all.map($0)) }
      }, words: worded.map(\.name))
  }

  /// Why columns of words are no features.
  private static func refused(
    _ columns: [TextTable.Column], of table: TextTable
  ) -> FileFault {
    let names = columns.map(\.name).joined(separator: ",")
    if let date = columns.first(where: \.holdsDates), let word = date.firstWord
    {
      return table.malformed(
        "column \(date.title) holds dates, such as \"\(word.text)\" on line"
          + " \(word.line)",
        "leave it out by \(option: "drop-columns", names), or replace dates by"
          + " numbers, such as seconds")
    }
    let shown = columns.map { column in
      "\(column.title) (\"\(column.firstWord?.text.prefix(40) ?? "")\" on line"
        + " \(column.firstWord?.line ?? 0))"
    }.joined(separator: ", ")
    return table.malformed(
      "columns hold words, not numbers: \(shown)",
      "use \(option: "categorical", "one-hot"), leave them out by"
        + " \(option: "drop-columns", names), or name the label by"
        + " \(option: "label-column")")
  }

  /// Throws where numbers are missing and nobody said what to do.
  private static func check(
    _ columns: [TextTable.Column], of table: TextTable,
    _ missing: MissingValues?
  ) throws {
    let gaps = columns.filter { $0.missing > 0 && $0.words == 0 }
    if missing != nil, let empty = gaps.first(where: \.isEmpty) {
      throw table.malformed(
        "column \(empty.title) is empty",
        "leave it out by \(option: "drop-columns", empty.name)")
    }
    guard missing == nil, let first = gaps.first else { return }
    let way: FaultMessage =
      "fill in what is missing, or use \(option: "missing", "mean"), median or"
      + " drop"
    let count = gaps.reduce(0) { $0 + $1.missing }
    guard count > 1 else {
      throw table.malformed(
        "a number is missing in column \(first.title) on line"
          + " \(first.firstMissing ?? 0)", way)
    }
    let places = gaps.map {
      "\($0.missing) in column \($0.title), first on line \($0.firstMissing ?? 0)"
    }.joined(separator: "; ")
    throw table.malformed("\(count) numbers are missing: \(places)", way)
  }

  var rows: Int { lines.count }
  var columns: Int { features.names.count }

  func doubles(ofRows indices: [Int]) -> [Double] {
    indices.flatMap { row in
      (row * columns..<(row + 1) * columns).map { place in
        let value = values[place]
        return value.isNaN
          ? features.fills?[place - row * columns] ?? value : value
      }
    }
  }

  func place(row: Int, column: Int) -> String {
    "column \(features.names[column]) on line \(lines[row]) of \(path)"
  }

  /// Some of the rows.
  func selecting(_ indices: [Int]) -> TableRows {
    var selected = self
    selected.values = indices.flatMap {
      values[$0 * columns..<($0 + 1) * columns]
    }
    selected.lines = indices.map { lines[$0] }
    selected.kept = indices.map { kept[$0] }
    return selected
  }

  /// The columns that a model knows, in its order and with its numbers in
  /// place of missing ones.
  ///
  /// - Parameter trained: The columns that the model was fitted to.
  /// - Returns: The rows; the columns that are missing, and those that are not
  ///   used. A word that does not occur is not missing.
  func matched(
    to trained: TableFeatures
  ) -> (rows: any SampleSource, missing: [String], ignored: [String]) {
    var places: [Int?] = []
    var missing: [String] = []
    for name in trained.names {
      let place = features.names.firstIndex(of: name)
      let isWord = features.words.contains { name.hasPrefix($0 + "=") }
      if place == nil, !isWord { missing.append(name) }
      places.append(place)
    }
    let used = Set(places)
    let ignored = features.names.indices.filter { !used.contains($0) }
    var matched = self
    if missing.isEmpty {
      matched.values = (0..<rows).flatMap { row in
        places.map { $0.map { values[row * columns + $0] } ?? 0 }
      }
      matched.features = trained
    }
    return (matched, missing, ignored.map { features.names[$0] })
  }
}

extension MissingValues {
  /// What stands in for the numbers that are missing in a column.
  fileprivate func fill(_ column: [Double]) -> Double {
    let there = column.filter { !$0.isNaN }.sorted()
    guard !there.isEmpty else { return 0 }
    let middle = there.count / 2
    return switch self {
    case .median where there.count.isMultiple(of: 2):
      (there[middle - 1] + there[middle]) / 2
    case .median: there[middle]
    case .mean, .drop: there.reduce(0, +) / Double(there.count)
    }
  }
}

extension TextTable.Column {
  /// Whether the first word looks like a date: groups of digits that are
  /// joined by hyphens, strokes, dots or colons.
  fileprivate var holdsDates: Bool {
    guard let text = firstWord?.text.prefix(10) else { return false }
    return text.prefixMatch(of: /\d{1,4}[-\/.:]\d{1,2}[-\/.:]\d{1,4}/) != nil
  }
}
