import Foundation

/// What the commands of a page did, one after the other in one shell, in a
/// scratch folder that has the data of the repository as `data`.
struct PageRun {
  struct Outcome {
    /// Standard output and standard error as a terminal would show them.
    var output: [String]
    /// Nil when the shell did not come that far.
    var status: Int32?
  }

  let folder: URL
  private(set) var outcomes: [Outcome]

  /// - Parameter tools: The folder of the built commands.
  init(_ page: Page, root: URL, tools: URL) throws {
    let manager = FileManager.default
    folder = manager.temporaryDirectory.appendingPathComponent(
      "documentation-\(UUID().uuidString)")
    try manager.createDirectory(at: folder, withIntermediateDirectories: true)
    try manager.createSymbolicLink(
      at: folder.appendingPathComponent("data"),
      withDestinationURL: root.appendingPathComponent("data"))
    let script = folder.appendingPathComponent(".script")
    let transcript = folder.appendingPathComponent(".transcript")
    try Data(Self.script(page.steps).utf8).write(to: script)
    try Data().write(to: transcript)
    let output = try FileHandle(forWritingTo: transcript)

    let shell = Process()
    shell.executableURL = URL(fileURLWithPath: "/bin/bash")
    shell.arguments = [script.path]
    shell.currentDirectoryURL = folder
    var environment = ProcessInfo.processInfo.environment
    environment["PATH"] = tools.path + ":" + (environment["PATH"] ?? "")
    environment["LC_ALL"] = "C.UTF-8"
    shell.environment = environment
    shell.standardInput = FileHandle.nullDevice
    shell.standardOutput = output
    shell.standardError = output
    try shell.run()
    shell.waitUntilExit()

    let text = String(decoding: try Data(contentsOf: transcript), as: UTF8.self)
    outcomes = Self.outcomes(
      in: text.replacing(folder.path + "/", with: ""), count: page.steps.count)
  }

  func removeFolder() {
    try? FileManager.default.removeItem(at: folder)
  }

  /// Stands before the status of each command in the transcript.
  private static let mark = "\u{1}"

  private static func script(_ steps: [Page.Step]) -> String {
    "status=0\n"
      + steps.map {
        // Each command finds the status of the one before it in $?.
        "(exit $status)\n\($0.command)\n"
          + "status=$?; printf '\\n\(mark)%d\\n' $status\n"
      }.joined()
  }

  private static func outcomes(in transcript: String, count: Int) -> [Outcome] {
    var outcomes: [Outcome] = []
    var output: [String] = []
    for line in transcript.split(
      separator: "\n", omittingEmptySubsequences: false)
    {
      guard line.hasPrefix(mark) else {
        // How far slow work has come hangs on the machine.
        if !line.hasPrefix("anomaly: progress: ") {
          output.append(String(line))
        }
        continue
      }
      // The line feed before the mark ends what did not end itself.
      if output.last?.isEmpty == true { output.removeLast() }
      outcomes.append(
        Outcome(output: output, status: Int32(line.dropFirst())))
      output = []
    }
    let missing = Outcome(output: output, status: nil)
    return outcomes
      + [Outcome](repeating: missing, count: max(0, count - outcomes.count))
  }
}
