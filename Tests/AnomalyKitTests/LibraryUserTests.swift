import AnomalyKit
import Foundation
import TestSupport
import Testing

@Suite(.serialized) struct LibraryUserTests {
  /// What a library user writes.
  private static let program = """
    import AnomalyKit
    import Foundation

    let data = try Dataset(at: URL(fileURLWithPath: CommandLine.arguments[1]))
    let weave = data.categories[2]
    for detector in try DetectorCatalog.standard.detectors(named: ["all"]) {
      let model = try Pipeline(detector: detector).fit(weave, in: RunContext())
      let scores = try model.scores(for: weave.test)
      print(try Evaluation(scores: scores, labels: weave.test.labels!).auroc)
    }
    """

  private static let manifest = """
    // swift-tools-version: 6.0
    import PackageDescription

    func product(_ name: String) -> Target.Dependency {
      .product(name: name, package: "AnomalyKit")
    }

    let package = Package(
      name: "LibraryUser",
      dependencies: [.package(path: "../AnomalyKit")],
      targets: [
        .executableTarget(
          name: "LibraryUser", dependencies: [product("AnomalyKit")]),
        .executableTarget(
          name: "LibraryExamples", dependencies: [product("AnomalyKit")]),
        .executableTarget(
          name: "own-command",
          dependencies: [product("AnomalyKit"), product("AnomalyCommand")]),
        .executableTarget(
          name: "own-conformance",
          dependencies: [product("AnomalyKit"), product("AnomalyConformance")]),
      ])
    """

  /// Builds the user's package as it comes, without flags for this machine's
  /// vector units; kept between runs, so that only the first one builds
  /// everything.
  ///
  /// Copies what the documentation shows: only public names are seen there.
  private func build() throws -> URL {
    let manager = FileManager.default
    let folder = Repository.root.appendingPathComponent(".build/library-user")
    let user = folder.appendingPathComponent("user")
    let sources = user.appendingPathComponent("Sources")
    let tests = Repository.root.appendingPathComponent("Tests")
    func write(_ text: String, to path: String) throws {
      let url = user.appendingPathComponent(path)
      try manager.createDirectory(
        at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      // What has not changed is not built again.
      guard (try? String(contentsOf: url, encoding: .utf8)) != text else {
        return
      }
      try Data(text.utf8).write(to: url)
    }
    func copy(_ path: String, to target: String) throws {
      try write(
        String(
          contentsOf: tests.appendingPathComponent(path), encoding: .utf8),
        to: "Sources/" + target)
    }
    try? manager.removeItem(
      at: sources.appendingPathComponent("LibraryExamples"))
    try write(Self.manifest, to: "Package.swift")
    try write(Self.program, to: "Sources/LibraryUser/main.swift")
    for name in try manager.contentsOfDirectory(
      atPath: tests.appendingPathComponent("LibraryExamples").path)
    {
      try copy("LibraryExamples/\(name)", to: "LibraryExamples/\(name)")
    }
    for name in ["command", "conformance"] {
      try copy("OwnDetector/\(name).swift", to: "own-\(name)/main.swift")
      try copy(
        "LibraryExamples/NearestNeighbor.swift",
        to: "own-\(name)/NearestNeighbor.swift")
    }
    // A path dependency is known by its folder's name, whatever the clone's.
    let link = folder.appendingPathComponent("AnomalyKit")
    try? manager.removeItem(at: link)
    try manager.createSymbolicLink(
      at: link, withDestinationURL: Repository.root)
    _ = try run(["swift", "build", "-c", "release"], in: user)
    return user
  }

  @Test("A detector of a user's own stands wherever ours do")
  func ownDetector() throws {
    let user = try build()
    let bin = user.appendingPathComponent(".build/release")
    let folder = try TemporaryFolder()
    func command(_ words: String...) throws -> CommandRun {
      let run = try CommandRun(
        of: bin.appendingPathComponent("own-command"), words, in: folder.url)
      #expect(run.status == 0, "\(run.output + run.errors)")
      return run
    }
    let data = Repository.inspection.path
    let help = try command("compare", "--help-hidden").output
    #expect(help.contains("--n-neighbors"))
    #expect(help.contains("neighbor: which neighbour"))

    let table = try command(
      "compare", data, "--category", "weave", "--detectors", "pca,neighbor",
      "--n-neighbors", "3"
    ).output
    #expect(table.contains("neighbor"))
    _ = try command(
      "fit", data, "--category", "weave", "--detector", "neighbor",
      "--n-neighbors", "3", "--model", "own.safetensors")
    let scores = try command(
      "score", data, "--category", "weave", "--model", "own.safetensors"
    ).output
    #expect(scores.split(separator: "\n").count == 61)

    try folder.write(
      """
      datasets: [{path: \(data), categories: [weave]}]
      baseline: {detector: neighbor, size: 32}
      vary: {n-neighbors: [1, 3]}
      """, to: "study.yaml")
    let study = try command("ablate", "study.yaml", "--output", "study").output
    #expect(study.contains("n-neighbors by category"))

    let refused = try CommandRun(
      of: bin.appendingPathComponent("own-command"),
      ["compare", data, "--detectors", "neighbor", "--n-neighbors", "0"])
    #expect(refused.status == 64)
    #expect(
      refused.errors
        == "anomaly: error: --n-neighbors cannot be 0: use a count of 1 to"
        + " 1000000000\n")

    let kept = try CommandRun(
      of: bin.appendingPathComponent("own-conformance"), [])
    #expect(kept.status == 0, "\(kept.output + kept.errors)")
    #expect(kept.output.contains("kept: "))
  }

  @Test("A package that depends on this one fits detectors to the same AUC")
  func libraryUser() throws {
    let user = try build()
    let output = try run(
      [
        "swift", "run", "-c", "release", "LibraryUser",
        Repository.inspection.path,
      ],
      in: user)
    let detectors = try DetectorCatalog.standard.detectors(named: ["all"])
    let printed = output.split(separator: "\n").compactMap { Double($0) }
    try #require(printed.count == detectors.count, "\(output)")

    let weave = try Dataset(at: Repository.inspection).categories[2]
    let labels = try #require(weave.test.labels)
    for (detector, auroc) in zip(detectors, printed) {
      let model = try Pipeline(detector: detector).fit(
        weave, in: RunContext())
      let own = try Evaluation(
        scores: model.scores(for: weave.test), labels: labels)
      #expect(abs(own.auroc - auroc) < 0.002, "\(detector.name)")
    }
  }

  /// What the command prints on standard output.
  private func run(_ command: [String], in folder: URL) throws -> String {
    let run = try CommandRun(
      of: URL(filePath: "/usr/bin/env"), command, in: folder)
    #expect(run.status == 0, "\(run.output + run.errors)")
    return run.output
  }
}
