import Diagnostics
import Files
import Foundation
import Plots

/// A table of text, to be printed in several formats.
package struct Table: Hashable, Sendable {
  /// How the cells of a column stand.
  package enum Alignment: Sendable {
    case left
    case right
  }

  package struct Column: Hashable, Sendable {
    package var title: String
    package var alignment: Alignment

    package init(_ title: String, _ alignment: Alignment = .right) {
      self.title = title
      self.alignment = alignment
    }
  }

  /// A field, without the line of titles.
  package struct Place: Hashable, Sendable {
    package var row: Int
    package var column: Int

    package init(row: Int, column: Int) {
      self.row = row
      self.column = column
    }
  }

  package var columns: [Column]
  /// As many cells a row as there are columns.
  package var rows: [[String]]
  /// The fields that stand out, in formats that can show it.
  package var bold: Set<Place>

  package init(
    columns: [Column], rows: [[String]] = [], bold: Set<Place> = []
  ) {
    self.columns = columns
    self.rows = rows
    self.bold = bold
  }

  /// Aligned with spaces, for a terminal.
  package var text: String {
    let titles = columns.map(\.title.visible)
    let rows = rows.map { $0.map(\.visible) }
    let widths = widths(of: titles, rows)
    func line(_ cells: [String]) -> String {
      let padded = zip(zip(cells, columns), widths).map {
        pad($0.0, to: $1, $0.1.alignment)
      }
      return trimmingTrailingSpaces(padded.joined(separator: "  "))
    }
    let rule = widths.map { String(repeating: "-", count: $0) }
    return ([titles, rule] + rows).map { line($0) + "\n" }
      .joined()
  }

  /// As GitHub's Markdown has it.
  package var markdown: String {
    let rule = columns.map { $0.alignment == .left ? "---" : "---:" }
    let fields = marked(rows.map { $0.map(\.escapedForMarkdown) }) {
      "**\($0)**"
    }
    let titles = columns.map(\.title.escapedForMarkdown)
    return ([titles, rule] + fields).map {
      "| " + $0.joined(separator: " | ") + " |\n"
    }.joined()
  }

  /// For a LaTeX document that uses the package booktabs.
  package var latex: String {
    let alignments = columns.map { $0.alignment == .left ? "l" : "r" }
    func line(_ cells: [String]) -> String {
      "  \(cells.joined(separator: " & ")) \\\\\n"
    }
    let fields = marked(rows.map { $0.map(\.escapedForTeX) }) {
      "\\textbf{\($0)}"
    }
    return "\\begin{tabular}{\(alignments.joined())}\n  \\toprule\n"
      + line(columns.map(\.title.escapedForTeX)) + "  \\midrule\n"
      + fields.map(line).joined() + "  \\bottomrule\n\\end{tabular}\n"
  }

  /// As RFC 4180 has it, but with line feeds alone.
  package var csv: String {
    ([columns.map(\.title)] + rows).map(CSVText.line).joined()
  }

  /// A JSON object a line for each row, under the titles: texts where a column
  /// stands on the left, else numbers; empty cells are left out.
  package var jsonLines: String {
    get throws {
      func string(_ text: String) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .withoutEscapingSlashes
        return String(decoding: try encoder.encode(text), as: UTF8.self)
      }
      return try rows.reduce(into: "") { lines, row in
        let fields = try zip(columns, row).filter { !$0.1.isEmpty }.map {
          "\(try string($0.title)): \($0.alignment == .left ? try string($1) : $1)"
        }
        lines += "{\(fields.joined(separator: ", "))}\n"
      }
    }
  }

  /// The rows with the bold fields changed.
  private func marked(
    _ rows: [[String]], by mark: (String) -> String
  ) -> [[String]] {
    var rows = rows
    for place in bold {
      rows[place.row][place.column] = mark(rows[place.row][place.column])
    }
    return rows
  }

  private func widths(of header: [String], _ rows: [[String]]) -> [Int] {
    rows.reduce(header.map(\.count)) { widths, row in
      zip(widths, row).map { max($0, $1.count) }
    }
  }

  private func pad(
    _ text: String, to width: Int, _ alignment: Alignment
  ) -> String {
    let space = String(repeating: " ", count: width - text.count)
    return alignment == .left ? text + space : space + text
  }

  private func trimmingTrailingSpaces(_ text: String) -> String {
    guard let last = text.lastIndex(where: { $0 != " " }) else { return "" }
    return String(text[...last])
  }
}

extension String {
  /// As a cell or a line of Markdown that says no more than this text.
  package var escapedForMarkdown: String {
    // Scalar by scalar: in a `Character`, accents hide what stands before them.
    let scalars = Array(replacing("\r\n", with: "\n").unicodeScalars)
    return scalars.indices.map { place in
      let scalar = scalars[place]
      if Character(scalar).isNewline { return " " }
      // Inside of a word it says nothing.
      let isInWord = [place - 1, place + 1].allSatisfy {
        scalars.indices.contains($0) && Character(scalars[$0]).isLetterOrNumber
      }
      let isMark =
        scalar == "_"
        ? !isInWord : "\\|<*`[]~$&".unicodeScalars.contains(scalar)
      return isMark ? "\\\(scalar)" : "\(scalar)"
    }.joined().visible
  }
}

extension Character {
  fileprivate var isLetterOrNumber: Bool { isLetter || isNumber }
}
