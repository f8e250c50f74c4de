import Foundation

/// A browser without a window.
enum Chromium {
  private static let path = ["chromium", "chromium-browser"].lazy.flatMap {
    name in ["/usr/bin/", "/usr/local/bin/"].map { $0 + name }
  }.first { FileManager.default.isExecutableFile(atPath: $0) }

  static var isInstalled: Bool { path != nil }

  struct Visit {
    /// The document as the browser has it.
    var document: String
    /// What the console said: the page's policy complains there of every
    /// request for something outside the page.
    var complaints: [String]
  }

  static func open(_ url: URL) throws -> Visit {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("Chromium-\(UUID())")
    try FileManager.default.createDirectory(
      at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let output = folder.appendingPathComponent("output")
    let log = folder.appendingPathComponent("log")
    for file in [output, log] { try Data().write(to: file) }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: path ?? "")
    process.arguments = [
      "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
      "--user-data-dir=\(folder.path)/profile", "--enable-logging=stderr",
      "--host-resolver-rules=MAP * ~NOTFOUND", "--dump-dom",
      url.absoluteString,
    ]
    process.standardOutput = try FileHandle(forWritingTo: output)
    process.standardError = try FileHandle(forWritingTo: log)
    try process.run()
    process.waitUntilExit()
    let lines = String(decoding: try Data(contentsOf: log), as: UTF8.self)
      .split(separator: "\n").map(String.init)
    return Visit(
      document: String(decoding: try Data(contentsOf: output), as: UTF8.self),
      complaints: lines.filter { $0.contains(":CONSOLE") })
  }
}
