import Foundation
import TestSupport
import Testing

@Suite struct AblateTests {
  private static let grid = """
    name: few clusters
    datasets:
      - path: \(inspection)
        categories: [weave, washer]
    baseline: {detector: kmeans, size: 16, n-clusters: 2}
    vary:
      n-clusters: [2, 4]
      n-init: [1, 2]
    seeds: 2
    """

  private let folder: TemporaryFolder
  private let output: String

  init() throws {
    folder = try TemporaryFolder()
    output = folder.path("out")
  }

  private func ablate(_ study: String) throws -> CommandRun {
    try CommandRun(
      "ablate", folder.write(study, as: "study.yaml"), "--output", output)
  }

  private func file(_ name: String) throws -> String {
    try String(contentsOfFile: output + "/" + name, encoding: .utf8)
  }

  /// Two figures that an unbroken run repeats exactly; times it does not.
  private var aurocs: [[String]] {
    get throws {
      let rows = try file("results.csv").split(separator: "\n").map {
        $0.split(separator: ",", omittingEmptySubsequences: false)
          .map(String.init)
      }
      let columns = ["category", "n-clusters", "n-init", "seed", "auroc"]
      let places = try columns.map { try #require(rows[0].firstIndex(of: $0)) }
      return rows.dropFirst().map { row in places.map { row[$0] } }
    }
  }

  @Test("A study goes on from another working directory")
  func workingDirectory() throws {
    try FileManager.default.createSymbolicLink(
      atPath: folder.path("data"), withDestinationPath: inspection)
    try folder.write(
      Self.grid.replacing(inspection, with: "data"), to: "study.yaml")
    let first = try CommandRun(
      "ablate", "study.yaml", "--output", "out", in: folder.url)
    #expect(first.status == 0, "\(first.errors)")
    let table = try file("results.csv")
    let parent = folder.url.deletingLastPathComponent()
    let name = folder.url.lastPathComponent
    let second = try CommandRun(
      "ablate", "\(name)/study.yaml", "--output", "\(name)/out", in: parent)
    #expect(second.status == 0, "\(second.errors)")
    #expect(second.errors.contains("16 runs"))
    #expect(second.errors.contains("all finished before"))
    #expect(
      table.split(separator: "\n").count
        == (try file("results.csv")).split(separator: "\n").count)
  }

