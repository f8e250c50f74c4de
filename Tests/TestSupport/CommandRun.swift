import Foundation
import Testing

/// A command that has run to its end.
package struct CommandRun {
  package let output: String
  package let errors: String
  package let status: Int32
  /// The most bytes of memory of its own, mapped files not counted.
  ///
  /// Read every few milliseconds, so a short peak may be missed; 0 where the
  /// system does not tell.
  package let peakMemory: Int

  /// Runs the built `anomaly`.
  package init(
    _ arguments: String..., in folder: URL? = nil,
    environment: [String: String] = [:]
  ) throws {
    try self.init(arguments, in: folder, environment: environment)
  }

  /// Runs the built `anomaly`, or another command.
  ///
  /// - Parameter file: Once it exists the command is interrupted.
  package init(
    of executable: URL = Self.anomaly, _ arguments: [String],
    in folder: URL? = nil, environment: [String: String] = [:],
    interruptedOnce file: URL? = nil
  ) throws {
    let process = Process()
    process.executableURL = executable
    process.arguments = arguments
    process.currentDirectoryURL = folder
    process.environment = ProcessInfo.processInfo.environment.merging(
      environment
    ) { $1 }
    let written = try TemporaryFolder()
    let files = try ["stdout", "stderr"].map {
      try FileHandle(forWritingTo: written.write("", to: $0))
    }
    process.standardOutput = files[0]
    process.standardError = files[1]
    try process.run()
    var peak = 0
    var awaited = file
    while process.isRunning {
      peak = max(peak, anonymousMemory(of: process.processIdentifier))
      if let file = awaited, FileManager.default.fileExists(atPath: file.path) {
        kill(process.processIdentifier, SIGINT)
        awaited = nil
      }
      Thread.sleep(forTimeInterval: 0.005)
    }
    process.waitUntilExit()
    func text(_ name: String) throws -> String {
      String(decoding: try Data(contentsOf: written.file(name)), as: UTF8.self)
    }
    output = try text("stdout")
    errors = try text("stderr")
    status = process.terminationStatus
    peakMemory = peak
  }

  /// Starts `anomaly` and sends it a signal as soon as `isReady`.
  ///
  /// - Returns: Its exit status, or the number of the signal that ended it.
  package static func stopped(
    _ arguments: [String], by signal: Int32, once isReady: () -> Bool
  ) throws -> Int32 {
    let process = Process()
    process.executableURL = anomaly
    process.arguments = arguments
    process.standardError = FileHandle.nullDevice
    try process.run()
    while process.isRunning, !isReady() {
      Thread.sleep(forTimeInterval: 0.005)
    }
    kill(process.processIdentifier, signal)
    process.waitUntilExit()
    return process.terminationStatus
  }

  /// The JSON document on standard output.
  package func json<Value: Decodable>(_ type: Value.Type) throws -> Value {
    try JSONDecoder().decode(type, from: Data(output.utf8))
  }

  /// Checks that the command refused with one line and the given status.
  package func expectRefusal(
    status: Int32, mentioning words: String...,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(self.status == status, "\(errors)", sourceLocation: sourceLocation)
    // What work that came to nothing had to tell may stand before it.
    let lines = errors.split(separator: "\n").filter { line in
      !["progress", "note", "warning"].contains {
        line.hasPrefix("anomaly: \($0): ")
      }
    }
    #expect(lines.count == 1, "\(errors)", sourceLocation: sourceLocation)
    #expect(
      lines.first?.hasPrefix("anomaly: error: ") ?? false, "\(errors)",
      sourceLocation: sourceLocation)
    #expect(output.isEmpty, "\(output)", sourceLocation: sourceLocation)
    for word in words {
      #expect(
        errors.contains(word), "\(errors)", sourceLocation: sourceLocation)
    }
  }

  /// The products stand beside the test bundle.
  package static let anomaly = URL(fileURLWithPath: CommandLine.arguments[0])
    .deletingLastPathComponent().appending(path: "anomaly")
}

/// `RssAnon` of a running process, in bytes.
private func anonymousMemory(of process: Int32) -> Int {
  let status = try? String(
    contentsOfFile: "/proc/\(process)/status", encoding: .utf8)
  let line = status?.split(separator: "\n").first { $0.hasPrefix("RssAnon:") }
  return (line?.split(whereSeparator: \.isWhitespace).dropFirst().first)
    .flatMap { Int($0) }.map { $0 * 1024 } ?? 0
}
