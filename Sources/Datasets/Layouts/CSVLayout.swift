import Diagnostics
import Files
import Foundation
import LinearAlgebra

/// A `.csv` file: a header, one row a sample, an optional column of ids and an
/// optional column of labels, all other columns numbers.
enum CSVLayout {
  static func read(
    _ url: URL, name: String, idColumn: String?, labelColumn: String?
  ) throws -> DatasetCategory {
    try MappedFile(url).withBytes { bytes in
      var reader = try CSVReader(bytes, path: url.path)
      try checkHeader(reader)
      let id = try reader.column(
        named: idColumn, else: CSVReader.usualIDNames)
      let label = try reader.column(
        named: labelColumn, else: CSVReader.usualLabelNames)
      let columns = reader.header.indices.filter { $0 != id && $0 != label }
      guard !columns.isEmpty else {
        throw reader.malformed(
          "there is no column of numbers", "add the features as columns")
      }
      var values: [Float] = []
      var samples: [Sample] = []
      var fields: [Range<Int>] = []
      while try reader.next(&fields) {
        for column in columns {
          values.append(
            Float(try reader.number(fields[column], column: column)))
        }
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
      let matrix = Matrix(
        rows: samples.count, columns: columns.count, values: values)
      return .transductive(
        name: name,
        SampleSet(samples: samples, content: .rows(matrix, imageShape: nil)))
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
