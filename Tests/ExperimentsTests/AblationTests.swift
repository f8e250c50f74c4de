import Datasets
import Detectors
import Evaluation
import Execution
import Foundation
import Images
import LinearAlgebra
import TestSupport
import Testing

@testable import Experiments

@Suite struct AblationTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  private func study(_ yaml: String) throws -> Study {
    try Study(contentsOf: folder.write(yaml, to: "study.yaml"))
  }

  /// Ordinary rows lie near a plane, the last ones beside it.
  private func writeTable(_ name: String, seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    var text = "a,b,c,label\n"
    for row in 0..<120 {
      let label = row < 100 ? 0 : 1
      let first = Double.random(in: -1...1, using: &generator)
      let second = Double.random(in: -1...1, using: &generator)
      let noise = Double.random(in: -0.2...0.2, using: &generator)
      let third = first + second + noise + 0.4 * Double(label)
      text += "\(first),\(second),\(third),\(label)\n"
    }
    try folder.write(text, to: name)
  }

  @Test("A grid leaves out what makes no difference to a detector")
  func settings() throws {
    let study = try study(
      """
      datasets: [{path: a.csv}]
      vary:
        detector: [ocsvm, kmeans, pca]
        nu: [0.1, 0.2]
        gamma: [scale, auto]
        n-clusters: [1, 2, 3]
      """)
    // 2 x 2 of the SVM, 3 of k-means, 1 of PCA.
    #expect(study.settings.count == 8)
    #expect(study.settings.count { $0["detector"] == "pca" } == 1)
    #expect(study.seeds == [0])
    #expect(study.baseline["nu"] == "0.1")
    #expect(study.name == "study")
  }

  @Test("One factor at a time: the baseline, and each other value once")
  func oneAtATime() throws {
    let study = try study(
      """
      datasets: [{path: a.csv}]
      design: one-at-a-time
      baseline: {detector: kmeans, n-clusters: 8}
      vary: {n-clusters: [2, 4], scaler: [none, standard, min-max]}
      seeds: [3, 5]
      """)
    #expect(
      study.settings.map { [$0["n-clusters"], $0["scaler"]] } == [
        ["8", "none"], ["2", "none"], ["4", "none"], ["8", "standard"],
        ["8", "min-max"],
      ])
    #expect(study.seeds == [3, 5])
  }

  @Test("A finished run of version 0.1.0 is read")
  func earlierJournal() throws {
    let line = #"""
      {"identity":{"seed":0,"dataset":"t.csv","category":"t","setting":{"v\#
      alues":{"n-components":"1","detector":"pca"}}},"version":"0.1.0","re\#
      sult":{"averagePrecision":0.4201923076923077,"scoreSeconds":5.4871e-\#
      05,"category":"t","seed":0,"detector":"pca","trainCount":24,"feature\#
      s":"columns","loadSeconds":1.381e-05,"testCount":24,"dataset":"t","f\#
      itSeconds":0.00018855,"auroc":0.6,"pixelAuroc":null},"arguments":["a\#
      nomaly","compare","t.csv","--detectors","pca","--n-components","1","\#
      --seed","0"],"peakMemory":32468992,"dataChecksum":"crc32:efbf76d2","\#
      scores":[1.3048822,1.1134154]}
      """#
    let run = try JSONDecoder().decode(AblationRun.self, from: Data(line.utf8))
    #expect(run.result.auroc == 0.6)
    #expect(run.result.averagePrecision == 0.4201923076923077)
    #expect(run.result.pixelAuroc == nil)
    #expect(run.result.trainCount == 24)
    #expect(run.result.fitSeconds == 0.00018855)
    let again = try JSONDecoder().decode(
      AblationRun.self, from: JSONEncoder().encode(run))
    #expect(again == run)
  }

  @Test("Means over seeds have the same bits, however often they are made")
  func means() throws {
    try writeTable("a.csv", seed: 1)
    let study = try study(
      """
      datasets: [{path: a.csv}]
      baseline: {detector: iforest, n-estimators: 3}
      vary: {max-samples: [10, 20]}
      seeds: 7
      """)
    let results = try ["one", "two"].map {
      try Ablation(study, in: folder.file($0)).run(in: RunContext())
    }
    let first = results[0].tables[0].cells
    for _ in 0..<20 {
      for results in results {
        #expect(results.tables[0].cells == first)
      }
    }
  }

  @Test("Means and deviations are those of the runs, seed by seed")
  func spread() throws {
    try writeTable("a.csv", seed: 1)
    try writeTable("b.csv", seed: 2)
    let study = try study(
      """
      datasets: [{path: a.csv}, {path: b.csv}]
      vary: {detector: [iforest, kmeans]}
      seeds: 3
      tables: [{rows: dataset, columns: detector}]
      """)
    let results = try Ablation(
      study, in: folder.file("out")
    ).run(in: RunContext())
    #expect(results.runs.count == 12)
    let table = results.tables[0]
    #expect(table.rowNames == ["a", "b", "mean"])
    #expect(table.columnNames == ["iforest", "kmeans"])
    for (column, detector) in table.columnNames.enumerated() {
      let own = results.runs.filter { $0.result.detector == detector }
      let seeds = (0..<3).map { seed in
        own.filter { $0.identity.seed == seed }
          .compactMap(\.result.auroc).reduce(0, +) / 2
      }
      let mean = seeds.reduce(0, +) / 3
      let variance =
        seeds.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / 2
      let cell = try #require(table.cells[2][column])
      #expect(abs(cell.auroc.mean - mean) < 1e-12)
      #expect(
        abs((cell.auroc.deviation ?? -1) - variance.squareRoot()) < 1e-12)
    }
    // A comparison of the same detector gives the same figure.
    let first = try #require(results.runs.first)
    let comparison = Comparison(
      dataset: try Dataset(at: folder.file("a.csv")),
      detectors: try DetectorCatalog.standard.detectors(named: ["iforest"]),
      seeds: [0])
    #expect(
      try comparison.run()[0].result.auroc == first.result.auroc)
  }

  @Test("On one category DeLong's test decides who is as good as the best")
  func deLong() throws {
    try writeTable("a.csv", seed: 3)
    let study = try study(
      """
      datasets: [{path: a.csv}]
      baseline: {detector: pca}
      vary: {detector: [pca, ocsvm, kmeans, iforest]}
      tables: [{rows: category, columns: detector}]
      """)
    let results = try Ablation(
      study, in: folder.file("out")
    ).run(in: RunContext())
    let cells = results.tables[0].cells[0].compactMap(\.self)
    let evaluations = results.entries.compactMap(\.evaluation)
    let best = try #require(
      evaluations.indices.max { evaluations[$0].auroc < evaluations[$1].auroc })
    #expect(cells.count == 4)
    #expect(cells[best].standing == .best)
    for index in cells.indices where index != best {
      let difference = try #require(
        try evaluations[index].aurocDifference(from: evaluations[best]))
      #expect(
        cells[index].standing
          == (difference.pValue < 0.05 ? .worse : .asGood))
    }
    #expect(cells.contains { $0.standing == .worse })
  }

  @Test("Over many datasets Nemenyi's test decides it")
  func nemenyi() throws {
    let names = (0..<8).map { "\($0).csv" }
    for (seed, name) in names.enumerated() {
      try writeTable(name, seed: UInt64(seed))
    }
    let study = try study(
      """
      datasets: [\(names.map { "{path: \($0)}" }.joined(separator: ","))]
      baseline: {detector: pca}
      vary: {detector: [ocsvm, kmeans, pca, iforest]}
      tables: [{rows: dataset, columns: detector}]
      """)
    let results = try Ablation(
      study, in: folder.file("out")
    ).run(in: RunContext())
    let table = results.tables[0]
    let figures = table.cells.dropLast().map {
      $0.compactMap { $0?.auroc.mean }
    }
    let expected = RankComparison(Array(figures))
    let ranking = try #require(table.ranking)
    #expect(ranking.comparison == expected)
    #expect(ranking.names == table.columnNames)
    #expect(expected.pValue < 0.05)
    let means = try #require(table.cells.last).compactMap(\.self)
    let best = try #require(means.firstIndex { $0.standing == .best })
    for (index, cell) in means.enumerated() where index != best {
      let difference = expected.meanRanks[index] - expected.meanRanks[best]
      #expect(
        cell.standing
          == (difference < expected.criticalDifference() ? .asGood : .worse))
    }
    #expect(means.contains { $0.standing == .worse })
  }

  @Test("A dataset that vanishes mid-way is told with its line; runs are kept")
  func vanished() throws {
    try writeTable("a.csv", seed: 1)
    let shape = ImageShape(height: 4, width: 4, channels: 1)
    for (part, count) in [("train", 6), ("test/good", 3), ("test/bad", 3)] {
      for index in 0..<count {
        let values = (0..<16).map { Float(($0 * 7 + index * 5) % 11) / 11 }
        try folder.write(
          PNG.data(of: RasterImage(shape: shape, values: values)),
          to: "images/\(part)/\(index).png")
      }
    }
    let study = try study(
      """
      datasets:
        - path: a.csv
        - path: images
      vary: {detector: [pca, kmeans], n-clusters: [2]}
      """)
    let output = folder.file("out")
    let ablation = try Ablation(study, in: output)
    try folder.removeItem(at: "images")
    let fault = try #require(throws: StudyFault.self) {
      try ablation.run(in: RunContext())
    }
    #expect(fault.place == "\(study.path), line 3")
    let journal = try String(
      contentsOf: output.appendingPathComponent("runs.jsonl"), encoding: .utf8)
    #expect(journal.split(separator: "\n").count == 2)
  }
}
