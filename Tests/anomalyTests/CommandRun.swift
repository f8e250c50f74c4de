import Foundation
import Testing

/// One run of the built `anomaly` command.
struct CommandRun {
  let output: String
  let errors: String
  let status: Int32

  /// Runs the command to its end.
  init(
    _ arguments: String..., in folder: URL? = nil,
    environment: [String: String] = [:]
  ) throws {
    try self.init(arguments, in: folder, environment: environment)
  }

  init(
    _ arguments: [String], in folder: URL? = nil,
    environment: [String: String] = [:]
  ) throws {
    let process = Process()
    process.executableURL = Self.binary
    process.arguments = arguments
    process.currentDirectoryURL = folder
    process.environment = ProcessInfo.processInfo.environment.merging(
      environment
    ) { $1 }
    let output = try TemporaryFolder()
    let files = try ["stdout", "stderr"].map { name in
      let url = output.url.appendingPathComponent(name)
      try Data().write(to: url)
      return try FileHandle(forWritingTo: url)
    }
    process.standardOutput = files[0]
    process.standardError = files[1]
    try process.run()
    process.waitUntilExit()
    func text(_ name: String) throws -> String {
      try String(
        contentsOf: output.url.appendingPathComponent(name), encoding: .utf8)
    }
    self.output = try text("stdout")
    errors = try text("stderr")
    status = process.terminationStatus
  }

  /// Starts the command and sends it a signal as soon as `isReady`.
  ///
  /// - Returns: Its exit status, or the number of the signal that ended it.
  static func stopped(
    _ arguments: [String], by signal: Int32, once isReady: () -> Bool
  ) throws -> Int32 {
    let process = Process()
    process.executableURL = binary
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
  func json<Value: Decodable>(_ type: Value.Type) throws -> Value {
    try JSONDecoder().decode(type, from: Data(output.utf8))
  }

  /// Checks that the command refused with one line and the given status.
  func expectRefusal(
    status: Int32, mentioning words: String...,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(self.status == status, "\(errors)", sourceLocation: sourceLocation)
    #expect(
      errors.hasPrefix("anomaly: error: "), "\(errors)",
      sourceLocation: sourceLocation)
    #expect(
      errors.split(separator: "\n").count == 1, "\(errors)",
      sourceLocation: sourceLocation)
    #expect(output.isEmpty, "\(output)", sourceLocation: sourceLocation)
    for word in words {
      #expect(
        errors.contains(word), "\(errors)", sourceLocation: sourceLocation)
    }
  }

  /// The products stand beside the test bundle.
  private static let binary = URL(fileURLWithPath: CommandLine.arguments[0])
    .deletingLastPathComponent().appendingPathComponent("anomaly")
}

/// A folder that is gone when nobody holds it any more.
final class TemporaryFolder {
  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.appendingPathComponent(
      "anomaly-test-\(UUID().uuidString)")
    try FileManager.default.createDirectory(
      at: url, withIntermediateDirectories: true)
  }

  deinit {
    try? FileManager.default.removeItem(at: url)
  }

  func path(_ name: String) -> String {
    url.appendingPathComponent(name).path
  }

  func write(_ text: String, as name: String) throws -> String {
    try Data(text.utf8).write(to: url.appendingPathComponent(name))
    return path(name)
  }

  /// The names in the folder, hidden ones too.
  var contents: [String] {
    get throws {
      try FileManager.default.contentsOfDirectory(atPath: url.path).sorted()
    }
  }
}

/// The folder that holds Package.swift.
let packageRoot = URL(fileURLWithPath: #filePath)
  .deletingLastPathComponent().deletingLastPathComponent()
  .deletingLastPathComponent()

let inspection = packageRoot.appendingPathComponent("data/inspection").path
let fashionMNIST = packageRoot.appendingPathComponent("data/fashion-mnist").path
