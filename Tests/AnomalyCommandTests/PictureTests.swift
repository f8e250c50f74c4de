import AnomalyKit
import Foundation
import TestSupport
import Testing

/// The commands that draw: `inspect` and `outliers`.
@Suite struct PictureTests {
  private let folder: TemporaryFolder
  private let output: String

  init() throws {
    folder = try TemporaryFolder()
    output = folder.path("out")
  }

  private let weave = [inspection, "--category", "weave"]

  private func fit(_ options: String...) throws -> String {
    let model = folder.path("model.safetensors")
    let run = try CommandRun(
      ["fit"] + weave + ["--size", "16", "--model", model, "--detector"]
        + options)
    #expect(run.status == 0, "\(run.errors)")
    return model
  }

  private func inspect(_ model: String, _ options: String...) throws
    -> CommandRun
  {
    try CommandRun(
      ["inspect"] + weave + ["--model", model, "--output", output] + options)
  }

  private var names: [String] {
    get throws {
      try FileManager.default.contentsOfDirectory(atPath: output).sorted()
    }
  }

  private func lines(_ name: String) throws -> [Substring] {
    try String(contentsOfFile: output + "/" + name, encoding: .utf8)
      .split(separator: "\n")
  }

  @Test("An autoencoder shows reconstructions, latent edits and its history")
  func latentEdits() throws {
    let model = try fit("fcn", "--epochs", "3", "--latent-size", "5")
    let run = try inspect(
      model, "--latent", "0*=2", "--latent", "4=1", "--count", "6")
    #expect(run.status == 0, "\(run.errors)")
    #expect(
      try names == [
        "history.csv", "history.svg", "inspection.png", "latent-codes.csv",
      ])
    let codes = try lines("latent-codes.csv")
    #expect(codes[0] == "id,0,1,2,3,4")
    #expect(codes.count == 7)
    #expect(try lines("history.csv").count == 4)
    let sheet = try PictureFile.decode(
      URL(fileURLWithPath: output + "/inspection.png"))
    #expect(sheet.shape.width > 6 * 16)
  }

  @Test("PCA shows its reconstructions, and has no latent code to edit")
  func pca() throws {
    let model = try fit("pca")
    #expect(try inspect(model).status == 0)
    #expect(try names == ["inspection.png"])
    try inspect(model, "--latent", "0*=2")
      .expectRefusal(status: 64, mentioning: "latent code")
  }

  @Test("What reconstructs nothing shows where it sees the strange")
  func heatMaps() throws {
    let model = try fit("kmeans")
    #expect(try inspect(model).status == 0)
    let sheet = try PictureFile.decode(
      URL(fileURLWithPath: output + "/inspection.png"))
    // Colours of the map among grey pictures.
    let colors = stride(from: 0, to: sheet.values.count, by: 3).count {
      sheet.values[$0 + 2] > sheet.values[$0] + 0.1
    }
    #expect(colors > 16 * 16)
    let maps = output + "/maps.npy"
    let run = try CommandRun(
      ["score"] + weave + ["--model", model, "--maps", maps])
    #expect(run.status == 0, "\(run.errors)")
    let rows = run.output.split(separator: "\n").count - 1
    let array = try Data(contentsOf: URL(fileURLWithPath: maps))
    let header = try #require(
      String(data: array.prefix(128), encoding: .isoLatin1))
    #expect(header.contains("'shape': (\(rows), 16, 16,)"))
    #expect(array.count == 128 + rows * 16 * 16 * 4)
  }

  @Test("deep-svdd, which reconstructs nothing, is compared and shows outliers")
  func withoutReconstructions() throws {
    let options = ["--size", "16", "--epochs", "1"]
    let comparison = try CommandRun(
      ["compare"] + weave + ["--detectors", "deep-svdd"] + options)
    #expect(comparison.status == 0, "\(comparison.errors)")
    let outliers = try CommandRun(
      ["outliers"] + weave + ["--detector", "deep-svdd", "--output", output]
        + options)
    #expect(outliers.status == 0, "\(outliers.errors)")
    #expect(try names.contains("outliers.png"))
  }

  @Test("What cannot be shown is refused")
  func refusals() throws {
    let model = try fit("fcn", "--epochs", "1", "--latent-size", "5")
    try inspect(model, "--latent", "5*=2")
      .expectRefusal(status: 64, mentioning: "0 to 4")
    try inspect(model, "--latent", "5!2").expectRefusal(status: 64)
    try inspect(model, "--count", "0").expectRefusal(status: 64)
    #expect(!FileManager.default.fileExists(atPath: output))
  }

  @Test("Outliers of contaminated classes are counted, listed and drawn")
  func outliers() throws {
    let run = try CommandRun(
      "outliers", fashionMNIST, "--normal-label", "1", "--anomaly-label", "8",
      "--contamination", "0.05", "--detector", "pca", "--n-components", "8",
      "--quantile", "0.95", "--output", output)
    #expect(run.status == 0, "\(run.errors)")
    #expect(
      try names == ["ordinary.png", "outliers.csv", "outliers.png"])
    let rows = try lines("outliers.csv")
    #expect(rows[0] == "id,category,label,score")
    // 128 pairs of trousers and 6 bags; 0.95 leaves 7 above.
    #expect(run.output.contains("7 of 134"))
    #expect(rows.count == 8)
    let anomalies = rows.dropFirst().count {
      $0.split(separator: ",")[2] == "1"
    }
    #expect(
      run.output.split(separator: "\n").contains {
        $0.hasPrefix("outliers that are anomalies")
          && $0.hasSuffix(" \(anomalies)")
      })
  }
}
