import AnomalyKit
import Foundation
import Testing

@Suite struct LibraryUserTests {
  private static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  /// What a library user writes.
  private static let program = """
    import AnomalyKit
    import Foundation

    let data = try Dataset(at: URL(fileURLWithPath: CommandLine.arguments[1]))
    let weave = data.categories[2]
    for name in ["ocsvm", "kmeans", "pca", "iforest"] {
      let detector = try DetectorCatalog.standard.detectors(named: [name])[0]
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
    let folder = Self.root.appendingPathComponent(".build/library-user")
    let user = folder.appendingPathComponent("user")
    try manager.createDirectory(
      at: user.appendingPathComponent("Sources/LibraryUser"),
      withIntermediateDirectories: true)
    // A path dependency is known by its folder's name, whatever the clone's.
    let link = folder.appendingPathComponent("AnomalyKit")
    try? manager.removeItem(at: link)
    try manager.createSymbolicLink(
      at: link, withDestinationURL: Self.root)
    try Data(Self.manifest.utf8).write(
      to: user.appendingPathComponent("Package.swift"))
    try Data(Self.program.utf8).write(
      to: user.appendingPathComponent("Sources/LibraryUser/main.swift"))

    // The examples of the documentation, where only public names are seen.
    let examples = user.appendingPathComponent("Sources/LibraryExamples")
    try? manager.removeItem(at: examples)
    try manager.copyItem(
      at: Self.root.appendingPathComponent("Tests/LibraryExamples"),
      to: examples)
    _ = try run(["swift", "build", "-c", "release"], in: user)

    let inspection = Self.root.appendingPathComponent("data/inspection")
    let output = try run(
      ["swift", "run", "-c", "release", "LibraryUser", inspection.path],
      in: user)
    let printed = output.split(separator: "\n").suffix(4).compactMap {
      Double($0)
    }
    try #require(printed.count == 4, "\(output)")

    let weave = try Dataset(at: inspection).categories[2]
    let labels = try #require(weave.test.labels)
    for (detector, auroc) in zip(
      try DetectorCatalog.standard.detectors(named: ["all"]), printed)
    {
      let model = try Pipeline(detector: detector).fit(
        weave, in: RunContext())
      let own = try Evaluation(
        scores: model.scores(for: weave.test), labels: labels)
      #expect(abs(own.auroc - auroc) < 0.002, "\(detector.name)")
    }
  }

  /// What the command prints on standard output.
  private func run(_ command: [String], in folder: URL) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = command
    process.currentDirectoryURL = folder
    let (output, errors) = (Pipe(), Pipe())
    process.standardOutput = output
    process.standardError = errors
    try process.run()
    // What is read last waits in a pipe meanwhile, which holds 64 KiB.
    let printed = output.fileHandleForReading.readDataToEndOfFile()
    let complaints = errors.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    #expect(
      process.terminationStatus == 0,
      "\(String(decoding: printed + complaints, as: UTF8.self))")
    return String(decoding: printed, as: UTF8.self)
  }
}
