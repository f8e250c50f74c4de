import Foundation

/// Runs each command once for every n, with its n-th read, write, rename,
/// thread or allocation failing, or with its end there, and prints how the runs
/// ended: `Faults ANOMALY INTERPOSER DATA [STEP [COMMAND...]]`.
@main
enum Faults {
  static func main() throws {
    let arguments = CommandLine.arguments
    guard arguments.count >= 4 else {
      fatalError("usage: Faults ANOMALY INTERPOSER DATA [STEP [COMMAND...]]")
    }
    let bench = try Bench(
      program: arguments[1], interposer: arguments[2],
      inspection: arguments[3] + "/inspection/bolt")
    defer { bench.clear() }
    let step = arguments.count > 4 ? Int(arguments[4]) ?? 1 : 1
    var wrong: [String] = []
    var (runs, kills) = (0, 0)
    tell("| command | fails | n | ended with |")
    tell("|---|---|---:|---|")
    let chosen = arguments.dropFirst(5)
    for command in Command.all
    where chosen.isEmpty || chosen.contains(command.name) {
      var whole = try bench.run(command, fault: nil)
      guard whole.status == 0 else {
        wrong.append("\(command.name): \(whole.errors)")
        continue
      }
      // Without what tells times, which may be the same twice.
      let other = try bench.run(command, fault: nil)
      let timed = ["report.html", "table.md", "results"]
      whole.output = whole.output.filter { name, bytes in
        other.output[name] == bytes && !timed.contains { name.contains($0) }
      }
      for (fault, last) in zip(
        Fault.all, Fault.all.map { whole.counts[$0.kind] })
      {
        var endings: [Int32: Int] = [:]
        let places = Array(stride(from: 1, through: last ?? 0, by: step))
        for n in places {
          let run = try bench.run(command, fault: (fault, n))
          runs += 1
          if run.status == 137 { kills += 1 }
          endings[run.status, default: 0] += 1
          wrong += try bench.faults(of: run, command, fault, whole).map {
            "\(command.name), \(fault.name) \(n): \($0)"
          }
        }
        guard !places.isEmpty else { continue }
        let words = endings.sorted { $0.key < $1.key }
          .map { "\($0.value) x \($0.key)" }.joined(separator: ", ")
        tell("| \(command.name) | \(fault.name) | \(last ?? 0) | \(words) |")
      }
    }
    tell("\(runs) runs, \(kills) of them killed")
    for line in wrong { tell(line) }
    exit(wrong.isEmpty ? 0 : 1)
  }
}

/// Prints a line at once, so that a long run can be watched.
private func tell(_ line: String) {
  try? FileHandle.standardOutput.write(contentsOf: Data((line + "\n").utf8))
}

/// What goes wrong at the n-th call of a kind.
private struct Fault {
  var kind: Kind
  /// Whether the process ends there, as if it were killed.
  var ends = false

  enum Kind: String, CaseIterable { case read, write, rename, thread, memory }

  static let all = [false, true].flatMap { ends in
    Kind.allCases.map { Fault(kind: $0, ends: ends) }
  }

  var name: String { (ends ? "killed at " : "") + kind.rawValue }

  /// The statuses that a run may end with.
  var allowed: Set<Int32> {
    // Threads start, read and allocate in no order, so the last may not be
    // reached.
    if ends { return [.write, .rename].contains(kind) ? [137] : [0, 137] }
    return kind == .memory ? [0, 71] : [0, 65, 74]
  }
}

private struct Command {
  var name: String
  var arguments: [String]
  /// Whether `out` is one file, which replaces one that is there.
  var replaces = false
  /// Whether it may be run again into what it has made, and clears it.
  var clears: Bool { arguments[0] != "dataset" }

