import AnomalyKit
import ArgumentParser
import Foundation

struct Outliers: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Find outliers above a threshold and show them.",
    discussion: """
      Writes outliers.csv, and for images outliers.png and ordinary.png, with \
      where the detector sees them strange and their reconstructions; for \
      autoencoders also the history of the training.

        anomaly outliers data --output found
        anomaly outliers new-pictures --model m.safetensors --output found

      --help-hidden lists the options of single layouts and detectors too.
      """)

  @OptionGroup var data: DatasetArguments
  @OptionGroup var pipeline: PipelineArguments
  @OptionGroup var arguments: RunArguments

  @Option(
    help: """
      A model that `anomaly fit` wrote; the dataset may then be new pictures, \
      as for score.
      """)
  var model: String?

  @Option(
    help: ArgumentHelp(
      "The quantile of the training scores (default: 0.999).",
      valueName: "0...1"))
  var quantile: Double?

  @Option(
    help: ArgumentHelp(
      "Instead: the share of ordinary samples that may be flagged, by scores"
        + " that the model did not see (twenty further fits).",
      valueName: "0...1"))
  var falseAlarms: Double?

  @Option(help: "The folder to write.")
  var output: String

  func validate() throws {
    try data.check(output: output)
    try ThresholdChoice(quantile: quantile, falseAlarms: falseAlarms).check()
    if model != nil, let name = pipeline.givenOptions.first {
      throw ValidationError(
        "--\(name) is for a fit, and --model has been fitted: leave one out")
    }
  }

  func run() throws {
    let session = Session(arguments)
    let quantile = try Quantile(quantile ?? 0.999)
    let rate = try falseAlarms.map { try FalseAlarmRate($0) }
    var text = ""
    let folder = URL(fileURLWithPath: output)
    func search(
      _ test: SampleSet, by fitted: FittedPipeline, in context: RunContext
    ) throws {
      let report = OutlierReport(
        try rate.map {
          try OutlierSearch(
            test, by: fitted, calibration: fitted.calibration($0, in: context),
            in: context)
        }
          ?? OutlierSearch(test, by: fitted, quantile: quantile, in: context))
      try report.write(to: folder)
      text = report.text
    }
    try OutputFolder.withLock(folder) {
      guard let model else {
        try pipeline.fit(
          data, for: output,
          trainingScores: rate == nil ? .own : .crossFitted, in: session
        ) { try search($0.test, by: $1, in: $2) }
        return
      }
      try session.run {
        let file = URL(fileURLWithPath: model)
        let fitted = try FittedPipeline(
          contentsOf: file, catalog: AnomalyCommandLine.catalog)
        let test = try data.openTest(for: fitted, in: session.context)
        InputFiles.keep([file])
        try search(test, by: fitted, in: session.context)
      }
    }
    try StandardStreams.print(text)
  }
}
