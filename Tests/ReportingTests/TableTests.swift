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
}
