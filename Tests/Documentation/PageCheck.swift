import Foundation

/// What a page says held against what its commands do.
struct PageCheck {
  /// Something stale, with its place.
  struct Finding {
    var line: Int
    var text: String
    /// What the commands tell how to mend; nil is for the author.
    var renewal: Renewal?
  }

  enum Renewal {
    case text
    case figure
  }

  let page: Page
  private(set) var findings: [Finding] = []
  /// Commands that need what is not there.
  private(set) var leftOut: [Page.Exception] = []
  /// What the page would have to say in the lines that are stale.
  private(set) var corrections: [(lines: Range<Int>, by: [String])] = []
  /// Figures that changed: where they were made, where they are kept.
  private(set) var redrawn: [(made: URL, kept: URL)] = []
  /// Holds the figures until they are copied.
  let run: PageRun

  init(_ page: Page, root: URL, tools: URL) throws {
    self.page = page
    run = try PageRun(page, root: root, tools: tools)
    findings = page.doubts.map { Finding(line: $0.line, text: $0.text) }
    checkSteps()
    checkExcerpts(root: root)
    try checkFigures()
    checkLinks()
    findings.sort { $0.line < $1.line }
  }

  private mutating func checkSteps() {
    for (index, (step, outcome)) in zip(page.steps, run.outcomes).enumerated() {
      if outcome.isLeftOut {
        leftOut.append(
          Page.Exception(
            reason: "needs \(step.needs ?? "what is not there")",
            line: step.line))
        continue
      }
      // A page shows that a command fails by asking for its status next.
      let isAskedFor =
        index + 1 < page.steps.count
        && page.steps[index + 1].command == "echo $?"
      if outcome.status != 0, !isAskedFor {
        let status = outcome.status.map { "status \($0)" } ?? "never ended"
        report(
          step.line,
          ["failed (\(status)): \(step.command)"]
            + outcome.output.map { "+ " + $0 })
      }
      guard let lines = step.output else { continue }
      let expected = Array(page.lines[lines])
      guard !step.likeness.holds(outcome.output, expected: expected) else {
        continue
      }
      report(
        step.line,
        ["prints something else: \(step.command)"]
          + step.likeness.difference(outcome.output, expected: expected),
        .text)
      corrections.append((lines, shortened(outcome.output, as: expected)))
    }
  }

  private mutating func checkExcerpts(root: URL) {
    for excerpt in page.excerpts {
      let line = excerpt.lines.lowerBound - 1
      let file = root.appendingPathComponent(excerpt.file)
      guard let source = try? String(contentsOf: file, encoding: .utf8),
        let lines = part(excerpt.name, of: source)
      else {
        report(line, ["no part \(excerpt.name) in \(excerpt.file)"])
        continue
      }
      if lines != Array(page.lines[excerpt.lines]) {
        report(
          line, ["differs from \(excerpt.name) in \(excerpt.file)"],
          .text)
        corrections.append((excerpt.lines, lines))
      }
    }
  }

  private mutating func checkFigures() throws {
    for figure in page.figures {
      let made = run.folder.appendingPathComponent(figure.made)
      let kept = besides(figure.kept)
      let manager = FileManager.default
      guard manager.fileExists(atPath: made.path) else {
        report(figure.line, ["the commands do not make \(figure.made)"])
        continue
      }
      if try !manager.fileExists(atPath: kept.path)
        || !showTheSame(made, kept)
      {
        report(
          figure.line, ["\(figure.kept) shows something else"],
          .figure)
        redrawn.append((made, kept))
      }
    }
  }

  private mutating func checkLinks() {
    let drawn = Set(page.figures.map(\.kept))
    for (target, line) in page.links
    where !drawn.contains(target)
      && !FileManager.default.fileExists(atPath: besides(target).path)
    {
      report(line, ["a link to \(target), which does not exist"])
    }
  }

  private mutating func report(
    _ line: Int, _ text: [String], _ renewal: Renewal? = nil
  ) {
    findings.append(
      Finding(
        line: line, text: text.joined(separator: "\n    "),
        renewal: renewal))
  }

  private func besides(_ path: String) -> URL {
    page.url.deletingLastPathComponent().appendingPathComponent(path)
  }
}

/// Output cut where the page cuts it with a line of `...`.
func shortened(_ output: [String], as expected: [String]) -> [String] {
  guard let cut = expected.firstIndex(of: "...") else { return output }
  let tail = expected.count - cut - 1
  guard output.count > cut + tail else { return output }
  return output.prefix(cut) + ["..."] + output.suffix(tail)
}

/// The lines between `// docs: NAME` and `// docs: end`, with no more
/// indentation than they need.
func part(_ name: String, of source: String) -> [String]? {
  let lines = source.split(separator: "\n", omittingEmptySubsequences: false)
  func words(_ line: Substring) -> String {
    line.trimmingCharacters(in: .whitespaces)
  }
  guard
    let start = lines.firstIndex(where: { words($0) == "// docs: \(name)" }),
    let end = lines[start...].firstIndex(where: { words($0) == "// docs: end" })
  else { return nil }
  let body = lines[(start + 1)..<end]
  let indentation =
    body.filter { !$0.isEmpty }.map { $0.prefix { $0 == " " }.count }.min() ?? 0
  return body.map { String($0.dropFirst(indentation)) }
}
