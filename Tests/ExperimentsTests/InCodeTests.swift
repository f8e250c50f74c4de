import Datasets
import Detectors
import Evaluation
import Execution
import Experiments
import LinearAlgebra
import Parameters
import TestSupport
import Testing

@Suite("Experiments put together in code")
struct InCodeTests {
  @Test("A study runs without a file of its own")
  func study() throws {
    let folder = try TemporaryFolder()
    let study = try Study(
      name: "clusters",
      datasets: [
        Study.Source(path: Repository.inspection.appending(path: "weave").path)
      ],
      baseline: ["detector": "kmeans", "size": "8"],
      varying: ["n-clusters": ["2", "3"]])
    #expect(study.settings.count == 2)
    let results = try Ablation(study, in: folder.file("out")).run(
      in: RunContext())
    #expect(results.runs.count == 2)
    #expect(results.runs.allSatisfy { $0.failure == nil })
    #expect(throws: ParameterFault.self) {
      try Study(
        name: "s", datasets: [], baseline: ["detector": "kmeans"],
        varying: ["n-clusters": ["none"]])
    }
    #expect(throws: ParameterFault.self) {
      try Study(
        name: "s", datasets: [], baseline: ["detector": "kmeans"],
        varying: ["clusters": ["2"]])
    }
  }

  @Test("A model that was fitted by hand becomes a file, and is read again")
  func fittedPipeline() throws {
    let samples = noise(rows: 50, columns: 4)
    let forest = IsolationForest(nEstimators: 5)
    let model = try forest.fit(samples)
    let scores = try model.scores(for: samples)
    let pipeline = try FittedPipeline(
      model, of: NamedDetector("iforest", forest), trainingScores: scores)
    let folder = try TemporaryFolder()
    try pipeline.write(to: folder.file("model"))
    let read = try FittedPipeline(contentsOf: folder.file("model"))
    #expect(read.trainingScores == scores.sorted())
    let set = SampleSet(
      samples: (0..<50).map { Sample(id: "\($0)", category: "c") },
      source: samples)
    #expect(try read.scores(for: set) == scores)
    #expect(throws: ExperimentFault.noTestSamples(category: nil)) {
      try read.scores(for: set.selecting([]))
    }
    #expect(throws: DetectorFault.self) {
      try FittedPipeline(
        model, of: NamedDetector("iforest", forest),
        imageShape: ImageShape(height: 3, width: 3, channels: 1))
    }
  }

  @Test("A result is made of an evaluation")
  func result() throws {
    let set = SampleSet(
      samples: (0..<4).map { Sample(id: "\($0)", category: "c") },
      source: noise(rows: 4, columns: 2))
    let result = DetectorResult(
      dataset: "d", category: DatasetCategory(name: "c", train: set, test: set),
      detector: "own", features: "columns",
      evaluation: try Evaluation(
        scores: [0, 1, 2, 3] as [Float], labels: [0, 1, 0, 1]))
    #expect(result.auroc == 0.75)
    #expect(result.testCount == 4)
  }
}
