import Diagnostics
import Execution
import Files
import Foundation
import LinearAlgebra
import Parameters

extension DatasetKind {
  /// A table in a text file with a header.
  public static let csv = CSVLayout.kind
}

/// A table in a text file: a header, one row a sample, an optional column of
/// ids and an optional column of labels, all other columns numbers.
enum CSVLayout: WritableLayout {
  static let name = "csv"
  static let summary = "a .csv with a header"
  static let parameters: [Parameter<DatasetOptions>] = [
    Parameter(
      "missing", \.missing, .choice,
      "what becomes of missing numbers: drop the rows, or fill in the mean or"
        + " median of the training rows", unset: "refused"),
    Parameter(
      "categorical", \.categorical, .choice,
      "what becomes of columns of words", unset: "refused"),
  ]

  private static let endings: Set<String> = [
    "csv", "tsv", "txt", "data", "tab", "parquet",
  ]

  static func sign(of place: Folder) -> String? {
    guard !place.exists else { return nil }
    var url = place.url
    if url.pathExtension.lowercased() == "gz" {
      url = url.deletingPathExtension()
    }
    let ending = url.pathExtension.lowercased()
    guard ending == "txt" || ending == "data", url == place.url else {
      return endings.contains(ending) ? "a .\(ending)" : nil
    }
    // Of all that such files may be, tables have separators.
    let hasSeparators = try? MappedFile(url).withBytes { bytes in
      bytes.prefix(4096).contains { ",;\t|".utf8.contains($0) }
    }
    return hasSeparators == true ? "a .\(ending) with separators" : nil
  }

  static func read(
    _ place: Folder, name: String, options: DatasetOptions,
    in context: RunContext
  ) throws -> [DatasetCategory] {
    let table = try TextTable(place.url, memoryLimit: context.memoryBudget)
    guard !table.lines.isEmpty else {
      throw table.malformed(
        "there are no rows below the header", "add one line a sample")
    }
    let columns = try TableColumns(of: table, for: .samples, options)
    guard !columns.features.isEmpty else {
      throw table.malformed(
        "there is no column of numbers", "add the features as columns")
    }
    let labels = try columns.label.map {
      try table.labels(in: $0, options)
    }
    context.note(columns.told(.samples, guess: labels?.guess))
    let rows = try TableRows(columns.features, of: table, options, in: context)
    guard rows.rows > 0 else {
      throw table.malformed(
        "numbers are missing in every row",
        "use \(option: "missing", "mean"), or leave columns out by"
          + " \(option: "drop-columns")")
    }
    let ids = try columns.id.map { try table.texts(of: $0.place) }
    let samples = rows.kept.map { row in
      Sample(
        id: ids?[row] ?? String(row), category: name,
        label: labels?.values[row])
    }
    return [
      .transductive(name: name, SampleSet(samples: samples, source: rows))
    ]
  }

  static func write(
    _ dataset: Dataset, to url: URL, by writer: DatasetWriter
  ) throws {
    let (rows, samples) = try writer.table(dataset.pooled())
    let labels = samples.labels
    try WholeFile.write(to: url, replaces: false) { sink in
      let names =
        ["id"] + (0..<rows.source.columns).map { "x\($0)" }
        + (labels == nil ? [] : ["label"])
      try sink.write(Data(CSVText.line(names).utf8))
      try rows.forEachRow { row, numbers in
        let label = labels.map { ["\($0[row])"] } ?? []
        let line = CSVText.line([samples[row].id] + numbers + label)
        try sink.write(Data(line.utf8))
      }
    }
  }
}

extension TextTable {
  /// The labels in a column, 0 or 1 a row, and what was guessed to read them.
  ///
  /// - Throws: `FileFault.malformed`.
  func labels(
    in column: Column, _ options: DatasetOptions
  ) throws -> (values: [Int], guess: String?) {
    // Numbers are known from the first reading.
    let texts =
      column.holdsNumbers && column.missing == 0
      ? numbers(of: column.place).map { number in
        Int(exactly: number).map { "\($0)" } ?? "\(number)"
      } : try texts(of: column.place)
    let words = try LabelWords(texts, options) {
      "on line \(lines[$0])"
    } refuse: {
      malformed($0, $1)
    }
    return (texts.compactMap(words.label), words.guess)
  }
}