  static let all = [
    Command(
      name: "fit",
      arguments: [
        "fit", "set", "--detector", "pca", "--size", "32", "--model",
      ],
      replaces: true),
    Command(
      name: "fit cnn",
      arguments: [
        "fit", "set", "--detector", "cnn", "--size", "32", "--epochs", "2",
        "--model",
      ], replaces: true),
    Command(
      name: "score",
      arguments: ["score", "set", "--model", "model", "--output"],
      replaces: true),
    Command(
      name: "submit",
      arguments: ["submit", "table.csv", "--detector", "iforest", "--output"],
      replaces: true),
    Command(
      name: "combine",
      arguments: ["combine", "scores.csv", "scores.csv", "--output"],
      replaces: true),
    Command(
      name: "compare pictures",
      arguments: [
        "compare", "set", "--detectors", "ocsvm,kmeans,pca,iforest", "--size",
        "32", "--output",
      ]),
    Command(
      name: "compare table", arguments: ["compare", "table.csv", "--output"]),
    Command(
      name: "outliers",
      arguments: [
        "outliers", "set", "--detector", "pca", "--size", "32", "--output",
      ]),
    Command(
      name: "inspect",
      arguments: ["inspect", "set", "--model", "model", "--output"]),
    Command(
      name: "export onnx",
      arguments: ["export", "--model", "model", "--to", "onnx", "--output"],
      replaces: true),
    Command(
      name: "export npz",
      arguments: ["export", "--model", "model", "--to", "npz", "--output"],
      replaces: true),
    Command(
      name: "check", arguments: ["check", "set/train", "set/test", "--output"]),
    Command(name: "ablate", arguments: ["ablate", "study.yaml", "--output"]),
    Command(
      name: "convert",
      arguments: ["dataset", "convert", "set", "--to", "npy", "--output"]),
    Command(
      name: "convert table",
      arguments: [
        "dataset", "convert", "table.csv", "--to", "npz", "--output",
      ]),
    Command(
      name: "synthesize",
      arguments: [
        "dataset", "synthesize", "--train", "1", "--good", "1", "--defective",
        "1", "--output",
      ]),
    Command(
      name: "explain",
      arguments: [
        "explain", "table.csv", "--model", "table-model", "--output",
      ], replaces: true),
  ]
}

/// A folder with small inputs, in which commands are run.
private struct Bench {
  let program: String
  let interposer: String
  let folder: URL

  struct Run {
    var status: Int32
    var errors: String
    var counts: [Fault.Kind: Int] = [:]
    /// Of every file of it, by its path.
    var output: [String: Data] = [:]
  }

  init(program: String, interposer: String, inspection: String) throws {
    self.program = URL(fileURLWithPath: program).path
    self.interposer = URL(fileURLWithPath: interposer).path
    folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("faults-\(getpid())")
    for (part, count) in [
      ("train/good", 12), ("test/good", 3), ("test/bent", 3),
    ] {
      let source = URL(fileURLWithPath: inspection).appendingPathComponent(part)
      let target = folder.appendingPathComponent("set/" + part)
      try FileManager.default.createDirectory(
        at: target, withIntermediateDirectories: true)
      let names = try FileManager.default.contentsOfDirectory(
        atPath: source.path)
      for name in names.sorted().prefix(count) {
        try FileManager.default.copyItem(
          at: source.appendingPathComponent(name),
          to: target.appendingPathComponent(name))
      }
    }
    let rows = (0..<60).map { row in
      let label = row % 12 == 0 ? 1 : 0
      return
        "r\(row),\(Double(row % 7) + 20 * Double(label)),\(row % 5),\(label)"
    }
    try write("id,length,width,label", rows, to: "table.csv")
    try write(
      "id,score", (0..<60).map { "r\($0),\($0 % 11)" }, to: "scores.csv")
    try write(
      "name: clusters",
      [
        "datasets:", "  - path: set", "baseline:", "  detector: kmeans",
        "  size: 16", "vary:", "  n-clusters: [1, 2]",
      ], to: "study.yaml")
    for fit in [
      ["set", "--detector", "pca", "--size", "32", "--model", "model"],
      ["table.csv", "--detector", "pca", "--model", "table-model"],
    ] {
      let status = try start(["fit"] + fit).status
      guard status == 0 else { fatalError("no model: status \(status)") }
    }
  }

  private func write(_ head: String, _ lines: [String], to name: String) throws
  {
    try ([head] + lines + [""]).joined(separator: "\n").write(
      to: folder.appendingPathComponent(name), atomically: false,
      encoding: .utf8)
  }

  func clear() { try? FileManager.default.removeItem(at: folder) }

  private var output: URL { folder.appendingPathComponent("out") }

  private var checkpoint: URL {
    folder.appendingPathComponent("out.checkpoint")
  }

  /// What a file is before it is replaced.
  private static let old = Data("old".utf8)

