import AnomalyKit
import ArgumentParser
import Foundation

struct Outliers: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Find outliers above a threshold and show them.",
    discussion: """
      Fits the detector, takes a quantile of the training scores as the \
      threshold, or one that keeps to a rate of false alarms, and writes what lies above it: outliers.csv, and for images \
      outliers.png and ordinary.png, with where the detector sees them strange \
      and their reconstructions where it makes some; for autoencoders also the \
      history of the training.
      """)

  @OptionGroup var data: DatasetArguments
  @OptionGroup var pipeline: PipelineArguments
  @OptionGroup var arguments: RunArguments

  @Option(help: "The quantile of the training scores (default: 0.999).")
  var quantile: Double?

  @Option(
    help: """
      Instead of a quantile: the share of ordinary samples that may be called \
      outliers, kept to by scores of training samples that the model did not \
      see (five further fits); threshold.json tells what is promised.
      """)
  var falseAlarms: Double?

  @Option(help: "The folder to write.")
  var output: String

  func validate() throws {
    if quantile != nil, falseAlarms != nil {
      throw ValidationError("give --quantile or --false-alarms, not both")
    }
  }

  func run() throws {
    let session = Session(arguments)
    let quantile = try Quantile(quantile ?? 0.999)
    let rate = try falseAlarms.map { try FalseAlarmRate($0) }
    var text = ""
    let folder = URL(fileURLWithPath: output)
    try OutputFolder.withLock(folder) {
      try pipeline.fit(
        data, for: output, trainingScores: rate == nil ? .own : .crossFitted,
        in: session
      ) { category, fitted, context in
        let search =
          try rate.map {
            try OutlierSearch(
              category.test, by: fitted,
              calibration: fitted.calibration($0, in: context), in: context)
          }
          ?? OutlierSearch(
            category.test, by: fitted, quantile: quantile, in: context)
        let report = OutlierReport(search)
        try report.write(to: folder)
        text = report.text
      }
    }
    try StandardStreams.print(text)
  }
}
