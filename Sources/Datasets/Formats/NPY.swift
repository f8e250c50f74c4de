import Diagnostics
import Files
import Foundation

/// NumPy's array files.
package enum NPY {
  /// Maps an array; nothing is read yet but the header.
  ///
  /// - Throws: `FileFault`.
  package static func read(_ url: URL) throws -> StoredArray {
    let file = try MappedFile(url)
    guard file.count > 0 else {
      throw FileFault.malformed(
        path: url.path, problem: "the file is empty",
        remedy: "copy the file again from its source")
    }
    return try map(file, 0..<file.count)
  }

  /// Maps the array in a stretch of a file.
  static func map(
    _ file: MappedFile, _ range: Range<Int>, takesText: Bool = false
  ) throws -> StoredArray {
    let path = file.url.path
    var offset = range.lowerBound
    do {
      let header = try NPYHeader(takesText: takesText) { count in
        guard count <= range.upperBound - offset else {
          throw NPYHeader.Problem.damaged
        }
        defer { offset += count }
        return try file.data(in: offset..<offset + count)
      }
      guard header.byteCount <= range.upperBound - offset else {
        throw FileFault.malformed(
          path: path,
          problem: "the array is cut short: \(header.byteCount) bytes are"
            + " promised, \(range.upperBound - offset) are there",
          remedy: "copy the file again from its source")
      }
      return StoredArray(
        .mapped(file, offset..<offset + header.byteCount), header: header)
    } catch let problem as NPYHeader.Problem {
      throw problem.fault(path: path)
    }
  }
}

extension StoredArray {
  init(_ storage: Storage, header: NPYHeader) {
    self.init(
      storage, type: header.type, shape: header.shape,
      isColumnMajor: header.isColumnMajor)
  }
}
