import AnomalyKit
import Foundation

extension Matrix {
  /// The first rows of a file of raw single-precision numbers.
  init(_ table: Task.Table) throws {
    guard let file = fopen(table.path, "rb") else {
      throw FileFault.unreadable(path: table.path, reason: "cannot open")
    }
    defer { fclose(file) }
    let count = table.rows * table.columns
    let values = [Float](unsafeUninitializedCapacity: count) {
      buffer, initialized in
      initialized = fread(
        buffer.baseAddress, MemoryLayout<Float>.stride, count, file)
    }
    self.init(rows: table.rows, columns: table.columns, values: values)
  }
}

extension [Float] {
  func write(to path: String) throws {
    try withUnsafeBytes { try Data($0).write(to: URL(fileURLWithPath: path)) }
  }
}
