import AnomalyKit
import Foundation

/// The Swift of the documentation; `LibraryExamples NAME` runs one example.
@main
enum LibraryExamples {
  static func main() throws {
    let arguments = CommandLine.arguments.dropFirst()
    switch arguments.first {
    case "readme": try readme()
    case "rows": try rows()
    case "saving": try saving()
    case "comparing": try comparing()
    case "own-detector": try ownDetector()
    case "own-catalog": try ownCatalog()
    case "plots": try plots()
    case "progress": try progress()
    case "fusion-weights": try fusionWeights()
    case "heat-maps":
      try heatMaps(to: URL(fileURLWithPath: "heat-maps.png"))
    case "landscapes":
      // With more components than one, two features leave nothing over.
      for name in arguments.dropFirst() {
        let detector = try DetectorCatalog.standard.detector(
          named: name, name == "pca" ? ["n-components": "1"] : [:])
        try scoreLandscapes(
          detector, to: URL(fileURLWithPath: "landscape-\(detector.name).png"))
      }
    default: print("no such example")
    }
  }
}

func readme() throws {
  // docs: readme
  let data = try Dataset(at: URL(fileURLWithPath: "data/inspection"))
  let weave = data.categories[2]
  let pca = NamedDetector("pca", PCAReconstruction(nComponents: .count(32)))
  let model = try Pipeline(detector: pca).fit(weave, in: RunContext(seed: 0))
  let scores = try model.scores(for: weave.test)  // higher is stranger
  print(try Evaluation(scores: scores, labels: weave.test.labels ?? []).auroc)
  // docs: end
}

func rows() throws {
  // docs: rows
  var random = SeededGenerator(seed: 1)
  let ordinary = Matrix(
    (0..<500).map { _ in [Float(random.normal()), Float(random.normal())] })
  let forest = try IsolationForest().fit(ordinary, in: RunContext(seed: 0))
  let scores = try forest.scores(for: Matrix([[0, 0], [1, 1], [6, -6]]))
  for score in scores { print(score) }
  // docs: end
}

func fusionWeights() throws {
  // docs: fusion-weights
  let data = try Dataset(at: URL(fileURLWithPath: "data/inspection-hard"))
  let fusion = try DetectorCatalog.standard.detector(named: "fusion")
  for category in data.categories {
    let fitted = try Pipeline(detector: fusion).fit(category, in: RunContext())
    print(category.name)
    for map in (fitted.model as? LocalMapModel)?.weights ?? [] {
      print(String(format: "  %4.0f %%", 100 * map.weight), map.name)
    }
  }
  // docs: end
}

func saving() throws {
  // docs: saving
  let data = try Dataset(at: URL(fileURLWithPath: "data/inspection"))
  let bolt = data.categories[0]
  let svm = NamedDetector("ocsvm", OneClassSVM(nu: 0.1))
  let fitted = try Pipeline(
    features: FeatureRecipe(kind: .hog), detector: svm
  ).fit(bolt, in: RunContext())

  let file = URL(fileURLWithPath: "bolt.safetensors")
  try fitted.write(to: file)
  let read = try FittedPipeline(contentsOf: file)
  print(try read.scores(for: bolt.test) == fitted.scores(for: bolt.test))

  let threshold = try Quantile(0.95).threshold(of: read.trainingScores)
  let scores = try read.scores(for: bolt.test)
  print(scores.count { Double($0) > threshold }, "of", scores.count)
  // docs: end
}

func comparing() throws {
  // docs: comparing
  let data = try Dataset(at: URL(fileURLWithPath: "data/inspection"))
  let comparison = Comparison(
    dataset: data,
    detectors: [
      NamedDetector("pca 16", PCAReconstruction(nComponents: .count(16))),
      NamedDetector("pca 64", PCAReconstruction(nComponents: .count(64))),
    ],
    features: FeatureRecipe(size: PixelSize(square: 32)))
  let runs = try comparison.run()
  for run in runs {
    print(run.result.category, run.result.detector, run.result.auroc ?? .nan)
  }
  // docs: end
}

func ownDetector() throws {
  // docs: own-detector
  let data = try Dataset(at: URL(fileURLWithPath: "data/inspection"))
  let own = NamedDetector("neighbor", NearestNeighbor(nNeighbors: 3))
  let others = try DetectorCatalog.standard.detectors(named: ["all"])
  let comparison = Comparison(dataset: data, detectors: others + [own])
  let report = ComparisonReport(try comparison.run())
  print(report.text)
  // docs: end
}

func ownCatalog() throws {
  let data = try Dataset(at: URL(fileURLWithPath: "data/inspection"))
  // docs: own-catalog
  let catalog = DetectorCatalog.standard.adding(NearestNeighbor.description)
  let neighbor = try catalog.detector(named: "neighbor", ["n-neighbors": "3"])
  let fitted = try Pipeline(detector: neighbor)
    .fit(data.categories[0], in: RunContext())
  let file = URL(fileURLWithPath: "neighbor.safetensors")
  try fitted.write(to: file)
  print(try FittedPipeline(contentsOf: file, catalog: catalog).detector.name)
  // docs: end
}

func plots() throws {
  // docs: plots
  let data = try Dataset(at: URL(fileURLWithPath: "data/inspection"))
  let detectors = try DetectorCatalog.standard.detectors(named: ["all"])
  var washer = data
  washer.categories = [data.categories[1]]
  let runs = try Comparison(dataset: washer, detectors: detectors).run()
  let curves = runs.compactMap { run in
    run.evaluation.map { (name: run.result.detector, curve: $0.rocCurve) }
  }
  try VectorPlot.rocCurves(curves, highlighting: nil).svg
    .write(toFile: "roc.svg", atomically: true, encoding: .utf8)
  // docs: end
}

// docs: progress-sink
struct Lines: ProgressSink {
  func report(_ progress: ProgressReport) {
    guard progress.completed == progress.total else { return }
    print(progress.stage, progress.completed)
  }
}
// docs: end

func progress() throws {
  // docs: progress
  let data = try Dataset(at: URL(fileURLWithPath: "data/inspection"))
  let cancellation = Cancellation()  // call cancel() from any thread
  let context = RunContext(
    seed: 7, threadCount: 2, memoryBudget: 1 << 30, progress: Lines(),
    cancellation: cancellation)
  let kmeans = NamedDetector("kmeans", KMeansDistance(nInit: 1))
  let model = try Pipeline(detector: kmeans)
    .fit(data.categories[0], in: context)
  print(model.model.featureCount)
  // docs: end
}
