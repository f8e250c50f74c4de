import Diagnostics
import Execution
import Files
import Foundation

/// The labels of test samples, from a CSV file with an id and a label
/// column.
struct LabelTable {
  private let url: URL
  private var labels: [String: (label: Int, line: Int)] = [:]
  /// The ids by the last part of their path.
  private var names: [String: [String]] = [:]

  /// Whether the first line looks like samples, not like a header.
  private let hasNumbersForTitles: Bool

  /// Reads the table.
  ///
  /// Columns with usual names are recognised; else the first holds the ids and
  /// the last the labels.
  ///
  /// - Throws: `FileFault`, also for an id that occurs twice.
  init(
    _ url: URL, _ options: DatasetOptions = DatasetOptions(),
    in context: RunContext = RunContext()
  ) throws {
    self.url = url
    let table = try TextTable(url, memoryLimit: context.memoryBudget)
    hasNumbersForTitles = table.columns.allSatisfy {
      Double($0.name) != nil
    }
    guard table.columns.count >= 2 else {
      throw table.malformed(
        "the labels have only one column", "give an id and a label column")
    }
    let columns = try TableColumns(of: table, for: .labels, options)
    guard let id = columns.id, let label = columns.label else {
      throw table.malformed(
        "there is no column of labels",
        "name it by \(option: "label-column"), the ids by"
          + " \(option: "id-column")")
    }
    let ids = try table.texts(of: id.place)
    let (values, guess) = try table.labels(in: label, options)
    context.note(columns.told(.labels, guess: guess))
    for (row, id) in ids.enumerated() {
      let key = Self.key(id)
      guard
        labels.updateValue((values[row], table.lines[row]), forKey: key) == nil
      else {
        throw table.malformed(
          "the id \(key) on line \(table.lines[row]) occurs twice",
          "remove one of the lines")
      }
    }
    names = Dictionary(grouping: labels.keys) { Self.name($0) }
  }

  /// Gives every sample its label.
  ///
  /// - Parameter training: Samples whose labels may be there too.
  /// - Throws: `DatasetFault.wrongLabels` when a sample has none, or a label
  ///   has no sample.
  func label(_ samples: inout [Sample], training: [Sample] = []) throws {
    var unused = labels
    for index in samples.indices {
      let id = samples[index].id
      guard
        let key = key(of: Self.key(id)),
        let (label, _) = unused.removeValue(forKey: key)
      else {
        throw DatasetFault.wrongLabels(
          path: url.path, problem: "there is no label for the test id \(id)",
          remedy: hasNumbersForTitles
            ? "begin with a header, such as id,label: the first line counts as"
              + " one"
            : "give one line a test sample")
      }
      samples[index].label = label
    }
    for sample in training {
      if let key = key(of: Self.key(sample.id)) { unused[key] = nil }
    }
    unused = unused.filter { !Self.isOfTraining($0.key) }
    if let (id, entry) = unused.min(by: { $0.value.line < $1.value.line }) {
      throw DatasetFault.wrongLabels(
        path: url.path,
        problem: "there is no test sample with the id \(id) of line"
          + " \(entry.line)"
          + (unused.count > 1 ? " and \(unused.count - 1) others" : ""),
        remedy: "add what is missing, or remove the lines")
    }
  }

  /// The id in the table that stands for a sample: the same, or the only one
  /// that is the same but for folders.
  private func key(of id: String) -> String? {
    if labels[id] != nil { return id }
    let similar = names[Self.name(id)]?.filter {
      !Self.isOfTraining($0)
        && ($0.hasSuffix("/" + id) || id.hasSuffix("/" + $0)
          || Self.name($0) == id)
    }
    return similar?.count == 1 ? similar?.first : nil
  }

  private static func isOfTraining(_ key: String) -> Bool {
    key.split(separator: "/").dropLast().contains {
      $0 == "train" || $0 == "training"
    }
  }

  /// The last part of a path, as ids are compared.
  private static func name(_ key: String) -> String {
    Self.key(String(key.split(separator: "/").last ?? ""))
  }

  private static let endings = [".png", ".jpg", ".jpeg", ".bmp"]

  /// What ids are compared by: `000.png`, `000`, `0.0` and `0` are the same.
  private static func key(_ id: String) -> String {
    let id = id.replacing("\\", with: "/")
    let ending = endings.first { id.lowercased().hasSuffix($0) }
    var stem = id.dropLast(ending?.count ?? 0)
    if stem.hasSuffix(".0"), stem.count > 2 { stem = stem.dropLast(2) }
    guard !stem.isEmpty, stem.allSatisfy({ "0"..."9" ~= $0 }) else {
      return String(stem)
    }
    let digits = stem.drop { $0 == "0" }
    return digits.isEmpty ? "0" : String(digits)
  }
}
