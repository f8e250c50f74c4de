import Foundation
import TestSupport
import Testing

@testable import Documentation

@Suite struct DocumentationTests {
  private func page(_ text: String) -> Page {
    Page(text, at: URL(fileURLWithPath: "/nowhere/page.md"))
  }

  @Test("A console block is commands and what they print")
  func console() {
    let page = page(
      """
      ```console
      $ one \\
      >     --more
      first
      second
      $ two
      ```
      """)
    #expect(page.steps.map(\.command) == ["one \\\n    --more", "two"])
    #expect(page.steps.map(\.output) == [3..<5, 6..<6])
    #expect(page.doubts.isEmpty)
  }

  @Test("Every block is run, repeated from a source, excepted, or doubted")
  func kindsOfBlocks() {
    let page = page(
      """
      ```sh
      run
      ```
      <!-- not run: needs apt -->
      ```sh
      make
      ```
      <!-- from: a.swift part -->
      ```swift
      let a = 1
      ```
      <!-- output of: cat x --y -->
      ```json
      {}
      ```
      <!-- figure: out/a.svg figures/a.svg -->
      ![a](figures/a.svg)
      ```swift
      let b = 1
      ```

          indented
      """)
    #expect(page.steps.map(\.command) == ["run", "cat x --y"])
    #expect(page.exceptions.map(\.reason) == ["needs apt"])
    #expect(page.excerpts.map(\.name) == ["part"])
    #expect(page.figures.map(\.kept) == ["figures/a.svg"])
    #expect(page.links.map(\.target) == ["figures/a.svg"])
    #expect(page.doubts.map(\.line) == [17, 21])
  }

  @Test("A block becomes a file, and what it needs may be missing")
  func filesAndNeeds() throws {
    let folder = try TemporaryFolder()
    let url = try folder.write(
      """
      <!-- file: greet.sh -->
      ```sh
      echo "it's $1"
      ```
      <!-- needs: false -->
      ```console
      $ false
      never
      ```
      ## Next
      <!-- needs: true -->
      ```console
      $ sh greet.sh here
      it's here
      ```
      """, to: "page.md")
    let check = try PageCheck(
      Page(contentsOf: url), root: folder.url, tools: folder.url)
    defer { check.run.removeFolder() }
    #expect(check.findings.isEmpty)
    #expect(check.leftOut.map(\.line) == [6])
    #expect(check.run.outcomes.map(\.status) == [0, nil, 0])
  }

  @Test("Times and the width of their columns are noise, other figures are not")
  func noise() {
    let shown = [
      "detector    AUC  fit s", "--------  -----  -----",
      "pca       0.912   0.02",
    ]
    func output(_ auc: String) -> [String] {
      [
        "detector    AUC   fit s", "--------  -----  ------",
        "pca       \(auc)  101.50",
      ]
    }
    #expect(Likeness().holds(output("0.912"), expected: shown))
    #expect(Likeness().holds(output("0.914"), expected: shown))
    #expect(!Likeness().holds(output("0.952"), expected: shown))
    #expect(Likeness().holds(["took 12.5 s"], expected: ["took 3 s"]))
    #expect(!Likeness().holds(["7 rows"], expected: ["8 rows"]))
    #expect(
      Likeness().holds(
        ["seed,fitSeconds", "0,12.5"], expected: ["seed,fitSeconds", "0,1"]))
    #expect(
      !Likeness().holds(
        ["seed,fitSeconds", "1,12.5"], expected: ["seed,fitSeconds", "0,1"]))
  }

  @Test("A block may give its numbers more room")
  func tolerance() {
    let page = page(
      """
      <!-- tolerance: 0.3 -->
      ```console
      $ train
      AUC 0.5
      ```
      """)
    #expect(page.steps[0].likeness.holds(["AUC 0.7"], expected: ["AUC 0.5"]))
    #expect(!page.steps[0].likeness.holds(["AUC 0.9"], expected: ["AUC 0.5"]))
  }

  @Test("A line of dots stands for any lines, also when output is renewed")
  func dots() {
    let shown = ["first", "...", "last"]
    #expect(Likeness().holds(["first", "a", "b", "last"], expected: shown))
    #expect(Likeness().holds(["first", "last"], expected: shown))
    #expect(!Likeness().holds(["first", "a"], expected: shown))
    #expect(shortened(["1", "2", "3", "4"], as: shown) == ["1", "...", "4"])
  }

  @Test("A part of a source loses the indentation of all its lines")
  func parts() {
    let source = """
      func f() {
        // docs: loop
        for x in y {
          print(x)
        }
        // docs: end
      }
      """
    #expect(part("loop", of: source) == ["for x in y {", "  print(x)", "}"])
    #expect(part("other", of: source) == nil)
  }

  @Test("Stale output, failures and missing figures are found and mended")
  func check() throws {
    let folder = try TemporaryFolder()
    let page = Page(
      """
      ```console
      $ echo a > made.svg; echo one
      two
      $ false
      $ (exit 65)
      $ echo $?
      65
      ```
      <!-- figure: made.svg never.svg -->
      [gone](gone.md)
      """, at: folder.file("page.md"))
    let check = try PageCheck(page, root: folder.url, tools: folder.url)
    defer { check.run.removeFolder() }
    #expect(check.findings.map(\.line) == [1, 3, 8, 9])
    #expect(check.redrawn.map(\.kept.lastPathComponent) == ["never.svg"])
    #expect(
      page.text(replacing: check.corrections).contains("echo one\none\n$ false")
    )
  }

  @Test("The floor plan draws each room and the nearest of what it imports")
  func floorPlan() {
    let plan = FloorPlan(
      manifest: """
        room("Ground"),
        room("First", ["Ground", "CZlib"]),
        room(
          "Second",
          [
            "Ground", "First", .product(name: "Yams", package: "Yams"),
          ], testedWith: ["Third"]),
        """)
    #expect(plan.rooms == ["Ground", "First", "Second"])
    #expect(plan.nearestImports(of: "Ground") == [])
    #expect(plan.nearestImports(of: "First") == ["Ground"])
    #expect(plan.nearestImports(of: "Second") == ["First"])
    let svg = plan.svg
    #expect(svg.components(separatedBy: "<title>").count == 3)
    #expect(svg.contains("Second imports First"))
  }
}
