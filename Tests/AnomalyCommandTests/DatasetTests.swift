import Foundation
import TestSupport
import Testing

@Suite struct DatasetTests {
  struct Info: Decodable {
    struct Category: Decodable {
      var name: String
      var trainCount: Int
      var testCount: Int
      var anomalies: Int?
    }

    var kind: String
    var categories: [Category]
  }

  @Test("Information names kind, categories and counts")
  func info() throws {
    let info = try CommandRun("dataset", "info", inspection, "--json")
      .json(Info.self)
    #expect(info.kind == "mvtec")
    #expect(info.categories.map(\.name) == ["bolt", "washer", "weave"])
    #expect(info.categories.map(\.trainCount) == [80, 80, 80])
    #expect(info.categories.map(\.anomalies) == [36, 36, 36])
    #expect(
      try CommandRun("dataset", "info", inspection).output.contains(
        "scratch 12"
      ))
  }

  @Test("Synthesising with the same seed gives the same files")
  func synthesize() throws {
    let folder = try TemporaryFolder()
    for name in ["a", "b"] {
      let run = try CommandRun(
        "dataset", "synthesize", "--seed", "3", "--train", "2", "--good", "1",
        "--defective", "1", "--output", folder.path(name))
      #expect(run.status == 0, "\(run.errors)")
    }
    let manager = FileManager.default
    #expect(
      manager.contentsEqual(
        atPath: folder.path("a"), andPath: folder.path("b")))
    #expect(
      try manager.subpathsOfDirectory(atPath: folder.path("a")).count > 30)
    try CommandRun("dataset", "synthesize", "--output", folder.path("a"))
      .expectRefusal(status: 74, mentioning: "exists")
  }

  @Test(
    "A dataset gives the same AUC in every layout",
    arguments: ["npy", "folders", "mvtec"])
  func convert(layout: String) throws {
    let folder = try TemporaryFolder()
    let run = try CommandRun(
      "dataset", "convert", inspection, "--category", "weave", "--size", "32",
      "--to", layout, "--output", folder.path("out"))
    #expect(run.status == 0, "\(run.errors)")
    func auroc(_ arguments: String...) throws -> Double {
      let run = try CommandRun(
        ["compare"] + arguments + ["--detectors", "pca", "--json"])
      let document = try run.json(ComparisonDocument.self)
      return try #require(document.results.first?.auroc)
    }
    let original = try auroc(
      inspection, "--category", "weave", "--size", "32")
    // Pixels are rounded to 8 bits on the way.
    #expect(
      abs(try auroc(folder.path("out"), "--size", "32") - original) < 0.02)
  }
}