  @Test("Of a table, a study leaves out what is asked of pictures alone")
  func picturesAndTables() throws {
    let rows = (0..<40).map { row in
      "\(row % 7),\(row % 5 + (row < 4 ? 30 : 0)),\(row < 4 ? 1 : 0)"
    }
    let table = try folder.write(
      "a,b,label\n" + rows.joined(separator: "\n") + "\n", as: "table.csv")
    let run = try ablate(
      """
      datasets:
        - path: \(inspection)
          categories: [washer]
        - path: \(table)
      baseline: {detector: kmeans, n-clusters: 2}
      vary:
        detector: [kmeans, iforest]
        features: [pixels, hog]
      """)
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.errors.contains("6 runs"))
    #expect(!run.errors.contains("failed"))
    #expect(run.output.contains("does not apply"))
    let results = try file("results.csv").split(separator: "\n")
    #expect(results.count == 7)
    #expect(results.count { $0.contains(",hog,") } == 2)
  }

  @Test("What is set of a table in a study is what the command has of it")
  func tableKeys() throws {
    let rows = (0..<30).map {
      "\($0 % 5),\(9 * $0),\($0 % 9 == 0 ? "x" : "y")\n"
    }
    try folder.write("a,b,kind\n" + rows.joined(), to: "t.csv")
    let run = try ablate(
      """
      datasets:
        - path: t.csv
          label-column: kind
          drop-columns: [b]
          normal-labels: [y]
          anomaly-values: [x]
      vary: {detector: [pca, kmeans]}
      """)
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.errors.contains("label: kind, id: none, 1 feature"))
  }

  @Test("A study leaves its tables, figures, runs and page")
  func files() throws {
    let run = try ablate(Self.grid)
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.errors.contains("16 runs (4 settings, 2 categories, 2 seeds)"))
    #expect(run.output.contains("n-clusters \\ n-init"))
    #expect(run.output.contains("over 2 seeds"))
    #expect(try aurocs.count == 16)
    let factors = try file("tables/factors.csv").split(separator: "\n")
    #expect(
      factors[0] == "factor,value,auroc,deviation,baseline,difference")
    for row in factors.dropFirst() {
      #expect(
        row.split(separator: ",").dropFirst().allSatisfy { Double($0) != nil })
    }
    for name in ["n-clusters-by-n-init", "n-init-by-category", "factors"] {
      #expect(try file("tables/\(name).md").hasPrefix("| "))
      #expect(try file("tables/\(name).tex").contains("\\toprule"))
      #expect(try file("tables/\(name).csv").contains(","))
    }
    for name in ["n-clusters-by-n-init", "time-against-auc"] {
      #expect(try file("figures/\(name).svg").hasPrefix("<svg"))
      #expect(try file("figures/\(name).tex").contains("tikzpicture"))
    }
    #expect(try file("report.html").contains("few clusters"))
  }

  @Test("The command beside a run repeats its figure")
  func command() throws {
    _ = try ablate(Self.grid)
    let rows = try file("results.csv").split(separator: "\n").map(String.init)
    let row = try #require(rows.last)
    let words = try #require(row.split(separator: ",").last)
      .split(separator: " ").map(String.init)
    #expect(words.first == "anomaly")
    let run = try CommandRun(words.dropFirst() + ["--json"])
    #expect(run.status == 0, "\(run.errors)")
    let figure = try #require(try aurocs.last?.last)
    #expect(run.output.contains("\"auroc\" : \(figure)"))
  }

  @Test(
    "A stopped study goes on with what is missing",
    arguments: [SIGINT, SIGKILL])
  func resume(signal: Int32) throws {
    let long = Self.grid.replacing("seeds: 2", with: "seeds: 40")
    let study = try folder.write(long, as: "study.yaml")
    let journal = output + "/runs.jsonl"
    let stopped = try CommandRun.stopped(
      ["ablate", study, "--output", output], by: signal
    ) { (FileManager.default.contents(atPath: journal)?.count ?? 0) > 4000 }
    #expect(stopped == (signal == SIGKILL ? SIGKILL : 130))
    let lines = try file("runs.jsonl").count { $0 == "\n" }
    #expect((1..<320).contains(lines))
    // As a crash in the middle of a line leaves it.
    let handle = try #require(FileHandle(forWritingAtPath: journal))
    try handle.seekToEnd()
    try handle.write(contentsOf: Data("{\"identity\":{".utf8))
    try handle.close()

    let run = try ablate(long)
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.errors.contains("\(lines) finished before"))
    let resumed = try aurocs
    #expect(resumed.count == 320)
    try FileManager.default.removeItem(atPath: output)
    _ = try ablate(long)
    #expect(try aurocs == resumed)
  }

  @Test("A study that 0.1.0 finished is not run again")
  func formerVersion() throws {
    for name in ["study.yaml", "table.csv"] {
      try FileManager.default.copyItem(
        at: Repository.models.appending(path: name), to: folder.file(name))
    }
    try folder.write(
      Data(contentsOf: Repository.models.appending(path: "runs.jsonl")),
      to: "out/runs.jsonl")
    let run = try CommandRun(
      "ablate", "study.yaml", "--output", "out", in: folder.url)
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.errors.contains("6 runs"))
    #expect(run.errors.contains("all finished before"))
    #expect(try file("results.csv").split(separator: "\n").count == 1 + 6)
  }

  @Test("A longer list of values runs only what is new")
  func extended() throws {
    _ = try ablate(Self.grid)
    let run = try ablate(Self.grid.replacing("[2, 4]", with: "[2, 4, 8]"))
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.errors.contains("24 runs"))
    #expect(run.errors.contains("16 finished before"))
  }

  @Test("A failed run is told, and the others are finished")
  func failure() throws {
    let run = try ablate(
      """
      datasets: [{path: \(inspection), categories: [weave]}]
      baseline: {size: 8, detector: pca}
      vary: {features: [pixels, hog]}
      """)
    #expect(run.status == 65)
    #expect(
      run.errors.contains(
        "warning: pca, features hog, weave, seed 0 failed: "))
    #expect(run.output.contains("\npixels"))
    #expect(try file("results.csv").split(separator: "\n").count == 3)
    #expect(try file("report.html").contains("These runs failed"))
  }

  @Test("A folder of another study, or of anything else, is left alone")
  func foreignFolder() throws {
    _ = try ablate(Self.grid)
    let page = try file("report.html")
    try ablate(Self.grid.replacing("[1, 2]", with: "[1, 3]"))
      .expectRefusal(status: 65, mentioning: output, "another study")
    #expect(try file("report.html") == page)

    let other = try TemporaryFolder()
    _ = try other.write("mine", as: "report.html")
    try CommandRun(
      "ablate", folder.path("study.yaml"), "--output", other.url.path
    ).expectRefusal(status: 65, mentioning: "something else")
    #expect(try other.contents == ["report.html"])
  }

  @Test("Data that has changed since is noticed")
  func changedData() throws {
    let table = "a,b,label\n1,2,0\n2,1,0\n1,1,0\n9,9,1\n"
    let study = """
      datasets: [{path: table.csv}]
      baseline: {detector: pca}
      vary: {n-components: [1, 2]}
      """
    _ = try folder.write(table, as: "table.csv")
    let run = try ablate(study)
    #expect(run.status == 0, "\(run.errors)")
    _ = try folder.write(
      table.replacing("9,9", with: "8,9"), as: "table.csv")
    let again = try ablate(study)
    #expect(again.status == 65)
    #expect(again.errors.contains("has changed since"), "\(again.errors)")
  }

  @Test(
    "What is wrong in a study is told with its line",
    arguments: [
      (5, "kmaens", "detector: kmeans", "detector: kmaens"),
      (5, "detectors", "detector: kmeans", "detectors: kmeans"),
      (7, "n-clutsers", "n-clusters: [2, 4]", "n-clutsers: [2, 4]"),
      (8, "n-init cannot be many", "n-init: [1, 2]", "n-init: [1, many]"),
      (8, "n-init has no values", "n-init: [1, 2]", "n-init: []"),
      (8, "nu makes no difference", "n-init: [1, 2]", "nu: [0.1, 0.2]"),
      (7, "leaves out the baseline's 2", "[2, 4]", "[3, 4]"),
      (9, "seeds cannot be some", "seeds: 2", "seeds: some"),
      (9, "no key seed", "seeds: 2", "seed: 2"),
      (6, "is there more than once", "seeds: 2", "vary: {}"),
      (9, "mapping values", "seeds: 2", "seeds: 2: 3"),
      (
        7, "10000 runs at most", "n-init: [1, 2]",
        "n-init: [\((1...6000).map(String.init).joined(separator: ","))]"
      ),
      (3, "nowhere", "path: \(inspection)", "path: nowhere"),
      (3, "no category bolts", "[weave, washer]", "[weave, bolts]"),
      (
        5, "is there twice", "[weave, washer]",
        "[weave, washer]\n  - path: \(inspection)"
      ),
    ])
  func refusals(line: Int, words: String, part: String, change: String) throws {
    let study = Self.grid.replacing(part, with: change)
    #expect(study != Self.grid)
    try ablate(study).expectRefusal(
      status: 65, mentioning: words, "study.yaml, line \(line)")
    #expect(!FileManager.default.fileExists(atPath: output))
  }

  @Test("A study of a million runs, of nothing, and one that is no text")
  func sizes() throws {
    let many = (1...1001).map(String.init).joined(separator: ",")
    try ablate(
      Self.grid.replacing("[2, 4]", with: "[\(many)]")
        .replacing("[1, 2]", with: "[\(many)]")
    ).expectRefusal(status: 65, mentioning: "runs at most", "line 7")
    try ablate("").expectRefusal(status: 65, mentioning: "the study is empty")
    try CommandRun("ablate", inspection, "--output", output)
      .expectRefusal(status: 74, mentioning: "inspection")
    try CommandRun("ablate", folder.path("none.yaml"), "--output", output)
      .expectRefusal(status: 74, mentioning: "none.yaml")
  }

  @Test("Parts that are put together are the study as run whole")
  func shards() throws {
    let whole = try ablate(Self.grid)
    #expect(whole.status == 0, "\(whole.errors)")
    let parts = (1...3).map { folder.path("part-\($0)") }
    for (number, part) in zip(1...3, parts) {
      let run = try CommandRun(
        "ablate", folder.path("study.yaml"), "--shard", "\(number)/3",
        "--output", part)
      #expect(run.status == 0, "\(run.errors)")
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: part).sorted()
          == ["runs.jsonl", "shard.json"])
    }
    let merged = folder.path("merged")
    let early = try CommandRun(
      "merge", parts[0], parts[2], "--output", merged)
    #expect(early.status == 65)
    #expect(early.errors.contains("of the parts 2/3"))
    let full = try CommandRun("merge", parts[1], "--output", merged)
    #expect(full.status == 0, "\(full.errors)")
    #expect(full.output == whole.output)
    for name in try FileManager.default.contentsOfDirectory(
      atPath: output + "/tables")
    {
      #expect(
        try String(contentsOfFile: merged + "/tables/" + name, encoding: .utf8)
          == file("tables/" + name), "\(name)")
    }
  }

  @Test("Parts of other studies, versions and shapes are refused")
  func otherParts() throws {
    for (name, change) in [("a", "name: one"), ("b", "name: other")] {
      let study = Self.grid.replacing("name: few clusters", with: change)
      let run = try CommandRun(
        "ablate", folder.write(study, as: "\(name).yaml"), "--shard", "1/2",
        "--output", folder.path(name))
      #expect(run.status == 0, "\(run.errors)")
    }
    func merge(_ parts: String...) throws -> CommandRun {
      try CommandRun(["merge"] + parts.map(folder.path) + ["--output", output])
    }
    let other = try merge("a", "b")
    #expect(other.status == 65)
    #expect(other.errors.contains("part of another study"))
    try folder.write("name: changed", to: "a.yaml")
    #expect(try merge("a").errors.contains("has changed since"))
    let record = folder.path("b") + "/shard.json"
    let text = try String(contentsOfFile: record, encoding: .utf8)
    try text.replacing("0.2.0", with: "9.9.9").write(
      toFile: record, atomically: true, encoding: .utf8)
    #expect(try merge("b").errors.contains("version 9.9.9"))
    let none = try CommandRun("merge", inspection, "--output", output)
    #expect(none.status == 74)
  }
}
