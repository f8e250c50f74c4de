import LinearAlgebra

/// The columns of numbers of a table in a text file.
struct TableRows: PreciseSource {
  let names: [String]
  /// Row by row.
  let values: [Double]
  /// The line of every row.
  let lines: [Int]
  let path: String

  var rows: Int { lines.count }
  var columns: Int { names.count }

  func doubles(ofRows indices: [Int]) -> [Double] {
    indices.flatMap { values[$0 * columns..<($0 + 1) * columns] }
  }

  func place(row: Int, column: Int) -> String {
    "column \(names[column]) on line \(lines[row]) of \(path)"
  }
}
