import Foundation
import TestSupport
import Testing

/// A model is kept, and scores what comes later.
@Suite struct NewPictureTests {
  private let folder: TemporaryFolder
  private let model: String

  init() throws {
    folder = try TemporaryFolder()
    model = folder.path("model.safetensors")
    let run = try CommandRun(
      "fit", inspection + "/washer", "--detector", "pca", "--size", "16",
      "--n-components", "4", "--model", model)
    #expect(run.status == 0, "\(run.errors)")
  }

  /// Test pictures of the washers, by their names in a folder of their own.
  private func pictures(_ names: [String], in target: String = "new") throws {
    for (index, name) in names.enumerated() {
      let file = folder.file("\(target)/\(name)")
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try FileManager.default.copyItem(
        atPath: inspection + "/washer/test/good/00\(index).png",
        toPath: file.path)
    }
  }

  private func ids(_ text: String) -> [Substring] {
    text.split(separator: "\n").dropFirst().map { $0.prefix { $0 != "," } }
  }

  private func score(_ data: String) throws -> CommandRun {
    try CommandRun("score", data, "--model", model, in: folder.url)
  }

  @Test("A folder of pictures, flat or deep, is scored by paths inside it")
  func folders() throws {
    try pictures(["b.png", "a.png", "lot 2/a.png"])
    let run = try score("new")
    #expect(run.status == 0, "\(run.errors)")
    #expect(ids(run.output) == ["a.png", "b.png", "lot 2/a.png"])
  }

  @Test("Pictures in folders called good and bad are all scored")
  func namedFolders() throws {
    try pictures(["good/a.png", "good/b.png", "bad/c.png"])
    let run = try score("new")
    #expect(run.status == 0, "\(run.errors)")
    #expect(ids(run.output) == ["bad/c.png", "good/a.png", "good/b.png"])
    // The model of such a folder scores what it has not learned from.
    let own = folder.path("own.safetensors")
    let fit = try CommandRun(
      "fit", "new", "--detector", "pca", "--size", "16", "--model", own,
      in: folder.url)
    #expect(fit.status == 0, "\(fit.errors)")
    let split = try CommandRun(
      "score", "new", "--model", own, in: folder.url)
    #expect(ids(split.output).count == 2, "\(split.errors)")
  }

  @Test("One picture is scored, and has the score that it has among others")
  func onePicture() throws {
    try pictures(["a.png", "b.png"])
    let both = try score("new")
    let one = try score("new/b.png")
    #expect(one.status == 0, "\(one.errors)")
    #expect(ids(one.output) == ["new/b.png"])
    let row = try #require(both.output.split(separator: "\n").last)
    #expect(one.output.hasSuffix("new/" + row + "\n"))
  }

  @Test("A list on standard input is scored by the paths that it has")
  func standardInput() throws {
    try pictures(["a.png", "b.png"])
    try folder.write("new/b.png\n\n  new/a.png\n", to: "list")
    let run = try CommandRun(
      of: URL(fileURLWithPath: "/bin/sh"),
      [
        "-c", "\"$0\" score - --model \"$1\" < list", CommandRun.anomaly.path,
        model,
      ], in: folder.url)
    #expect(run.status == 0, "\(run.errors)")
    #expect(ids(run.output) == ["new/a.png", "new/b.png"])
  }

  @Test("A folder with test/ alone is scored by the names of its files")
  func testAlone() throws {
    try pictures(["10.png", "2.png"], in: "data/test")
    let run = try score("data")
    #expect(run.status == 0, "\(run.errors)")
    #expect(ids(run.output) == ["2", "10"])
  }

  @Test("inspect and outliers look at new pictures by a model")
  func lookAt() throws {
    try pictures(["a.png", "b.png", "c.png"])
    let inspect = try CommandRun(
      "inspect", folder.path("new"), "--model", model, "--output",
      folder.path("inspected"))
    #expect(inspect.status == 0, "\(inspect.errors)")
    let outliers = try CommandRun(
      "outliers", folder.path("new"), "--model", model, "--quantile", "0",
      "--output", folder.path("outliers"))
    #expect(outliers.status == 0, "\(outliers.errors)")
    #expect(outliers.output.contains("of 3"))
    for name in ["inspected/inspection.png", "outliers/outliers.csv"] {
      #expect(
        FileManager.default.fileExists(atPath: folder.path(name)), "\(name)")
    }
  }

  @Test("Oriented gradients are no pictures, but outliers by them are shown")
  func gradients() throws {
    let run = try CommandRun(
      "outliers", inspection + "/washer", "--detector", "pca", "--features",
      "hog", "--n-components", "4", "--output", folder.path("outliers"))
    #expect(run.status == 0, "\(run.errors)")
    #expect(
      FileManager.default.fileExists(
        atPath: folder.path("outliers/outliers.png")))
  }

  @Test("What does not fit new pictures is refused by name")
  func refusals() throws {
    try pictures(["a.png"])
    for (arguments, words) in [
      (["outliers", "new", "--output", "o"], "outliers a model by --model"),
      (["submit", "new"], "put ordinary ones into train/"),
      (
        ["score", "new", "--model", model, "--category", "washer"],
        "a set of pictures has no --category"
      ),
      (
        [
          "outliers", "new", "--model", model, "--detector", "pca", "--output",
          "o",
        ], "--detector is for a fit"
      ),
      (["score", "nwe", "--model", model], "did you mean"),
      (
        ["score", "new", "--model", model, "--output", "new/a.png"],
        "one of the inputs"
      ),
    ] {
      let run = try CommandRun(
        of: CommandRun.anomaly, arguments, in: folder.url)
      #expect(run.status != 0)
      #expect(run.errors.contains(words), "\(run.errors)")
      #expect(run.errors.split(separator: "\n").count == 1)
    }
  }
}
