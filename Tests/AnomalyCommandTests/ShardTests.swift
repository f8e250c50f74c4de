import Foundation
import TestSupport
import Testing

@Suite("Scores in parts")
struct ShardTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func run(_ arguments: String...) throws -> CommandRun {
    try CommandRun(arguments, in: folder.url)
  }

  private func contents(_ name: String) throws -> Data {
    try Data(contentsOf: folder.url.appendingPathComponent(name))
  }

  /// Fits `detector` and gives the words that score with it.
  private func scoring(_ detector: String) throws -> [String] {
    let fit = try run(
      "fit", inspection, "--category", "weave", "--detector", detector,
      "--size", "32", "--model", "m")
    #expect(fit.status == 0, "\(fit.errors)")
    return ["score", inspection, "--category", "weave", "--model", "m"]
  }

  @Test(
    "The parts of score make the file of the whole, in any order",
    arguments: ["pca", "lof"], [1, 3, 200])
  func score(detector: String, count: Int) throws {
    let words = try scoring(detector)
    let options = ["--binary", "--threshold", "1"]
    for options in [[], options] {
      _ = try CommandRun(
        words + options + ["--output", "whole"], in: folder.url)
      // Of more parts than pictures some have none.
      var parts: [String] = []
      for number in (1...count).reversed() where count < 10 || number < 3 {
        let part = "part-\(number)"
        let run = try CommandRun(
          words + options
            + [
              "--shard", "\(number)/\(count)", "--output", part,
              "--threads", "1",
            ],
          in: folder.url)
        #expect(run.status == 0, "\(run.errors)")
        parts.append(part)
      }
      let merge = try CommandRun(
        ["merge"] + parts + ["--output", "merged"], in: folder.url)
      guard count < 10 else {
        #expect(merge.status == 65)
        #expect(merge.errors.contains("3/200, 4/200"))
        continue
      }
      #expect(merge.status == 0, "\(merge.errors)")
      #expect(try contents("merged") == contents("whole"))
    }
  }

  @Test("The parts of submit make the file of the whole")
  func submit() throws {
    let words = [
      "submit", inspection, "--category", "washer", "--detector", "knn",
      "--size", "16", "--binary", "--false-alarms", "0.2", "--p-values",
    ]
    _ = try CommandRun(words + ["--output", "whole"], in: folder.url)
    for number in 1...2 {
      let run = try CommandRun(
        words + ["--shard=\(number)/2", "--output=part-\(number)"],
        in: folder.url)
      #expect(run.status == 0, "\(run.errors)")
    }
    let merge = try run("merge", "part-1", "part-2", "--output", "merged")
    #expect(merge.status == 0, "\(merge.errors)")
    #expect(try contents("merged") == contents("whole"))
  }

  @Test("Missing parts are told, and others refused")
  func refusals() throws {
    let words = try scoring("pca")
    func part(_ shard: String, _ name: String, _ more: String...) throws {
      let run = try CommandRun(
        words + ["--shard", shard, "--output", name] + more, in: folder.url)
      #expect(run.status == 0, "\(run.errors)")
    }
    try part("1/3", "a")
    try part("3/3", "c")
    try part("2/3", "other", "--format", "ID-score")
    let missing = try run("merge", "a", "c", "--output", "merged")
    #expect(missing.status == 65)
    #expect(missing.errors.contains("2/3: run them, then merge again"))
    let other = try run("merge", "a", "other", "c", "--output", "merged")
    #expect(other.status == 65)
    #expect(other.errors.contains("(other)"))
    let foreign = try run("merge", "m", "--output", "merged")
    #expect(foreign.status == 65)
    #expect(foreign.errors.contains("no part of a submission"))
    #expect(!FileManager.default.fileExists(atPath: folder.path("merged")))
    for (more, problem) in [
      (
        ["--binary", "--fdr", "0.1", "--output", "x"], "--fdr needs the scores"
      ),
      ([], "--shard needs --output"),
      (["--maps", "x.npy", "--output", "x"], "--maps needs all pictures"),
    ] {
      let run = try CommandRun(
        words + ["--shard", "1/2"] + more, in: folder.url)
      #expect(run.status == 64)
      #expect(run.errors.contains(problem), "\(run.errors)")
    }
  }
}
