import Foundation

/// What is in a folder.
package enum FolderListing {
  /// The names in a folder, in no order, hidden ones left out.
  ///
  /// - Throws: `FileFault.unreadable`; `.malformed` for a name that is no UTF-8
  ///   text, which no path of ours could hold.
  package static func names(in path: String) throws -> [String] {
    func refused() -> FileFault {
      .unreadable(
        path: path,
        reason: errno == ENOENT ? "no such folder" : systemErrorReason())
    }
    guard let folder = opendir(path) else { throw refused() }
    defer { closedir(folder) }
    var names: [String] = []
    while true {
      errno = 0
      guard let entry = readdir(folder) else {
        guard errno == 0 else { throw refused() }
        return names
      }
      let bytes = withUnsafeBytes(of: &entry.pointee.d_name) {
        Array($0.prefix { $0 != 0 })
      }
      guard bytes.first != UInt8(ascii: ".") else { continue }
      guard let name = String(validating: bytes, as: UTF8.self) else {
        throw FileFault.malformed(
          path: path,
          problem: "it holds a name that is no UTF-8: \(escaped(bytes))",
          remedy: "rename it")
      }
      names.append(name)
    }
  }

  /// Bytes as a shell would take them in $'...', what is not printed as \xHH.
  package static func escaped(_ bytes: [UInt8]) -> String {
    bytes.map {
      0x20..<0x7f ~= $0
        ? String(UnicodeScalar($0)) : "\\x" + String(format: "%02x", $0)
    }.joined()
  }
}
