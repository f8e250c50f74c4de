import AnomalyKit
import Foundation

/// The Swift of the documentation; `LibraryExamples NAME` runs one example.
@main
enum LibraryExamples {
  static func main() throws {
    let arguments = CommandLine.arguments.dropFirst()
    switch arguments.first {
    case "readme": try readme()
    case "landscapes":
      // With more components than one, two features leave nothing over.
      var options = DetectorOptions()
      options.nComponents = .count(1)
      for detector in try DetectorCatalog.standard.detectors(
        named: Array(arguments.dropFirst()), options: options)
      {
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
  let model = try Pipeline(detector: pca).fit(weave, in: FitContext(seed: 0))
  let scores = try model.scores(for: weave.test)  // higher is stranger
  print(try Evaluation(scores: scores, labels: weave.test.labels ?? []).auroc)
  // docs: end
}
