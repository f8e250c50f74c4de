import Diagnostics
import Execution
import Files
import Foundation

/// NumPy's archives of named arrays.
package enum NPZ {
  /// The names of the arrays, without the extension `.npy`.
  ///
  /// - Throws: `FileFault`.
  static func names(_ url: URL) throws -> [String] {
    try ZipArchive(url).entries.filter { $0.name.hasSuffix(".npy") }
      .map { String($0.name.dropLast(4)) }
  }

  /// The arrays with these names.
  ///
  /// Stored ones are mapped, deflated ones are inflated into memory.
  ///
  /// - Parameters:
  ///   - url: The archive.
  ///   - names: Without the extension `.npy`.
  ///   - texts: Those of the arrays that may be of texts.
  ///   - memoryLimit: The most bytes that are inflated.
  /// - Throws: `FileFault`.
  package static func read(
    _ url: URL, _ names: Set<String>, texts: Set<String> = [],
    memoryLimit: Int = RunContext().memoryBudget
  ) throws -> [String: StoredArray] {
    let archive = try ZipArchive(url)
    var arrays: [String: StoredArray] = [:]
    var memoryLeft = memoryLimit
    for entry in archive.entries where entry.name.hasSuffix(".npy") {
      let name = String(entry.name.dropLast(4))
      guard names.contains(name) else { continue }
      do {
        if entry.isDeflated {
          let array = try inflate(
            entry, of: archive, takesText: texts.contains(name),
            memoryLimit: memoryLeft)
          memoryLeft -= array.memory
          arrays[name] = array
        } else {
          try archive.verify(entry)
          arrays[name] = try NPY.map(
            archive.file, entry.range, takesText: texts.contains(name))
        }
      } catch let problem as NPYHeader.Problem {
        throw problem.fault(path: url.path)
      } catch is Inflater.Problem {
        throw archive.damaged(entry)
      }
    }
    return arrays
  }

  private static func inflate(
    _ entry: ZipArchive.Entry, of archive: ZipArchive, takesText: Bool,
    memoryLimit: Int
  ) throws -> StoredArray {
    try archive.file.withBytes { bytes in
      let packed = UnsafeRawBufferPointer(rebasing: bytes[entry.range])
      let inflater = try Inflater(packed, .none)
      var offset = 0
      let header = try NPYHeader(takesText: takesText) {
        offset += $0
        return try inflater.read($0)
      }
      func malformed(_ problem: FaultMessage, _ remedy: FaultMessage)
        -> FileFault
      {
        .malformed(
          path: archive.file.url.path, problem: problem, remedy: remedy)
      }
      // Memory is only taken for what the compressed bytes can stand for.
      guard
        header.byteCount == entry.count - offset,
        entry.count <= packed.count * Deflate.largestRatio
      else {
        throw malformed(
          "the sizes that \(entry.name) promises contradict each other",
          "save it again with numpy.savez")
      }
      guard header.byteCount <= memoryLimit else {
        throw malformed(
          "\(entry.name) inflates to \(header.byteCount >> 20) MiB, the memory"
            + " budget has \(memoryLimit >> 20) MiB left",
          "save it uncompressed with numpy.savez, so that it can be mapped")
      }
      let data = try inflater.read(header.byteCount)
      guard
        try inflater.isAtEnd(), inflater.checksum == UInt(entry.checksum)
      else { throw archive.damaged(entry) }
      return StoredArray(.memory(data), header: header)
    }
  }
}
