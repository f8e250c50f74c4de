import Reporting
import Testing

@Suite struct TableTests {
  private let table = Table(
    columns: [.init("name", .left), .init("AUC")],
    rows: [["a|b", "0.5"], ["c,\"d\"", "0.9375"]])

  @Test("Text is aligned, without spaces at line ends")
  func text() {
    #expect(
      table.text == """
        name      AUC
        -----  ------
        a|b       0.5
        c,"d"  0.9375

        """)
  }

  @Test("What a name may hold is said by no table, but shown")
  func hostileNames() {
    let name = "*a*|\u{301}\r\n<b>`|_c_$d_e$&lt;~[f](g)\u{1b}\u{202e}"
    let table = Table(columns: [.init(name, .left)], rows: [[name]])
    let shown =
      #"\*a\*\|\#u{301} \<b>\`\|\_c\_\$d_e\$\&lt;\~\[f\](g)\u{1b}\u{202e}"#
    #expect(table.markdown == "| \(shown) |\n| --- |\n| \(shown) |\n")
    #expect(
      table.text.contains(
        #"*a*|\#u{301}\u{d}\u{a}<b>`|_c_$d_e$&lt;~[f](g)\u{1b}\u{202e}"#))
  }

  @Test("A line of JSON has texts, numbers, and nothing for empty cells")
  func jsonLines() throws {
    var table = table
    table.rows.append(["é", ""])
    #expect(
      try table.jsonLines == #"""
        {"name": "a|b", "AUC": 0.5}
        {"name": "c,\"d\"", "AUC": 0.9375}
        {"name": "é"}

        """#)
  }

  @Test("Markdown escapes the bar")
  func markdown() {
    #expect(
      table.markdown == """
        | name | AUC |
        | --- | ---: |
        | a\\|b | 0.5 |
        | c,"d" | 0.9375 |

        """)
  }

  @Test("CSV quotes commas and doubles quotes")
  func csv() {
    #expect(
      table.csv == """
        name,AUC
        a|b,0.5
        "c,""d\""",0.9375

        """)
  }

  @Test("LaTeX has booktabs' rules, escaped text and bold fields")
  func latex() {
    var table = table
    table.rows[1][0] = "50 % ± 1_a"
    table.bold = [.init(row: 1, column: 1)]
    #expect(
      table.latex == """
        \\begin{tabular}{lr}
          \\toprule
          name & AUC \\\\
          \\midrule
          a\\textbar{}b & 0.5 \\\\
          50 \\% $\\pm$ 1\\_a & \\textbf{0.9375} \\\\
          \\bottomrule
        \\end{tabular}

        """)
    #expect(table.markdown.contains("| **0.9375** |"))
  }
}
