import AnomalyKit
import Foundation
import TestSupport
import Testing

/// The JSON document of `anomaly compare --json`.
struct ComparisonDocument: Decodable, Equatable {
  struct Result: Decodable, Equatable {
    var dataset: String
    var category: String
    var detector: String
    var features: String
    var seed: Int
    var auroc: Double?
    var averagePrecision: Double?
    var trainCount: Int
    var testCount: Int
    var fitSeconds: Double?
    var scoreSeconds: Double?
    var loadSeconds: Double
  }

  struct Mean: Decodable, Equatable {
    var detector: String
    var features: String
    var auroc: Double?
  }

  var results: [Result]
  var mean: [Mean]

  func auroc(_ detector: String, _ category: String) -> Double? {
    results.first { $0.detector == detector && $0.category == category }?
      .auroc
  }
}

@Suite struct CompareTests {
  // scikit-learn 1.9.1 on the same images, reduced to 32x32 by 4x4 means of
  // the 8-bit values over 255: OneClassSVM(nu=0.1), PCA(0.9) residual, and
  // over 20 or 30 seeds mean (standard deviation) of KMeans(8, n_init=3)
  // bolt .792 (.026) washer .830 (.017) weave .866 (.021), IsolationForest
  // bolt .558 (.065) washer .641 (.034) weave .648 (.029).
  @Test("The table for the shipped images agrees with scikit-learn")
  func agreement() throws {
    let run = try CommandRun("compare", inspection, "--size", "32", "--json")
    #expect(run.status == 0)
    let document = try run.json(ComparisonDocument.self)
    let all = try DetectorCatalog.standard.detectors(named: ["all"])
      .map(\.name)
    #expect(document.mean.map(\.detector) == all)
    #expect(document.results.count == 3 * all.count)
    let references: [(String, String, auroc: Double, tolerance: Double)] = [
      ("ocsvm", "bolt", 0.8600, 0.002), ("ocsvm", "washer", 0.6759, 0.002),
      ("ocsvm", "weave", 0.8519, 0.002), ("pca", "bolt", 0.8900, 0.001),
      ("pca", "washer", 0.8704, 0.001), ("pca", "weave", 0.8785, 0.001),
      ("kmeans", "bolt", 0.792, 0.1), ("kmeans", "washer", 0.830, 0.07),
      ("kmeans", "weave", 0.866, 0.08), ("iforest", "bolt", 0.558, 0.2),
      ("iforest", "washer", 0.641, 0.12), ("iforest", "weave", 0.648, 0.1),
    ]
    for (detector, category, auroc, tolerance) in references {
      let own = try #require(document.auroc(detector, category))
      #expect(
        abs(own - auroc) < tolerance, "\(detector) on \(category): \(own)")
    }
    let bolt = try #require(document.results.first)
    #expect(bolt.dataset == "inspection" && bolt.features == "pixels")
    #expect(bolt.trainCount == 80 && bolt.testCount == 60)
    #expect(run.output.contains("\"pixelAuroc\" : null"))
  }

  @Test("Several kinds of features are rows of one comparison")
  func severalFeatures() throws {
    let arguments = [
      "compare", inspection, "--category", "washer", "--n-components", "4",
    ]
    let both = try CommandRun(
      arguments + ["--detectors", "pca, local-pca", "--features", "pixels,hog"])
    #expect(both.status == 0, "\(both.errors)")
    for name in ["features pixels and hog", "pca pixels", "pca hog"] {
      #expect(both.output.contains(name))
    }
    // It makes features of its own, and so runs once, under its own name.
    #expect(!both.output.contains("local-pca pixels"))
    let document = try CommandRun(
      arguments + [
        "--detectors", "pca", "--features", "pixels,hog", "--json",
      ]
    ).json(ComparisonDocument.self)
    #expect(document.results.map(\.detector) == ["pca", "pca"])
    #expect(document.results.map(\.features) == ["pixels", "hog"])
    #expect(document.mean.map(\.features) == ["pixels", "hog"])
    for (place, kind) in ["pixels", "hog"].enumerated() {
      let alone = try CommandRun(
        arguments + ["--detectors", "pca", "--features", kind, "--json"]
      ).json(ComparisonDocument.self)
      #expect(alone.results[0].auroc == document.results[place].auroc)
    }
  }

  @Test("Scores that are upside down are told, and those of no detector twice")
  func upsideDown() throws {
    let folder = try TemporaryFolder()
    let scores = try folder.write(
      "id,score\n0,4\n1,3\n2,2\n3,1\n", as: "scores.csv")
    let labels = try folder.write(
      "id,label\n0,0\n1,0\n2,1\n3,1\n", as: "labels.csv")
    let judged = try CommandRun("evaluate", scores, "--labels", labels)
    #expect(judged.errors.contains("AUC far below 0.5"))
    #expect(judged.errors.contains("change their sign (1.0000 then)"))
    let compared = try CommandRun(
      "compare", inspection, "--category", "washer", "--detectors",
      "pca,ocsvm,pca")
    #expect(!compared.errors.contains("far below"))
    #expect(!compared.output.contains("±"))
  }

  @Test("The number of threads changes no figure")
  func threads() throws {
    let runs = try ["1", "2"].map { count in
      try CommandRun(
        "compare", fashionMNIST, "--normal-label", "3", "--threads", count,
        "--json"
      ).json(ComparisonDocument.self)
    }
    #expect(runs[0].results.map(\.auroc) == runs[1].results.map(\.auroc))
    #expect(
      runs[0].results.map(\.averagePrecision)
        == runs[1].results.map(\.averagePrecision))
  }

  @Test("Pooling makes one category of all")
  func pool() throws {
    let run = try CommandRun(
      "compare", inspection, "--pool", "--size", "16", "--detectors", "pca",
      "--json")
    let document = try run.json(ComparisonDocument.self)
    #expect(document.results.count == 1)
    #expect(document.results[0].trainCount == 240)
    #expect(document.results[0].testCount == 180)
  }

  @Test("Repeats count seeds up and print mean and standard deviation")
  func repeats() throws {
    let arguments = [
      "compare", inspection, "--category", "weave", "--size", "16",
      "--detectors", "iforest", "--seed", "5", "--repeats", "3",
    ]
    let document = try CommandRun(arguments + ["--json"])
      .json(ComparisonDocument.self)
    #expect(document.results.map(\.seed) == [5, 6, 7])
    let text = try CommandRun(arguments).output
    let aurocs = document.results.compactMap(\.auroc)
    let mean = aurocs.reduce(0, +) / 3
    let deviation = (aurocs.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 2)
      .squareRoot()
    #expect(
      text.contains(
        String(format: "%.4f ± %.4f", mean, deviation)), "\(text)")
  }

  @Test("Memory does not grow with the samples of all repeats")
  func memoryOfRepeats() throws {
    let folder = try TemporaryFolder()
    let rows = (0..<2000).map { "\($0),\($0 % 7),\($0 % 100 == 0 ? 1 : 0)\n" }
    try folder.write("a,b,label\n" + rows.joined(), to: "table.csv")
    func growth(_ options: String...) throws -> Int {
      let peaks = try [20, 620].map { count in
        let run = try CommandRun(
          [
            "compare", "table.csv", "--detectors", "pca", "--repeats",
            "\(count)", "--threads", "1",
          ] + options, in: folder.url)
        #expect(run.status == 0, "\(run.errors)")
        return run.peakMemory
      }
      return (peaks[1] - peaks[0]) / 600
    }
    // A run's figures, and of all but the first no score; in bytes.
    #expect(try growth() < 4000)
    // The scores that the file holds, of four bytes each.
    #expect(try growth("--output", "out") < 2000 * 4 + 8000)
  }

  @Test("An output folder holds the table, the results and every score")
  func outputFolder() throws {
    let folder = try TemporaryFolder()
    let run = try CommandRun(
      "compare", inspection, "--category", "bolt", "--size", "16",
      "--detectors", "pca,kmeans", "--output", folder.path("out"))
    #expect(run.status == 0)
    let scores = try String(
      contentsOfFile: folder.path("out/scores.csv"), encoding: .utf8)
    #expect(scores.split(separator: "\n").count == 1 + 2 * 60)
    let document = try JSONDecoder().decode(
      ComparisonDocument.self,
      from: Data(
        contentsOf: URL(fileURLWithPath: folder.path("out/results.json"))))
    #expect(document.results.count == 2)
  }

  @Test("A category that cannot be read fails its own runs, not the others")
  func unreadableCategory() throws {
    let folder = try TemporaryFolder()
    let data = folder.file("data")
    try FileManager.default.createDirectory(
      at: data, withIntermediateDirectories: true)
    for category in ["bolt", "weave"] {
      try FileManager.default.copyItem(
        atPath: inspection + "/" + category,
        toPath: data.appending(path: category).path)
    }
    let image = data.appending(path: "bolt/test/bent/003.png")
    try Data(contentsOf: image).prefix(1000).write(to: image)
    let arguments = [
      "compare", data.path, "--size", "16", "--detectors", "pca,kmeans",
      "--json",
    ]
    let run = try CommandRun(arguments + ["--output", folder.path("out")])
    #expect(run.status == 65)
    let told = run.errors.split(separator: "\n").filter {
      $0.contains("003.png")
    }
    #expect(told.count == 1, "\(run.errors)")
    #expect(told.first?.contains("bolt: ") ?? false, "\(run.errors)")
    let document = try run.json(ComparisonDocument.self)
    #expect(
      document.results.map(\.category) == ["bolt", "bolt", "weave", "weave"])
    #expect(
      document.results.map { $0.auroc == nil } == [true, true, false, false])
    #expect(document.mean.map(\.auroc) == [nil, nil])
    #expect(
      FileManager.default.fileExists(atPath: folder.path("out/report.html")))
    let scores = try String(
      contentsOfFile: folder.path("out/scores.csv"), encoding: .utf8)
    #expect(scores.split(separator: "\n").count == 1 + 2 * 60)

    // Where there are no others, it is the error of the command.
    try CommandRun(arguments + ["--category", "bolt"]).expectRefusal(
      status: 65, mentioning: "003.png")
  }

  @Test("A table is fitted and scored on all rows, standard scaled")
  func table() throws {
    let folder = try TemporaryFolder()
    var text = "id,width,height,label\n"
    for row in 0..<60 {
      text += "\(row),\(1000 + row % 7),\(0.01 * Double(row % 5)),0\n"
    }
    text += "60,1003,0.5,1\n"
    let path = try folder.write(text, as: "table.csv")
    let run = try CommandRun(
      "compare", path, "--n-clusters", "1", "--json")
    let document = try run.json(ComparisonDocument.self)
    try #require(!document.results.isEmpty)
    #expect(document.results.allSatisfy { $0.trainCount == 61 })
    #expect(document.results[0].features == "columns")
    // Unscaled, the widths would drown the one strange height.
    #expect(document.auroc("kmeans", "table") == 1)
  }
}
