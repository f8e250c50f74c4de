import Foundation

/// Whether printed text says the same, noise aside: times, rates, memory and
/// dates are masked, the spaces between words do not count, and numbers with a
/// decimal point may differ by what another processor's rounding brings.
struct Likeness: Hashable {
  /// Relative to the number, and to 1 for numbers below 1.
  var tolerance = 0.005

  /// Whether the output is what was expected; an expected line of `...` stands
  /// for any lines.
  func holds(_ output: [String], expected: [String]) -> Bool {
    matches(masked(expected)[...], masked(output)[...])
  }

  /// The lines that tell the two apart, marked with - (expected) and + (got).
  func difference(_ output: [String], expected: [String]) -> [String] {
    let (maskedOutput, maskedExpected) = (masked(output), masked(expected))
    let changes = zip(maskedOutput, output).map { $0 }.difference(
      from: zip(maskedExpected, expected).map { $0 }
    ) { agree($0.0, $1.0) }
    return changes.removals.compactMap { change in
      guard case .remove(_, let line, _) = change, line.1 != "..." else {
        return nil
      }
      return "- " + line.1
    }
      + changes.insertions.compactMap { change in
        guard case .insert(_, let line, _) = change else { return nil }
        return "+ " + line.1
      }
  }

  private func matches(
    _ expected: ArraySlice<String>, _ output: ArraySlice<String>
  ) -> Bool {
    guard let first = expected.first else { return output.isEmpty }
    if first == "..." {
      return (output.startIndex...output.endIndex).contains {
        matches(expected.dropFirst(), output[$0...])
      }
    }
    guard let line = output.first, agree(first, line) else { return false }
    return matches(expected.dropFirst(), output.dropFirst())
  }

  private func agree(_ expected: String, _ line: String) -> Bool {
    if expected == line { return true }
    let (ours, theirs) = (pieces(of: expected), pieces(of: line))
    return ours.count == theirs.count
      && zip(ours, theirs).allSatisfy { $0 == $1 || areClose($0, $1) }
  }

  private func areClose(_ one: Substring, _ other: Substring) -> Bool {
    guard one.contains("."), let one = Double(one), let other = Double(other)
    else { return false }
    return abs(one - other) <= tolerance * max(1, abs(one))
  }

  /// Numbers, and what stands between them and spaces.
  private func pieces(of line: String) -> [Substring] {
    line.matches(of: /[0-9]+(?:\.[0-9]+)?(?:e[-+]?[0-9]+)?|[^0-9\s]+/)
      .map(\.output)
  }
}

/// The lines with a ~ in place of what changes from run to run.
private func masked(_ lines: [String]) -> [String] {
  var noisyColumns: [Range<Int>] = []
  var noisyFields: Set<Int> = []
  return lines.enumerated().map { index, line in
    if isRule(line), index > 0 {
      noisyColumns = columns(of: line).filter {
        isNoisy(characters(of: lines[index - 1], in: $0))
      }
      // A wider figure makes a wider rule.
      return line.replacing(/-+/, with: "-")
    }
    if line.isEmpty { noisyColumns = [] }
    let fields = line.split(separator: ",", omittingEmptySubsequences: false)
    let named = fields.indices.filter { fields[$0].hasSuffix("Seconds") }
    if !named.isEmpty {
      noisyFields = Set(named)
      return line
    }
    var line = line
    if let last = noisyFields.max(), last < fields.count {
      line = fields.indices.map { noisyFields.contains($0) ? "~" : fields[$0] }
        .joined(separator: ",")
    }
    for column in noisyColumns.reversed() {
      line = replacing(column, of: line)
    }
    return line.replacing(/("\w*Seconds" : )[0-9.e-]+/) { "\($0.1)~" }
      .replacing(/[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]+Z/, with: "~")
      .replacing(/[0-9.]+ (s|seconds?|minutes?|images\/s|MB|GB)\b/) {
        "~ \($0.1)"
      }
  }
}

/// Whether the figures below this title change from run to run.
private func isNoisy(_ title: String) -> Bool {
  title.trimmingCharacters(in: .whitespaces)
    .wholeMatch(of: /.* s|.*[sS]econds/) != nil
}

/// Whether the line parts the titles of a table from its rows.
private func isRule(_ line: String) -> Bool {
  line.contains("--") && line.allSatisfy { $0 == "-" || $0 == " " }
}

private func columns(of rule: String) -> [Range<Int>] {
  rule.matches(of: /-+/).map {
    let start = rule.distance(from: rule.startIndex, to: $0.startIndex)
    return start..<start + $0.output.count
  }
}

private func characters(of line: String, in column: Range<Int>) -> String {
  String(line.dropFirst(column.lowerBound).prefix(column.count))
}

private func replacing(_ column: Range<Int>, of line: String) -> String {
  guard line.count > column.lowerBound else { return line }
  return line.prefix(column.lowerBound) + "~"
    + line.dropFirst(column.upperBound)
}
