import Foundation
import TestSupport

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
    let folder = try TemporaryFolder()
    let run = try CommandRun(
      of: URL(filePath: path ?? ""),
      [
        "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
        "--user-data-dir=\(folder.path("profile"))",
        "--enable-logging=stderr",
        "--host-resolver-rules=MAP * ~NOTFOUND", "--dump-dom",
        url.absoluteString,
      ])
    return Visit(
      document: run.output,
      complaints: run.errors.split(separator: "\n").map(String.init)
        .filter { $0.contains(":CONSOLE") })
  }
}
