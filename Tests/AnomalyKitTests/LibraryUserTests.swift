import AnomalyKit
import Foundation
import TestSupport
import Testing

@Suite struct LibraryUserTests {
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

    let package = Package(
      name: "LibraryUser",
      dependencies: [.package(path: "../AnomalyKit")],
      targets: [
        .executableTarget(
          name: "LibraryUser",
          dependencies: [
            .product(name: "AnomalyKit", package: "AnomalyKit")
          ]),
        .executableTarget(
          name: "LibraryExamples",
          dependencies: [
            .product(name: "AnomalyKit", package: "AnomalyKit")
          ]),
      ])
    """

  // The user's package is built as it comes, without flags for this machine's
  // vector units, so this is also the test of a plain build.
  @Test("A package that depends on this one fits detectors to the same AUC")
  func libraryUser() throws {
    let manager = FileManager.default
    // Kept between runs, so that only the first one builds everything.
    let folder = Repository.root.appendingPathComponent(".build/library-user")
    let user = folder.appendingPathComponent("user")
    try manager.createDirectory(
      at: user.appendingPathComponent("Sources/LibraryUser"),
      withIntermediateDirectories: true)
    // A path dependency is known by its folder's name, whatever the clone's.
    let link = folder.appendingPathComponent("AnomalyKit")
    try? manager.removeItem(at: link)
    try manager.createSymbolicLink(
      at: link, withDestinationURL: Repository.root)
    try Data(Self.manifest.utf8).write(
      to: user.appendingPathComponent("Package.swift"))
    try Data(Self.program.utf8).write(
      to: user.appendingPathComponent("Sources/LibraryUser/main.swift"))

    // The examples of the documentation, where only public names are seen.
    let examples = user.appendingPathComponent("Sources/LibraryExamples")
    try? manager.removeItem(at: examples)
    try manager.copyItem(
      at: Repository.root.appendingPathComponent("Tests/LibraryExamples"),
      to: examples)
    _ = try run(["swift", "build", "-c", "release"], in: user)

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
