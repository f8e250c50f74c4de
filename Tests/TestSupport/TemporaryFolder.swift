import Foundation

/// A folder that is gone when nobody holds it any more.
package final class TemporaryFolder: Sendable {
  package let url = URL.temporaryDirectory.appending(
    path: "anomaly-test-\(UUID())")

  package init() throws {
    try FileManager.default.createDirectory(
      at: url, withIntermediateDirectories: true)
  }

  deinit {
    // A test may have made it read-only.
    chmod(url.path, 0o700)
    try? FileManager.default.removeItem(at: url)
  }

  package func file(_ name: String) -> URL { url.appending(path: name) }

  package func path(_ name: String) -> String { file(name).path }

  /// Writes a file, and the folders it is in.
  @discardableResult
  package func write(_ data: Data, to name: String) throws -> URL {
    let file = file(name)
    try FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try data.write(to: file)
    return file
  }

  @discardableResult
  package func write(_ text: String, to name: String) throws -> URL {
    try write(Data(text.utf8), to: name)
  }

  /// Writes a file and gives its path, as a command takes it.
  package func write(_ text: String, as name: String) throws -> String {
    try write(text, to: name).path
  }

  package func removeItem(at name: String) throws {
    try FileManager.default.removeItem(at: file(name))
  }

  /// The names in the folder, hidden ones too.
  package var contents: [String] {
    get throws {
      try FileManager.default.contentsOfDirectory(atPath: url.path).sorted()
    }
  }
}
