import Foundation
import TestSupport
import Testing

@Suite("Outputs in places that are taken, and memory that is not there")
struct HostilePlaceTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    try folder.write(
      "y,a\n0,1\n0,2\n0,3\n0,4\n1,9\n0,2\n0,3\n0,4\n", to: "results.csv")
  }

  private func bytes(_ name: String) throws -> Data {
    try Data(contentsOf: folder.file(name))
  }

  @Test("A conversion replaces nothing", arguments: ["csv", "npz"])
  func conversion(layout: String) throws {
    try folder.write("kept", to: "there." + layout)
    try CommandRun(
      "dataset", "convert", "results.csv", "--to", layout, "--output",
      "there." + layout, in: folder.url
    ).expectRefusal(status: 74, mentioning: "exists already")
    #expect(try bytes("there." + layout) == Data("kept".utf8))
  }

  @Test(
    "No output replaces an input, by whatever name",
    arguments: [
      ["fit", "results.csv", "--detector", "pca", "--model", "results.csv"],
      ["submit", "results.csv", "--detector", "pca", "--output", "link"],
      ["compare", "results.csv", "--detectors", "pca", "--output", "."],
    ])
  func inputs(arguments: [String]) throws {
    try FileManager.default.createSymbolicLink(
      atPath: folder.path("link"), withDestinationPath: "results.csv")
    let before = try bytes("results.csv")
    try CommandRun(arguments, in: folder.url)
      .expectRefusal(status: 74, mentioning: "one of the inputs")
    #expect(try bytes("results.csv") == before)
  }

  @Test("No output replaces arrays and tables in folders inside the dataset")
  func deepInputs() throws {
    for name in ["mnist_train.csv", "mnist_test.csv"] {
      try folder.write(
        (0..<8).map { "\($0 % 2),\($0),9,8,7\n" }.joined(), to: "csv/" + name)
    }
    let asIDX = ["dataset", "convert", "csv", "--to", "idx", "--output", "idx"]
    let made = try CommandRun(
      asIDX + ["--normal-label", "0"], in: folder.url)
    #expect(made.status == 0, "\(made.errors)")
    try FileManager.default.createDirectory(
      at: folder.file("mnist"), withIntermediateDirectories: true)
    try FileManager.default.moveItem(
      at: folder.file("idx"), to: folder.file("mnist/raw"))
    for input in [
      "csv/mnist_train.csv", "csv/mnist_test.csv",
      "mnist/raw/train-images-idx3-ubyte.gz",
      "mnist/raw/t10k-labels-idx1-ubyte.gz",
    ] {
      let before = try bytes(input)
      let data = try #require(input.split(separator: "/").first)
      try CommandRun(
        "fit", "\(data)", "--normal-label", "0", "--detector", "pca", "--model",
        input, in: folder.url
      ).expectRefusal(status: 74, mentioning: "one of the inputs")
      #expect(try bytes(input) == before)
    }
  }

  @Test("The second of two runs into a folder says so, and nothing is left")
  func twoRuns() throws {
    try FileManager.default.createDirectory(
      at: folder.file("out"), withIntermediateDirectories: true)
    let descriptor = open(folder.path("out"), O_RDONLY)
    #expect(flock(descriptor, LOCK_EX) == 0)
    for command in [
      ["compare", "results.csv"],
      ["outliers", "results.csv", "--detector", "pca"],
    ] {
      try CommandRun(command + ["--output", "out"], in: folder.url)
        .expectRefusal(status: 74, mentioning: "another run")
    }
    close(descriptor)
    #expect(
      try CommandRun("compare", "missing", "--output", "new", in: folder.url)
        .status == 74)
    #expect(try folder.contents == ["out", "results.csv"])
  }

  @Test(
    "Too little room for OpenBLAS is told before it is loaded",
    arguments: ["-v 200000", "-v 300000", "-d 100000"])
  func room(limit: String) throws {
    let run = try CommandRun(
      of: URL(fileURLWithPath: "/bin/bash"),
      [
        "-c",
        "ulimit \(limit); exec '\(CommandRun.anomaly.path)' compare results.csv"
          + " --detectors pca",
      ], in: folder.url)
    run.expectRefusal(status: 71, mentioning: "ulimit")
  }

  @Test("Pictures that do not fit into the memory budget are not read")
  func budget() throws {
    for command in [
      ["dataset", "convert", "--to", "npy", "--output", folder.path("o")],
      ["submit", "--detector", "pca", "--output", folder.path("o.csv")],
    ] {
      let run = try CommandRun(
        command.prefix { !$0.hasPrefix("-") } + [inspection, "--category"]
          + ["bolt", "--size", "4096", "--memory-budget", "50M"]
          + command.drop { !$0.hasPrefix("-") })
      run.expectRefusal(status: 64, mentioning: "memory budget")
      #expect(run.peakMemory < 200 << 20)
    }
  }

  @Test("Tables count against the memory budget while they are read")
  func tableBudget() throws {
    let row = (0..<100).map { "\($0)" }.joined(separator: ",") + "\n"
    try folder.write(
      (0..<100).map { "c\($0)" }.joined(separator: ",") + "\n"
        + String(repeating: row, count: 20_000), to: "large.csv")
    let command = ["submit", "large.csv", "--detector", "pca"]
    let run = try CommandRun(
      command + ["--output", "o.csv", "--memory-budget", "24M"], in: folder.url)
    run.expectRefusal(status: 64, mentioning: "large.csv", "memory budget")
    #expect(run.peakMemory < 100 << 20)
    let packed = try CommandRun(
      of: URL(filePath: "/bin/gzip"), ["large.csv"], in: folder.url)
    #expect(packed.status == 0)
    try CommandRun(
      "submit", "large.csv.gz", "--detector", "pca", "--output", "o.csv",
      "--memory-budget", "34M", in: folder.url
    ).expectRefusal(status: 64, mentioning: "large.csv", "memory budget")
  }

  @Test(
    "Figures of a study's runs that do not belong to the scores are refused")
  func editedRuns() throws {
    let study = try folder.write(
      "datasets: [{path: results.csv}]\nvary: {detector: [pca, kmeans]}\n",
      as: "study.yaml")
    func ablate() throws -> CommandRun {
      try CommandRun("ablate", study, "--output", "out", in: folder.url)
    }
    #expect(try ablate().status == 0)
    #expect(try ablate().status == 0)
    let runs = String(decoding: try bytes("out/runs.jsonl"), as: UTF8.self)
    for edited in [
      runs.replacing(/"auroc":[0-9.]+/, with: "\"auroc\":0.123"),
      runs.replacing(/"scores":\[[^,]+,/, with: "\"scores\":["),
    ] {
      #expect(edited != runs)
      try folder.write(edited, to: "out/runs.jsonl")
      let refused = try ablate()
      #expect(refused.status == 65)
      #expect(refused.errors.contains("do not belong"), "\(refused.errors)")
    }
  }
}
