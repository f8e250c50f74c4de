import Foundation

/// A page of the documentation, read as a script.
///
/// Every fenced block says what becomes of it:
/// - `console`: lines that begin with `$ ` are run (they go on in lines that
///   begin with `> `), the lines after one are what it prints, `...` alone on a line stands for any lines;
/// - `sh`: is run and must succeed, what it prints is not shown;
/// - `swift`, after `<!-- from: FILE NAME -->`: repeats the lines between
///   `// docs: NAME` and `// docs: end` of that file;
/// - any, after `<!-- output of: COMMAND -->`: what that command prints;
/// - any, after `<!-- not run: REASON -->`: is left alone, and counted;
/// - any, after `<!-- file: NAME -->`: becomes this file of the scratch folder;
/// - `math`: is a formula.
///
/// `<!-- tolerance: NUMBER -->` before a block lets its numbers differ by more
/// than `Likeness` does by itself, as those of adversarial training must.
/// `<!-- run: COMMAND -->` on a line of its own is run like `sh`.
/// `<!-- needs: COMMAND -->` on a line of its own leaves the blocks from there to
/// the next heading alone where the command fails, and counts them.
/// `<!-- figure: MADE KEPT -->` says that the commands make the file MADE, of
/// which the page shows the copy KEPT.
struct Page {
  /// One command and what it is said to print.
  struct Step {
    var command: String
    /// Where the page has it, counted from 0.
    var line: Int
    /// The lines of the page with its output; nil when that is not shown.
    var output: Range<Int>?
    var likeness = Likeness()
    /// The command without whose success this one is left alone.
    var needs: String?
  }

  /// A block that repeats a part of a source file.
  struct Excerpt {
    var file: String
    var name: String
    var lines: Range<Int>
  }

  struct Figure {
    /// Below the scratch folder.
    var made: String
    /// Below the folder of the page.
    var kept: String
    var line: Int
  }

  /// A block that is left alone.
  struct Exception {
    var reason: String
    var line: Int
  }

  /// Something in the page that nobody would check.
  struct Doubt {
    var text: String
    var line: Int
  }

  let url: URL
  private(set) var lines: [String]
  private(set) var steps: [Step] = []
  private(set) var excerpts: [Excerpt] = []
  private(set) var figures: [Figure] = []
  private(set) var exceptions: [Exception] = []
  private(set) var doubts: [Doubt] = []
  /// Paths that the page links to, without those of the network.
  private(set) var links: [(target: String, line: Int)] = []

  init(contentsOf url: URL) throws {
    self.init(try String(contentsOf: url, encoding: .utf8), at: url)
  }

  init(_ text: String, at url: URL) {
    self.url = url
    lines = text.split(separator: "\n", omittingEmptySubsequences: false)
      .map(String.init)
    read()
  }

  /// The page with some of its lines replaced.
  func text(replacing edits: [(lines: Range<Int>, by: [String])]) -> String {
    var lines = lines
    for edit in edits.sorted(by: { $0.lines.lowerBound > $1.lines.lowerBound })
    {
      lines.replaceSubrange(edit.lines, with: edit.by)
    }
    return lines.joined(separator: "\n")
  }

  private mutating func read() {
    var index = 0
    var needs: String?
    while index < lines.count {
      let line = lines[index]
      if line.hasPrefix("```") {
        let end =
          lines[(index + 1)...].firstIndex { $0.hasPrefix("```") }
          ?? lines.count
        let first = steps.count
        readBlock(
          language: String(line.drop { $0 == "`" }), lines: index + 1..<end)
        for step in first..<steps.count { steps[step].needs = needs }
        index = end + 1
        continue
      }
      if line.hasPrefix("    "), index == 0 || lines[index - 1].isEmpty {
        doubts.append(Doubt(text: "an indented block: fence it", line: index))
      }
      if line.hasPrefix("#") { needs = nil }
      needs = comment("needs", at: index) ?? needs
      if let command = comment("run", at: index) {
        steps.append(
          Step(command: command, line: index, output: nil, needs: needs))
      }
      if let (made, kept) = comment("figure", at: index).flatMap(pair) {
        figures.append(Figure(made: made, kept: kept, line: index))
      }
      for link in line.matches(of: /\]\(([^)#:\s]+)(#[^)]*)?\)/) {
        links.append((String(link.1), index))
      }
      index += 1
    }
  }

  private mutating func readBlock(language: String, lines range: Range<Int>) {
    let fence = range.lowerBound - 1
    if let reason = comment("not run", at: fence - 1) {
      exceptions.append(Exception(reason: reason, line: fence))
    } else if let file = comment("file", at: fence - 1) {
      let end = "END_OF_FILE"
      steps.append(
        Step(
          command: "cat > \(file) <<'\(end)'\n"
            + (lines[range] + [end]).joined(separator: "\n"),
          line: fence, output: nil))
    } else if let command = comment("output of", at: fence - 1) {
      steps.append(
        Step(
          command: command, line: fence, output: range,
          likeness: likeness(at: fence - 2)))
    } else if let (file, name) = comment("from", at: fence - 1).flatMap(pair) {
      excerpts.append(Excerpt(file: file, name: name, lines: range))
    } else if language == "sh" {
      steps.append(
        Step(
          command: lines[range].joined(separator: "\n"), line: fence + 1,
          output: nil))
    } else if language == "console" {
      readConsole(range, likeness(at: fence - 1))
    } else if language != "math" {
      doubts.append(
        Doubt(text: "a block of \(language) without a source", line: fence))
    }
  }

  private mutating func readConsole(
    _ range: Range<Int>, _ likeness: Likeness
  ) {
    var index = range.lowerBound
    while index < range.upperBound {
      guard lines[index].hasPrefix("$ ") else {
        doubts.append(Doubt(text: "output without a command", line: index))
        return
      }
      let start = index
      var command = lines[index].dropFirst(2)
      while index + 1 < range.upperBound, lines[index + 1].hasPrefix("> ") {
        index += 1
        command += "\n" + lines[index].dropFirst(2)
      }
      let output = index + 1
      index =
        lines[output..<range.upperBound].firstIndex { $0.hasPrefix("$ ") }
        ?? range.upperBound
      steps.append(
        Step(
          command: String(command), line: start, output: output..<index,
          likeness: likeness))
    }
  }

  private func likeness(at index: Int) -> Likeness {
    comment("tolerance", at: index).flatMap(Double.init)
      .map { Likeness(tolerance: $0) } ?? Likeness()
  }

  /// What a comment of that key says, on a line of its own.
  private func comment(_ key: String, at index: Int) -> String? {
    guard lines.indices.contains(index) else { return nil }
    let (start, end) = ("<!-- \(key): ", " -->")
    guard lines[index].hasPrefix(start), lines[index].hasSuffix(end) else {
      return nil
    }
    return String(lines[index].dropFirst(start.count).dropLast(end.count))
  }
}

private func pair(_ text: String) -> (String, String)? {
  let words = text.split(separator: " ")
  return words.count == 2 ? (String(words[0]), String(words[1])) : nil
}