  /// Runs a command that writes `out`, which is not there before, or is old.
  func run(_ command: Command, fault: (Fault, n: Int)?) throws -> Run {
    for place in [output, checkpoint] {
      try? FileManager.default.removeItem(at: place)
    }
    if command.replaces { try Self.old.write(to: output) }
    return try start(
      command.arguments + ["out"],
      environment: fault.map { fault, n in
        ["FAULT": "\(fault.kind):\(n)" + (fault.ends ? ":end" : "")]
      } ?? [:])
  }

  private func start(
    _ arguments: [String], environment: [String: String] = [:]
  ) throws -> Run {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    process.currentDirectoryURL = folder
    let counts = folder.appendingPathComponent("counts")
    try? FileManager.default.removeItem(at: counts)
    process.environment = ProcessInfo.processInfo.environment.merging(
      environment.merging([
        "LD_PRELOAD": interposer, "FAULT_COUNTS": counts.path,
      ]) { $1 }
    ) { $1 }
    let errors = folder.appendingPathComponent("errors")
    try Data().write(to: errors)
    process.standardError = try FileHandle(forWritingTo: errors)
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    let guardian = DispatchWorkItem { process.terminate() }
    DispatchQueue.global().asyncAfter(deadline: .now() + 60, execute: guardian)
    process.waitUntilExit()
    guardian.cancel()
    let numbers = (try? String(contentsOf: counts, encoding: .utf8)) ?? ""
    return Run(
      status: process.terminationReason == .exit
        ? process.terminationStatus : 128 + process.terminationStatus,
      errors: try String(contentsOf: errors, encoding: .utf8),
      counts: Dictionary(
        uniqueKeysWithValues: zip(
          Fault.Kind.allCases,
          numbers.split(whereSeparator: \.isWhitespace).compactMap {
            Int($0)
          })),
      output: written)
  }

  /// The files of `out`.
  private var written: [String: Data] {
    let names =
      FileManager.default.enumerator(atPath: output.path)?
      .compactMap { $0 as? String } ?? []
    return (names + [""]).reduce(into: [:]) { files, name in
      files[name] = try? Data(
        contentsOf: name.isEmpty ? output : output.appendingPathComponent(name))
    }
  }

  /// What a run did that it must not do.
  func faults(
    of run: Run, _ command: Command, _ fault: Fault, _ whole: Run
  ) throws -> [String] {
    var found: [String] = []
    if !fault.allowed.contains(run.status) {
      found.append("status \(run.status): \(run.errors.prefix(300))")
    }
    let lines = run.errors.split(separator: "\n")
      .filter { $0.hasPrefix("anomaly: error: ") }.count
    // The line itself may be what could not be written.
    let least = fault.kind == .write ? 0 : 1
    if !fault.ends, !(run.status == 0 ? 0...0 : least...1).contains(lines) {
      found.append("\(lines) lines of errors")
    }
    let kept = command.replaces ? ["": Self.old] : [:]
    // A check of pictures goes on without one that cannot be read.
    let isChecked = command.replaces || fault.ends || run.status == 0
    for (name, bytes) in run.output where isChecked {
      if let wanted = whole.output[name], bytes != wanted, bytes != kept[name] {
        found.append("\(name.isEmpty ? "an output" : name) is not whole")
      }
    }
    if command.replaces, run.output.isEmpty {
      found.append("the old output is gone")
    }
    func isWhole(_ run: Run) -> Bool {
      whole.output.allSatisfy { run.output[$0] == $1 }
    }
    // What is whole may be refused to be replaced.
    if run.status == 137, command.clears || !isWhole(run) {
      let isBegun = FileManager.default.fileExists(atPath: checkpoint.path)
      let again = try start(
        command.arguments + ["out"] + (isBegun ? ["--resume"] : []))
      if again.status != 0 || !isWhole(again) {
        found.append(
          "run again it is not the same: \(again.errors.prefix(300))")
      }
    }
    let partials =
      FileManager.default.enumerator(atPath: folder.path)?
      .compactMap { $0 as? String }.filter { $0.hasSuffix(".partial") } ?? []
    if !partials.isEmpty { found.append("left behind: \(partials)") }
    for partial in partials {
      try FileManager.default.removeItem(
        at: folder.appendingPathComponent(partial))
    }
    return found
  }
}
