import Diagnostics
import Files
import Foundation

/// The labels of test samples, from a CSV file with an id and a 0/1 column.
struct LabelTable {
  private let url: URL
  private var labels: [String: (label: Int, line: Int)] = [:]

  /// Reads the table.
  ///
  /// Columns with usual names are recognised; else the first holds the ids and
  /// the last the labels.
  ///
  /// - Throws: `FileFault`, also for an id that occurs twice.
  init(_ url: URL) throws {
    self.url = url
    try MappedFile(url).withBytes { bytes in
      var reader = try CSVReader(bytes, path: url.path)
      guard reader.header.count >= 2 else {
        throw reader.malformed(
          "the labels have only one column", "give an id and a label column")
      }
      let id = try reader.column(named: nil, else: CSVReader.usualIDNames) ?? 0
      let label =
        try reader.column(named: nil, else: CSVReader.usualLabelNames)
        ?? reader.header.indices.last { $0 != id } ?? 1
      var fields: [Range<Int>] = []
      while try reader.next(&fields) {
        let key = Self.key(reader.text(fields[id]))
        let value = try reader.label(fields[label], column: label)
        guard
          labels.updateValue((value, reader.line), forKey: key) == nil
        else {
          throw reader.malformed(
            "the id \(key) on line \(reader.line) occurs twice",
            "remove one of the lines")
        }
      }
    }
  }

  /// Gives every sample its label.
  ///
  /// - Throws: `DatasetFault.wrongLabels` when a sample has none, or a label
  ///   has no sample.
  func label(_ samples: inout [Sample]) throws {
    var unused = labels
    for index in samples.indices {
      let id = samples[index].id
      guard let (label, _) = unused.removeValue(forKey: Self.key(id)) else {
        throw DatasetFault.wrongLabels(
          path: url.path, problem: "there is no label for the test id \(id)",
          remedy: "give one line a test sample")
      }
      samples[index].label = label
    }
    if let (id, entry) = unused.min(by: { $0.value.line < $1.value.line }) {
      throw DatasetFault.wrongLabels(
        path: url.path,
        problem: "there is no test sample with the id \(id) of line"
          + " \(entry.line)",
        remedy: "remove the line, or check the test set")
    }
  }

  /// What ids are compared by: `000.png`, `000` and `0` are the same.
  private static func key(_ id: String) -> String {
    let stem = id.lowercased().hasSuffix(".png") ? String(id.dropLast(4)) : id
    guard !stem.isEmpty, stem.allSatisfy({ "0"..."9" ~= $0 }) else {
      return stem
    }
    let digits = stem.drop { $0 == "0" }
    return digits.isEmpty ? "0" : String(digits)
  }
}
