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
