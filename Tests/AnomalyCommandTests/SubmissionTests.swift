import Foundation
import TestSupport
import Testing

@Suite struct SubmissionTests {
  private func rows(_ path: String) throws -> [Substring] {
    let text = try String(contentsOfFile: path, encoding: .utf8)
    #expect(text.hasSuffix("\n") && !text.hasSuffix("\n\n"))
    #expect(!text.contains("\r"))
    return text.dropLast().split(
      separator: "\n", omittingEmptySubsequences: false)
  }

  @Test(
    "Every format has its header and one row an image in numeric order",
    arguments: [
      ("id-prediction", "id,prediction"), ("ID-score", "ID,score"),
      ("Id-Predicted", "Id,Predicted"),
    ])
  func formats(format: String, header: String) throws {
    let folder = try TemporaryFolder()
    let run = try CommandRun(
      "submit", inspection, "--pool", "--size", "16", "--detector", "pca",
      "--format", format, "--output", folder.path("submission.csv"))
    #expect(run.status == 0)
    #expect(run.output.isEmpty)
    let rows = try rows(folder.path("submission.csv"))
    #expect(rows[0] == header)
    #expect(
      rows.dropFirst().map { $0.prefix { $0 != "," } }
        == (0..<180).map { Substring("\($0)") })
    #expect(
      rows.dropFirst().allSatisfy {
        Float($0.drop { $0 != "," }.dropFirst()) != nil
      })
    #expect(try folder.contents == ["submission.csv"])
  }

  @Test("Files named 0, 1, 2 and 10 come in that order, without labels")
  func flatFolder() throws {
    let folder = try TemporaryFolder()
    for (target, names) in [
      ("train", ["0", "1", "2", "3"]), ("test", ["10", "2", "0", "1"]),
    ] {
      let target = folder.url.appendingPathComponent("data/" + target)
      try FileManager.default.createDirectory(
        at: target, withIntermediateDirectories: true)
      for (index, name) in names.enumerated() {
        try FileManager.default.copyItem(
          atPath: inspection + "/weave/train/good/00\(index).png",
          toPath: target.appendingPathComponent(name + ".png").path)
      }
    }
    let run = try CommandRun(
      "submit", folder.path("data"), "--detector", "kmeans", "--n-clusters",
      "2", "--output", folder.path("submission.csv"))
    #expect(run.status == 0, "\(run.errors)")
    let rows = try rows(folder.path("submission.csv"))
    #expect(
      rows.dropFirst().map { $0.prefix { $0 != "," } } == ["0", "1", "2", "10"])
  }

  @Test("Binary predictions are 1 above the quantile of the training scores")
  func binary() throws {
    let folder = try TemporaryFolder()
    func predictions(_ arguments: String...) throws -> [Substring] {
      let run = try CommandRun(
        [
          "submit", inspection, "--category", "bolt", "--size", "16",
          "--detector", "pca", "--output", folder.path("submission.csv"),
        ] + arguments)
      #expect(run.status == 0, "\(run.errors)")
      return try rows(folder.path("submission.csv")).dropFirst().map {
        $0.drop { $0 != "," }.dropFirst()
      }
    }
    let scores = try predictions().compactMap { Float($0) }
    let binary = try predictions("--binary", "--threshold", "1.5")
    #expect(binary == scores.map { $0 > 1.5 ? "1" : "0" })
    let all = try predictions("--binary", "--quantile", "0")
    let few = try predictions("--binary", "--quantile", "1")
    #expect(all.count { $0 == "1" } > few.count { $0 == "1" })
  }

  @Test(
    "A saved model gives the scores of the fit again, bit for bit",
    arguments: ["ocsvm", "kmeans", "pca", "iforest"])
  func saved(detector: String) throws {
    let folder = try TemporaryFolder()
    let data = [inspection, "--pool", "--size", "16"]
    let fit = try CommandRun(
      ["fit"] + data + [
        "--detector", detector, "--model", folder.path("model.safetensors"),
      ])
    #expect(fit.status == 0, "\(fit.errors)")
    let submit = try CommandRun(
      ["submit"] + data + [
        "--detector", detector, "--output", folder.path("submit.csv"),
      ])
    #expect(submit.status == 0, "\(submit.errors)")
    let score = try CommandRun(
      "score", inspection, "--pool", "--model",
      folder.path("model.safetensors"))
    #expect(score.status == 0, "\(score.errors)")
    #expect(
      try score.output
        == String(contentsOfFile: folder.path("submit.csv"), encoding: .utf8))
  }

  @Test("Scores of one's own are judged against labels")
  func evaluate() throws {
    let folder = try TemporaryFolder()
    let scores = try folder.write(
      """
      ID,score
      0,11383
      1,256676
      2,862365
      3,152435
      4,848171

      """, as: "scores.csv")
    let labels = try folder.write(
      "id,label\n4,0\n3,0\n2,1\n1,1\n0,0\n", as: "labels.csv")
    let run = try CommandRun(
      "evaluate", scores, "--labels", labels, "--json")
    struct Figures: Decodable {
      var auroc: Double
      var count: Int
      var anomalies: Int
    }
    let figures = try run.json(Figures.self)
    #expect(abs(figures.auroc - 5.0 / 6) < 1e-12)
    #expect(figures.count == 5 && figures.anomalies == 2)
    let text = try CommandRun("evaluate", scores, "--labels", labels).output
    #expect(text.contains("0.8333"))
  }
}
