import Foundation

/// What the commands of a page did, one after the other in one shell, in a
/// scratch folder that has the data of the repository as `data`.
struct PageRun {
  struct Outcome {
    /// Standard output and standard error as a terminal would show them.
    var output: [String]
    /// Nil when the shell did not come that far.
    var status: Int32?
    /// Whether what the command needs is not there.
    var isLeftOut = false
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
    let python = environment["ANOMALYKIT_PYTHON"].map {
      [URL(fileURLWithPath: $0).deletingLastPathComponent().path]
    }
    environment["PATH"] =
      ([tools.path] + (python ?? []) + [environment["PATH"] ?? ""])
      .joined(separator: ":")
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

  /// Stands in the place of the status of commands that were left out.
  private static let leftOut = "-"

  private static func script(_ steps: [Page.Step]) -> String {
    "status=0\n"
      + steps.map { step in
        // Each command finds the status of the one before it in $?.
        let run =
          "(exit $status)\n\(step.command)\n"
          + "status=$?; printf '\\n\(mark)%d\\n' $status\n"
        return step.needs.map {
          "if \($0) >/dev/null 2>&1; then\n\(run)"
            + "else printf '\\n\(mark)\(leftOut)\\n'; fi\n"
        } ?? run
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
      let status = line.dropFirst()
      outcomes.append(
        Outcome(
          output: output, status: Int32(status), isLeftOut: status == leftOut))
      output = []
    }
    let missing = Outcome(output: output, status: nil)
    return outcomes
      + [Outcome](repeating: missing, count: max(0, count - outcomes.count))
  }
}
