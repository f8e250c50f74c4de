import AnomalyKit
import Foundation
import TestSupport
import Testing

/// Names that say something to a shell, a table, a page or a terminal, through
/// every output and back.
@Suite("Names that mean harm")
struct HostileNameTests {
  private let folder: TemporaryFolder

  private static let names = [
    "a,b", "\"q\"", "n\nl", "<script>x", "$HOME$", #"back\slash"#, "_a_",
    "100%", "#1", "a&amp;b", "-x", "=1+1", "*b*|`c`", "\u{1b}[31m",
    "\u{202e}x", "e\u{301}", " lead", "tail ", "NA", "'",
  ]
  /// All of it in one.
  private static let worst =
    "-=,\"'\n<script>$\\_%#&{}~^|*`[x](y)\u{1b}\u{202e}e\u{301}"

  init() throws {
    folder = try TemporaryFolder()
    let pictures = inspection + "/bolt/train/good/"
    func copy(_ number: Int, to name: String) throws {
      let file = folder.file("\(Self.worst)/\(name).png")
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try FileManager.default.copyItem(
        atPath: pictures + String(format: "%03d.png", number), toPath: file.path
      )
    }
    for number in 0..<6 { try copy(number, to: "train/good/\(number)") }
    for (number, name) in Self.names.enumerated() {
      let kind = number.isMultiple(of: 2) ? "good" : Self.worst
      try copy(number, to: "test/\(kind)/\(name)")
    }
  }

  private func run(_ arguments: String...) throws {
    let run = try CommandRun(arguments, in: folder.url)
    #expect(run.status == 0, "\(arguments): \(run.errors)")
    // What a terminal would obey.
    for text in [run.output, run.errors] {
      #expect(!text.contains("\u{1b}") && !text.contains("\u{202e}"))
    }
  }

  /// The fields of the lines below the first, by the names in that.
  private func rows(_ name: String) throws -> [[String: String]] {
    let lines = try fields(of: Data(contentsOf: folder.file(name)))
    let header = try #require(lines.first)
    return lines.dropFirst().map {
      #expect($0.count == header.count, "\(name)")
      return Dictionary(uniqueKeysWithValues: zip(header, $0))
    }
  }

  private func ids(_ name: String) throws -> Set<String> {
    Set(try rows(name).compactMap { $0["id"] })
  }

  private func text(_ name: String) throws -> String {
    try String(contentsOf: folder.file(name), encoding: .utf8)
  }

  /// Parses, says nothing but text, and tells the name.
  private func checkPage(_ name: String) throws {
    let page = try text(name)
    #expect(!page.contains("<script>$"))
    #expect(!page.contains("\u{1b}"))
    _ = try XMLTree(page)
  }

