import Foundation
import TestSupport
import Testing

@Suite struct ExportTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    let rows = noise(rows: 60, columns: 3)
    let text = (0..<rows.rows).map { row in
      rows.row(row).map { "\($0)" }.joined(separator: ",") + "\n"
    }
    try folder.write("a,b,c\n" + text.joined(), to: "table.csv")
  }

  private func fit(_ options: String...) throws {
    let run = try CommandRun(
      ["fit", "table.csv", "--model", "model"] + options, in: folder.url)
    #expect(run.status == 0, "\(run.errors)")
  }

  private func export(_ format: String, to output: String, _ options: String...)
    throws -> CommandRun
  {
    try CommandRun(
      ["export", "--model", "model", "--to", format, "--output", output]
        + options, in: folder.url)
  }

  @Test("Every format is written, and what is there is replaced by the whole")
  func formats() throws {
    try fit("--detector", "kmeans", "--n-clusters", "2")
    for (format, start) in [
      ("onnx", [0x08, 0x08]), ("npz", Array("PK".utf8)),
      ("json", Array("{".utf8)),
    ] {
      try folder.write("old", to: "out")
      let run = try export(format, to: "out")
      #expect(run.status == 0 && run.output.isEmpty, "\(run.errors)")
      #expect(try Data(contentsOf: folder.file("out")).starts(with: start))
    }
    #expect(try folder.contents == ["model", "out", "table.csv"])
  }

  @Test("The model is not written over by what is made of it")
  func ownModel() throws {
    try fit("--detector", "kmeans", "--n-clusters", "2")
    let before = try Data(contentsOf: folder.file("model"))
    for format in ["onnx", "npz", "json"] {
      try export(format, to: "./model").expectRefusal(
        status: 74, mentioning: "one of the inputs")
    }
    #expect(try Data(contentsOf: folder.file("model")) == before)
  }

  @Test("What ONNX cannot say is refused by its name")
  func refusals() throws {
    try fit("--detector", "iforest", "--extension-level", "1")
    try export("onnx", to: "out").expectRefusal(
      status: 64, mentioning: "slanted cuts", "--to npz")
    #expect(try export("npz", to: "out.npz").status == 0)
    let local = try CommandRun(
      "fit", Repository.inspection.path, "--category", "weave", "--detector",
      "local-gaussian", "--size", "64", "--model", folder.path("local"))
    #expect(local.status == 0, "\(local.errors)")
    try CommandRun(
      "export", "--model", "local", "--to", "onnx", "--output", "out",
      in: folder.url
    ).expectRefusal(status: 64, mentioning: "Gaussian", "only blocks")
    let grouped = try CommandRun(
      "fit", Repository.inspection.path, "--pool", "--groups", "2",
      "--detector", "pca", "--size", "16", "--model", folder.path("grouped"))
    #expect(grouped.status == 0, "\(grouped.errors)")
    try CommandRun(
      "export", "--model", "grouped", "--to", "onnx", "--output", "out",
      in: folder.url
    ).expectRefusal(status: 64, mentioning: "a model of groups")
    #expect(try folder.contents.contains("out") == false)
  }

  @Test("Wrong arguments are told by name")
  func arguments() throws {
    try fit("--detector", "pca")
    try export("onxx", to: "out").expectRefusal(
      status: 64, mentioning: "--to", "onnx, npz, json")
    try export("onnx", to: "out", "--quantile", "0.9", "--threshold", "1")
      .expectRefusal(status: 64, mentioning: "--quantile", "--threshold")
    try export("onnx", to: "out", "--quantile", "2").expectRefusal(
      status: 64, mentioning: "2")
    try export("onnx", to: "out", "--false-alarms", "0.1").expectRefusal(
      status: 64, mentioning: "--calibrate")
  }
}
