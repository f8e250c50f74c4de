import Foundation
import TestSupport
import Testing

@Suite("Inputs that mean harm")
struct HostileInputTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// A folder of few pictures, with labels by its folders.
  private func pictures() throws -> String {
    for name in ["train/good/0", "train/good/1", "test/good/2", "test/bad/3"] {
      let file = folder.file("images/\(name).png")
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try FileManager.default.copyItem(
        atPath: inspection + "/bolt/train/good/000.png", toPath: file.path)
    }
    return folder.path("images")
  }

  @Test(
    "A pipe is refused by name before it is opened",
    arguments: [
      "images/test/bad/4.png", "t.csv", "t.npy", "t.npz", "labels.csv",
      "model.st", "study.yaml",
    ])
  func pipes(name: String) throws {
    let images = try pictures()
    let path = folder.path(name)
    #expect(mkfifo(path, 0o600) == 0)
    let arguments =
      switch name {
      case "labels.csv":
        ["compare", images, "--kind", "folders", "--labels", path]
      case "model.st": ["score", images, "--kind", "folders", "--model", path]
      case "study.yaml": ["ablate", path, "--output", folder.path("o")]
      case "t.csv", "t.npz", "t.npy": ["compare", path]
      default: ["compare", images, "--kind", "folders", "--detectors", "pca"]
      }
    let run = try CommandRun(arguments)
    #expect([64, 65, 74].contains(run.status), "\(run.errors)")
    #expect(run.errors.contains(path), "\(run.errors)")
  }

  @Test("A pipe in place of a study's runs is refused")
  func pipeOfRuns() throws {
    let images = try pictures()
    let study = try folder.write(
      "datasets: [{path: \(images), kind: folders}]\nvary: {detector: [pca]}\n",
      as: "study.yaml")
    try FileManager.default.createDirectory(
      at: folder.file("o"), withIntermediateDirectories: true)
    #expect(mkfifo(folder.path("o/runs.jsonl"), 0o600) == 0)
    try CommandRun("ablate", study, "--output", folder.path("o"))
      .expectRefusal(status: 74, mentioning: "runs.jsonl", "regular")
  }

  @Test("Links that lead to a parent multiply nothing")
  func links() throws {
    let images = try pictures()
    for name in ["a", "b", "c"] {
      try FileManager.default.createSymbolicLink(
        atPath: images + "/test/" + name, withDestinationPath: ".")
    }
    try FileManager.default.createSymbolicLink(
      atPath: images + "/test/bad/up", withDestinationPath: "../..")
    let run = try CommandRun("dataset", "info", images, "--kind", "folders")
    #expect(run.status == 0, "\(run.errors)")
    let counts = run.output.split(separator: "\n").last?
      .split(separator: " ").prefix(3)
    // The last link leads to train/ too, whose pictures are other ones.
    #expect(counts == ["images", "2", "4"], "\(run.output)")
  }

  @Test(
    "A name that is no UTF-8 is told, not passed over",
    arguments: [
      "images/test/caf\u{e9}", "images/train/good/caf\u{e9}.png",
    ])
  func names(place: String) throws {
    let images = try pictures()
    // The bytes of Latin-1.
    let bytes = (folder.url.path + "/" + place).unicodeScalars.map {
      CChar(bitPattern: UInt8(truncatingIfNeeded: $0.value))
    }
    if place.hasSuffix("png") {
      let descriptor = open(bytes + [0], O_CREAT | O_WRONLY, 0o600)
      try #require(descriptor >= 0)
      close(descriptor)
    } else {
      try #require(mkdir(bytes + [0], 0o700) == 0)
    }
    try CommandRun("dataset", "info", images, "--kind", "folders")
      .expectRefusal(status: 65, mentioning: "caf\\xe9")
  }

  @Test("A file that is cut while it is read is a fault that names it")
  func cut() throws {
    let line = "0.123456,0.234567,0.345678,0.456789\n"
    let whole = "a,b,c,d\n" + String(repeating: line, count: 400_000)
    for _ in 0..<3 {
      let path = try folder.write(whole, as: "t.csv")
      // Mapped, and not yet read to its end.
      let status = try CommandRun.cut(path, after: 0.05) {
        try CommandRun(
          "submit", path, "--detector", "pca", "--output", folder.path("o"))
      }
      #expect([0, 65, 74].contains(status.status), "\(status.errors)")
      #expect(status.errors.split(separator: "\n").count <= 1)
    }
  }

  @Test(
    "Numbers beyond all reason are refused before memory is asked for",
    arguments: [
      ["--detector", "ocsvm", "--nu", "inf"],
      ["--detector", "kmeans", "--n-clusters", "9223372036854775807"],
      ["--detector", "kmeans", "--n-init", "1000000000000"],
      ["--detector", "fcn", "--epochs", "9223372036854775807"],
      ["--detector", "pca", "--n-components", "9223372036854775807"],
      ["--detector", "iforest", "--max-samples", "9223372036854775807"],
      ["--detector", "pca", "--threads", "9223372036854775807"],
      ["--detector", "pca", "--binary", "--threshold", "nan"],
    ])
  func numbers(arguments: [String]) throws {
    let table = try folder.write("a\n1\n2\n3\n", as: "t.csv")
    try CommandRun(
      ["submit", table, "--output", folder.path("o")] + arguments
    ).expectRefusal(status: 64)
  }

  @Test(
    "Counts beyond all reason are refused by the other commands",
    arguments: [
      ["compare", "t.csv", "--repeats", "1000000000000"],
      ["compare", "t.csv", "--repeats", "9223372036854775807"],
      ["dataset", "synthesize", "--train", "1000000000000", "--output", "s"],
      [
        "dataset", "synthesize", "--layout", "npy", "--good",
        "9223372036854775807", "--output", "s",
      ],
    ])
  func counts(arguments: [String]) throws {
    try folder.write("a\n1\n2\n3\n", to: "t.csv")
    try CommandRun(arguments, in: folder.url).expectRefusal(status: 64)
  }

  @Test(
    "JSON of hundreds of levels is refused",
    arguments: [65, 512, 513, 100_000])
  func nesting(depth: Int) throws {
    let text = String(repeating: "[", count: depth)
    var bytes = withUnsafeBytes(of: UInt64(depth).littleEndian) { Data($0) }
    bytes.append(Data(text.utf8))
    try folder.write(bytes, to: "model.st")
    let table = try folder.write("y,a\n0,1\n1,2\n0,3\n", as: "t.csv")
    try CommandRun("score", table, "--model", folder.path("model.st"))
      .expectRefusal(status: 65, mentioning: "model.st")
    let study = try folder.write(
      "datasets: [{path: \(table)}]\nvary: {detector: [pca]}\n",
      as: "study.yaml")
    try folder.write(text + "\n", to: "o/runs.jsonl")
    try CommandRun("ablate", study, "--output", folder.path("o"))
      .expectRefusal(status: 65, mentioning: "runs.jsonl")
  }

  @Test(
    "A study that means to be followed without end is refused with its line",
    arguments: [
      // The same aliases as a value, as a key, and in a list.
      "x: *h\n", "? *h\n: 1\n", "- [*h]\n", "{*h : 1}\n",
    ])
  func aliases(use: String) throws {
    var bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n"
    for (inner, outer) in zip("abcdefg", "bcdefgh") {
      let list = Array(repeating: "*\(inner)", count: 9).joined(separator: ",")
      bomb += "\(outer): &\(outer) [\(list)]\n"
    }
    let study = try folder.write(bomb + use, as: "study.yaml")
    try CommandRun("ablate", study, "--output", folder.path("o"))
      .expectRefusal(status: 65, mentioning: "study.yaml, line", "aliases")
  }

  @Test(
    "A study of thousands of levels is refused",
    arguments: ["[", "{a: ", "- ", "? ", "\n- "])
  func studyNesting(level: String) throws {
    let levels =
      level.hasPrefix("\n")
      ? (0..<5000).map { String(repeating: " ", count: $0) + "-\n" }.joined()
      : String(repeating: level, count: 100_000)
    let study = try folder.write(levels, as: "study.yaml")
    try CommandRun("ablate", study, "--output", folder.path("o"))
      .expectRefusal(status: 65, mentioning: "study.yaml")
  }
}

extension CommandRun {
  /// Cuts a file to nothing while a command runs.
  fileprivate static func cut(
    _ path: String, after seconds: Double, _ run: () throws -> CommandRun
  ) throws -> CommandRun {
    let thread = Thread {
      Thread.sleep(forTimeInterval: seconds)
      truncate(path, 0)
    }
    thread.start()
    return try run()
  }
}