  private func checkMarkdown(_ name: String) throws {
    let text = try text(name).replacing(#/\\[\\|<*`_$&~\[\]]/#, with: "")
    #expect(!text.contains(/[<$`~\[\u{1b}\u{202e}]/), "\(text)")
    for table in text.split(separator: "\n\n") where table.hasPrefix("|") {
      let bars = table.split(separator: "\n").map { line in
        line.count { $0 == "|" }
      }
      #expect(Set(bars).count == 1, "\(table)")
    }
  }

  private func checkLaTeX(_ name: String) throws {
    let text = try text(name).replacing(#/\\[&%$#_{}]|\$\\pm\$/#, with: "")
    #expect(!text.contains(/[%$#_^~\u{1b}]/), "\(text)")
    let lines = text.split(separator: "\n").filter { $0.hasSuffix(#"\\"#) }
    #expect(lines.count >= 2)
    let fields = lines.map { line in line.count { $0 == "&" } }
    #expect(Set(fields).count == 1, "\(text)")
  }

  @Test("Ids of pictures come back from scores, submissions and conversions")
  func pictures() throws {
    let (worst, all) = ("./" + Self.worst, Set(Self.names))
    let model = worst + ".model"
    try run(
      "fit", worst, "--kind", "folders", "--model", model, "--detector", "pca",
      "--size", "16")
    try run(
      "score", worst, "--kind", "folders", "--model", model, "--output",
      "scores.csv")
    #expect(try ids("scores.csv") == all)
    try run(
      "submit", worst, "--kind", "folders", "--detector", "pca", "--size", "16",
      "--output", "submission.csv")
    #expect(try ids("submission.csv") == all)
    try run(
      "combine", "scores.csv", "submission.csv", "--output", "combined.csv")
    #expect(try ids("combined.csv") == all)

    let labels = Self.names.enumerated().map { [$1, "\($0 % 2)"] }
    try folder.write(
      ([["id", "label"]] + labels).map(line).joined(), to: "labels.csv")
    try run("evaluate", "combined.csv", "--labels", "labels.csv")
    try run(
      "outliers", worst, "--kind", "folders", "--model", model, "--quantile",
      "0.5", "--output", "outliers")
    #expect(try ids("outliers/outliers.csv").isSubset(of: all))
    #expect(try !ids("outliers/outliers.csv").isEmpty)
    try run(
      "dataset", "convert", worst, "--kind", "folders", "--to", "folders",
      "--output", "converted")
    #expect(
      Set(
        try FileManager.default.contentsOfDirectory(
          atPath: folder.path("converted/test")
        ).map { String($0.dropLast(4)) }) == all)
  }

  @Test(
    "Categories and kinds of defects come back from comparisons and studies")
  func categories() throws {
    let worst = "./" + Self.worst
    struct Info: Decodable {
      struct Category: Decodable { var name: String }
      var categories: [Category]
    }
    let info = try CommandRun(
      "dataset", "info", worst, "--json", in: folder.url)
    #expect(try info.json(Info.self).categories.map(\.name) == [Self.worst])
    try run("dataset", "info", worst)

    try run(
      "compare", worst, "--detectors", "pca,kmeans", "--size", "16", "--output",
      "compared")
    for name in ["results.csv", "scores.csv"] {
      let categories = try rows("compared/" + name).map { $0["category"] }
      #expect(Set(categories) == [Self.worst])
    }
    let json = try JSONDecoder().decode(
      Results.self, from: Data(contentsOf: folder.file("compared/results.json"))
    )
    #expect(json.results.map(\.category) == [Self.worst, Self.worst])
    #expect(json.results.allSatisfy { $0.defectAurocs[Self.worst] != nil })
    try checkMarkdown("compared/table.md")
    try checkPage("compared/report.html")

    let name = String(
      decoding: try JSONEncoder().encode(Self.worst), as: UTF8.self)
    try folder.write(
      "name: \(name)\ndatasets: [{path: \(name)}]\nbaseline: {size: 16}\nvary: {detector: [pca, kmeans]}\n",
      to: "study.yaml")
    for _ in 0..<2 { try run("ablate", "study.yaml", "--output", "studied") }
    #expect(
      Set(try rows("studied/results.csv").map { $0["category"] }) == [
        Self.worst
      ])
    let tables = try FileManager.default.contentsOfDirectory(
      atPath: folder.path("studied/tables"))
    #expect(!tables.isEmpty)
    for table in tables {
      if table.hasSuffix(".md") { try checkMarkdown("studied/tables/" + table) }
      if table.hasSuffix(".tex") { try checkLaTeX("studied/tables/" + table) }
      if table.hasSuffix(".csv") { _ = try rows("studied/tables/" + table) }
    }
    try checkPage("studied/report.html")
  }

  private struct Results: Decodable {
    struct Result: Decodable {
      var category: String
      var defectAurocs: [String: Double]
    }
    var results: [Result]
  }

  @Test("Pictures that are checked keep their names")
  func checked() throws {
    let worst = "./" + Self.worst
    try run(
      "check", worst + "/train/good", worst + "/test", "--output", "checked")
    let expected = Set(Self.names)
    #expect(try ids("checked/checked.csv") == expected)
    struct Document: Decodable {
      struct Picture: Decodable { var id, overlay, mask: String }
      var pictures: [Picture]
    }
    let document = try JSONDecoder().decode(
      Document.self, from: Data(contentsOf: folder.file("checked/checked.json"))
    )
    #expect(Set(document.pictures.map(\.id)) == expected)
    for file in document.pictures.flatMap({ [$0.overlay, $0.mask] }) {
      #expect(
        FileManager.default.fileExists(atPath: folder.path("checked/" + file)),
        "\(file)")
    }
    try checkPage("checked/report.html")
  }

  @Test("Columns and ids of tables come back from models and explanations")
  func tables() throws {
    let rows = Self.names.enumerated().map {
      [$1, "\($0 % 3)", "\($0 == 7 ? 90 : $0 % 5)", "\($0 == 7 ? 1 : 0)"]
    }
    try folder.write(
      ([["id", Self.worst, "_b_", "label"]] + rows).map(line).joined(),
      to: "table.csv")
    try run("fit", "table.csv", "--detector", "pca", "--model", "model")
    try run("score", "table.csv", "--model", "model", "--output", "scores.csv")
    #expect(try ids("scores.csv") == Set(Self.names))
    try run(
      "explain", "table.csv", "--model", "model", "--output", "reasons.csv")
    #expect(
      Set(try self.rows("reasons.csv").compactMap { $0["column"] }) == [
        Self.worst, "_b_",
      ])
    #expect(try ids("reasons.csv") == Set(Self.names))
    try run(
      "compare", "table.csv", "--detectors", "pca", "--output", "compared")
    #expect(
      Set(try self.rows("compared/scores.csv").map { $0["id"] })
        == Set(Self.names))
    try checkMarkdown("compared/table.md")
    try checkPage("compared/report.html")
  }
}

/// A line of RFC 4180, with all fields quoted.
private func line(_ fields: [String]) -> String {
  fields.map { "\"" + $0.replacing("\"", with: "\"\"") + "\"" }
    .joined(separator: ",") + "\n"
}

/// The records of RFC 4180.
private func fields(of bytes: Data) -> [[String]] {
  var records: [[String]] = []
  var record: [String] = []
  var field: [UInt8] = []
  var (isQuoted, wasQuoted) = (false, false)
  let quote = UInt8(ascii: "\"")
  for byte in bytes {
    switch byte {
    case quote:
      if !isQuoted, wasQuoted { field.append(quote) }
      isQuoted.toggle()
      wasQuoted = !isQuoted
    case UInt8(ascii: ",") where !isQuoted, UInt8(ascii: "\n") where !isQuoted:
      record.append(String(decoding: field, as: UTF8.self))
      (field, wasQuoted) = ([], false)
      if byte == UInt8(ascii: "\n") {
        records.append(record)
        record = []
      }
    default: field.append(byte)
    }
  }
  return records
}
