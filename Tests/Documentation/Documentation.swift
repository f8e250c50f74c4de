import ArgumentParser
import Foundation

/// Holds README.md and the pages of notebooks-free-docs/ to what the commands
/// in them do.
@main
struct Documentation: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Run every command of the documentation.",
    discussion: """
      Fails where a page shows something else than its commands print. Pages \
      are named by their files; by default all are run.
      """)

  @Flag(help: "Rewrite what is stale in the pages, and their figures.")
  var update = false

  @Flag(help: "Draw the figures anew, and leave the pages alone.")
  var figures = false

  @Option(help: "Only draw the rooms of the package into this SVG file.")
  var floorPlan: String?

  @Argument(help: "Some of the pages.")
  var pages: [String] = []

  private static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  func run() throws {
    if let floorPlan {
      let plan = FloorPlan(
        manifest: try String(
          contentsOf: Self.root.appending(path: "Package.swift"),
          encoding: .utf8))
      return try Data(plan.svg.utf8).write(to: URL(filePath: floorPlan))
    }
    var tally = Tally()
    for url in try pageFiles() {
      let clock = ContinuousClock()
      let start = clock.now
      let page = try Page(contentsOf: url)
      let check = try PageCheck(
        page, root: Self.root, tools: Self.tools)
      defer { check.run.removeFolder() }
      tally.add(
        page, leftOut: check.leftOut,
        seconds: (clock.now - start) / .seconds(1))
      try report(check, into: &tally)
    }
    if pages.isEmpty { try checkForOrphans(into: &tally) }
    tally.printSum()
    guard tally.findings == 0 else { throw ExitCode.failure }
  }

  private func report(_ check: PageCheck, into tally: inout Tally) throws {
    let url = check.page.url
    if update || figures {
      for (made, kept) in check.redrawn {
        try Data(contentsOf: made).write(to: kept, options: .atomic)
        print("drawn: \(Self.name(of: kept))")
      }
    }
    if update, !check.corrections.isEmpty {
      try Data(check.page.text(replacing: check.corrections).utf8)
        .write(to: url, options: .atomic)
      print("rewritten: \(Self.name(of: url))")
    }
    let findings = check.findings.filter {
      switch $0.renewal {
      case .text: !update
      case .figure: !update && !figures
      case nil: true
      }
    }
    for finding in findings {
      print("\(Self.name(of: url)):\(finding.line + 1): \(finding.text)")
    }
    tally.findings += findings.count
  }

  /// Figures that no page shows.
  private func checkForOrphans(into tally: inout Tally) throws {
    let folder = Self.root.appendingPathComponent("notebooks-free-docs/figures")
    let kept = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    for name in kept.sorted() where !tally.figures.contains(name) {
      print("notebooks-free-docs/figures/\(name): no page draws it")
      tally.findings += 1
    }
  }

  private func pageFiles() throws -> [URL] {
    guard pages.isEmpty else {
      return pages.map { URL(fileURLWithPath: $0) }
    }
    let folder = Self.root.appendingPathComponent("notebooks-free-docs")
    let names = try FileManager.default.contentsOfDirectory(
      atPath: folder.path)
    return [Self.root.appendingPathComponent("README.md")]
      + names.filter { $0.hasSuffix(".md") }.sorted().map {
        folder.appendingPathComponent($0)
      }
  }

  /// The folder of this program, where `anomaly` was built too.
  private static var tools: URL {
    (Bundle.main.executableURL ?? URL(fileURLWithPath: CommandLine.arguments[0]))
      .deletingLastPathComponent()
  }

  private static func name(of url: URL) -> String {
    url.path.replacing(root.path + "/", with: "")
  }

  /// What was looked at, and what was not.
  private struct Tally {
    var findings = 0
    var figures: Set<String> = []
    private var commands = 0
    private var excerpts = 0
    private var exceptions: [String] = []
    private var loose: [String] = []
    private var seconds = 0.0

    mutating func add(
      _ page: Page, leftOut: [Page.Exception], seconds: Double
    ) {
      let name = Documentation.name(of: page.url)
      let exceptions = page.exceptions + leftOut
      print(
        name + String(repeating: " ", count: max(1, 44 - name.count))
          + "\(page.steps.count) commands, \(page.excerpts.count) excerpts, "
          + "\(page.figures.count) figures, \(exceptions.count) not run, "
          + String(format: "%.1f s", seconds))
      commands += page.steps.count - leftOut.count
      excerpts += page.excerpts.count
      figures.formUnion(
        page.figures.map { URL(fileURLWithPath: $0.kept).lastPathComponent })
      self.exceptions += exceptions.map {
        "\(name):\($0.line + 1): not run: \($0.reason)"
      }
      loose += page.steps.filter { $0.likeness != Likeness() }.map {
        "\(name):\($0.line + 1): compared within \($0.likeness.tolerance)"
      }
      self.seconds += seconds
    }

    func printSum() {
      for line in loose + exceptions { print(line) }
      print(
        "\(commands) commands run, \(excerpts) excerpts and \(figures.count) "
          + "figures compared, \(exceptions.count) blocks not run, "
          + String(format: "%.0f s; ", seconds)
          + (findings == 0 ? "all as shown" : "\(findings) stale"))
    }
  }
}
