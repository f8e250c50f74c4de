import AnomalyKit
import ArgumentParser
import Foundation

struct Outliers: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Find outliers above a threshold and show them.",
    discussion: """
      Fits the detector, takes a quantile of the training scores as the \
      threshold, and writes what lies above it: outliers.csv, and for images \
      outliers.png and ordinary.png, with where the detector sees them strange \
      and their reconstructions where it makes some; for autoencoders also the \
      history of the training.
      """)

  @OptionGroup var data: DatasetArguments
  @OptionGroup var pipeline: PipelineArguments
  @OptionGroup var arguments: RunArguments

  @Option(help: "The quantile of the training scores.")
  var quantile = 0.999

  @Option(help: "The folder to write.")
  var output: String

  func run() throws {
    let session = Session(arguments)
    let quantile = try Quantile(quantile)
    var text = ""
    let folder = URL(fileURLWithPath: output)
    try OutputFolder.withLock(folder) {
      try pipeline.fit(data, for: output, trainingScores: .own, in: session) {
        category, fitted, context in
        let report = OutlierReport(
          try OutlierSearch(
            category.test, by: fitted, quantile: quantile, in: context))
        try report.write(to: folder)
        text = report.text
      }
    }
    try StandardStreams.print(text)
  }
}
