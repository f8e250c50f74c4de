import Diagnostics
import Execution
import Files
import Foundation
import LinearAlgebra
import Parameters

extension DatasetKind {
  /// A `.csv` file with a header.
  public static let csv = CSVLayout.kind
}

/// A `.csv` file: a header, one row a sample, an optional column of ids and an
/// optional column of labels, all other columns numbers.
enum CSVLayout: DatasetLayout {
  static let name = "csv"
  static let summary = "a .csv with a header"
  static let parameters: [Parameter<DatasetOptions>] = [
    Parameter(
      "id-column", \.idColumn, .any("the name of a column"),
      "the column with the ids", unset: "recognised by its name"),
    Parameter(
      "label-column", \.labelColumn, .any("the name of a column"),
      "the column with the labels", unset: "recognised by its name"),
  ]

  static func recognizes(_ place: Folder) -> Bool {
    !place.exists && place.url.pathExtension.lowercased() == "csv"
  }

  static func read(
    _ place: Folder, name: String, options: DatasetOptions,
    in context: RunContext
  ) throws -> [DatasetCategory] {
    try MappedFile(place.url).withBytes { bytes in
      var reader = try CSVReader(bytes, path: place.url.path)
      try checkHeader(reader)
      let id = try reader.column(
        named: options.idColumn, else: CSVReader.usualIDNames)
      let label = try reader.column(
        named: options.labelColumn, else: CSVReader.usualLabelNames)
      let columns = reader.header.indices.filter { $0 != id && $0 != label }
      guard !columns.isEmpty else {
        throw reader.malformed(
          "there is no column of numbers", "add the features as columns")
      }
      var values: [Double] = []
      var lines: [Int] = []
      var samples: [Sample] = []
      var fields: [Range<Int>] = []
      while try reader.next(&fields) {
        for column in columns {
          values.append(try reader.number(fields[column], column: column))
        }
        lines.append(reader.line)
        samples.append(
          Sample(
            id: id.map { reader.text(fields[$0]) } ?? String(samples.count),
            category: name,
            label: try label.map { try reader.label(fields[$0], column: $0) }))
      }
      guard !samples.isEmpty else {
        throw reader.malformed(
          "there are no rows below the header", "add one line a sample")
      }
      let rows = TableRows(
        names: columns.map { reader.header[$0] }, values: values, lines: lines,
        path: place.url.path)
      return [
        .transductive(name: name, SampleSet(samples: samples, source: rows))
      ]
    }
  }

  static func write(
    _ dataset: Dataset, to url: URL, by writer: DatasetWriter
  ) throws {
    let (rows, samples) = try writer.table(dataset.pooled())
    let labels = samples.labels
    try WholeFile.write(to: url) { sink in
      let names =
        ["id"] + (0..<rows.source.columns).map { "x\($0)" }
        + (labels == nil ? [] : ["label"])
      try sink.write(Data(CSVText.line(names).utf8))
      try rows.forEachBlock { range, matrix in
        var text = ""
        for row in range {
          let numbers = matrix.row(row - range.lowerBound).map { "\($0)" }
          let label = labels.map { ["\($0[row])"] } ?? []
          text += CSVText.line([samples[row].id] + numbers + label)
        }
        try sink.write(Data(text.utf8))
      }
    }
  }

  /// Throws when the first line is a row of numbers: it would be lost.
  private static func checkHeader(_ reader: CSVReader) throws {
    let names = reader.header
    // What pandas writes when the columns have no names.
    let runningNumbers = names.indices.map { String($0) }
    guard
      names == runningNumbers || names.contains(where: { Double($0) == nil })
    else {
      throw reader.malformed(
        "the first line holds numbers", "add a line with the column names")
    }
  }
}

extension CSVReader {
  /// The label in a field: 0 or 1.
  ///
  /// - Throws: `FileFault.malformed`.
  func label(_ field: Range<Int>, column: Int) throws -> Int {
    switch try number(field, column: column) {
    case 0: return 0
    case 1: return 1
    default:
      throw malformed(
        "the label on line \(line) is \(text(field))",
        "use 0 for ordinary samples and 1 for anomalies")
    }
  }
}
