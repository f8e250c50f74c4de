import AnomalyKit
import ArgumentParser
import Foundation

struct Outliers: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Find outliers above a threshold and show them.",
    discussion: """
      Fits the detector, takes a quantile of the training scores as the \
      threshold, and writes what lies above it: outliers.csv, and for images \
      outliers.png and ordinary.png, beside their reconstructions where the \
      detector makes some; for autoencoders also the history of the training.
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
    let report = try session.run {
      let category = try data.openCategory(seed: arguments.seed)
      let fitted = try pipeline.fit(category, for: output, in: session)
      return OutlierReport(
        try OutlierSearch(
          category.test, by: fitted, quantile: quantile, in: session.context))
    }
    try report.write(to: URL(fileURLWithPath: output))
    print(report.text, terminator: "")
  }
}
