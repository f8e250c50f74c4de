import Foundation
import TestSupport
import Testing

/// Tables without labels, reasons, and thresholds.
@Suite struct ExplainTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    let rows = noise(rows: 120, columns: 3, seed: 7)
    var text = "id,width,height,weight\n"
    for row in 0..<rows.rows {
      let weight = row == 40 ? 12 : rows[row, 2]
      text += "r\(row),\(rows[row, 0]),\(rows[row, 1]),\(weight)\n"
    }
    _ = try folder.write(text, to: "table.csv")
  }

  private func fit(_ options: String...) throws {
    let run = try CommandRun(
      ["fit", folder.path("table.csv"), "--model", folder.path("model")]
        + options)
    #expect(run.status == 0, "\(run.errors)")
  }

  @Test("A table without labels has its strangest rows told, with reasons")
  func unlabelled() throws {
    let run = try CommandRun(
      "compare", folder.path("table.csv"), "--output", folder.path("out"))
    #expect(run.status == 0, "\(run.errors)")
    #expect(!run.output.contains("failed"))
    let lines = run.output.split(separator: "\n")
    let ensemble = try #require(lines.first { $0.hasPrefix("ensemble") })
    #expect(ensemble.split(separator: " ")[1] == "-")
    let title = try #require(
      lines.firstIndex { $0.contains("strangest rows by ensemble") })
    let strange = lines[(title + 3)...]
    #expect(strange.count == 20)
    #expect(strange.first?.hasPrefix("r40") == true)
    #expect(strange.first?.contains("weight 12, above") == true)
    let page = try String(
      contentsOf: folder.file("out/report.html"), encoding: .utf8)
    #expect(page.contains("<meter"))
    #expect(page.contains("weight 12, above"))
  }

  @Test("The planted column is told first, in words and as CSV")
  func explain() throws {
    try fit("--detector", "mcd")
    let run = try CommandRun(
      "explain", folder.path("table.csv"), "--model", folder.path("model"),
      "--top", "2", "--output", folder.path("why.csv"))
    #expect(run.status == 0, "\(run.errors)")
    let lines = run.output.split(separator: "\n")
    #expect(lines[2].hasPrefix("r40"))
    #expect(lines[2].contains("weight") && lines[2].contains("above"))
    let rows = try String(
      contentsOfFile: folder.path("why.csv"), encoding: .utf8
    )
    .split(separator: "\n")
    #expect(
      rows[0] == "id,score,column,value,usual_low,usual_high,side,share")
    #expect(rows.count == 7)
    #expect(rows[1].contains(",weight,12.0,"))
    let chosen = try CommandRun(
      "explain", folder.path("table.csv"), "--model", folder.path("model"),
      "--rows", "r3,r40")
    #expect(chosen.output.contains("r3 ") && chosen.output.contains("r40"))
  }

  @Test(
    "Wrong arguments are told",
    arguments: [
      ["--rows", "nobody"], ["--top", "0"], ["--rows", "r1", "--top", "3"],
    ])
  func wrong(options: [String]) throws {
    try fit("--detector", "hbos")
    let run = try CommandRun(
      ["explain", folder.path("table.csv"), "--model", folder.path("model")]
        + options)
    #expect(run.status == 64)
    #expect(run.output.isEmpty)
    #expect(run.errors.contains("error:"))
  }

  @Test("False alarms are promised, changed when scoring, and told as p-values")
  func thresholds() throws {
    try fit("--detector", "gaussian", "--calibrate")
    func score(_ options: String...) throws -> (rows: [Substring], String) {
      let run = try CommandRun(
        ["score", folder.path("table.csv"), "--model", folder.path("model")]
          + options)
      #expect(run.status == 0, "\(run.errors)")
      return (run.output.split(separator: "\n"), run.errors)
    }
    func alarms(_ rate: String) throws -> Int {
      try score("--binary", "--false-alarms", rate).rows
        .count { $0.hasSuffix(",1") }
    }
    #expect(try 1...12 ~= alarms("0.05"))
    #expect(try alarms("0.2") > alarms("0.05"))
    // 120 rows promise 1/121 at the least.
    let few = try score("--binary", "--false-alarms", "0.001")
    #expect(few.1.contains("too few") && few.1.contains("0.008264"))
    let p = try score("--p-values").rows
    #expect(p[0] == "id,prediction,p")
    #expect(p[41].hasPrefix("r40,"))
    // Scored by a model of the others, it is the strangest of them.
    #expect(
      p.dropFirst().compactMap { Double($0.split(separator: ",")[2]) }
        .allSatisfy { 1.0 / 121...1 ~= $0 })
    let picked = try score("--binary", "--fdr", "0.5").rows
    #expect(picked.count == 121)
  }

  @Test("Without scores of unseen rows there is no promise, but a way on")
  func uncalibrated() throws {
    try fit("--detector", "gaussian")
    let arguments = [
      "score", folder.path("table.csv"), "--model", folder.path("model"),
      "--binary", "--false-alarms", "0.05",
    ]
    let run = try CommandRun(arguments)
    #expect(run.status == 64)
    #expect(run.errors.contains("--calibrate"))
    let others = try CommandRun(
      arguments + ["--calibration", folder.path("table.csv")])
    #expect(others.status == 0, "\(others.errors)")
  }

  @Test("Outliers by a rate of false alarms tell what is promised")
  func outliers() throws {
    struct Threshold: Decodable {
      var promised: Double?
      var samples: Int
    }
    for (rate, promised) in [("0.05", 0.05), ("0.001", nil)] {
      let run = try CommandRun(
        "outliers", folder.path("table.csv"), "--detector", "pca",
        "--false-alarms", rate, "--output", folder.path("out"))
      #expect(run.status == 0, "\(run.errors)")
      let data = try Data(contentsOf: folder.file("out/threshold.json"))
      let threshold = try JSONDecoder().decode(Threshold.self, from: data)
      #expect(threshold.promised == promised && threshold.samples == 120)
      #expect(String(decoding: data, as: UTF8.self).contains("\"promised\""))
    }
  }

  @Test(
    "Thresholds that exclude each other, or mean nothing, are refused",
    arguments: [
      ["--false-alarms", "0.1"],
      ["--binary", "--false-alarms", "0.1", "--quantile", "0.9"],
      ["--binary", "--false-alarms", "2"],
      ["--calibration", "table.csv"],
    ])
  func refused(options: [String]) throws {
    try fit("--detector", "hbos", "--calibrate")
    let run = try CommandRun(
      ["score", folder.path("table.csv"), "--model", folder.path("model")]
        + options)
    #expect(run.status == 64)
  }
}
