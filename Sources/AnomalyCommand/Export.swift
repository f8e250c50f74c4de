import AnomalyKit
import ArgumentParser
import Foundation

struct Export: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write a model for other programs.",
    discussion: """
      onnx: a graph from samples to score and label, for any runtime. npz: all \
      that was learned, as arrays of NumPy. json: the same as text.

        anomaly export --model m.safetensors --to onnx --output m.onnx
      """)

  @Option(help: "The model file that `anomaly fit` wrote.")
  var model: String

  @Option(help: "What is written.")
  var to: ExportFormat

  @Option(
    help: ArgumentHelp(
      "The threshold of label is this quantile of the training scores"
        + " (default: 0.95).", valueName: "number from 0 to 1"))
  var quantile: Double?

  @Option(
    help: ArgumentHelp("The threshold itself.", valueName: "number"))
  var threshold: Double?

  @Option(
    help: """
      The share of ordinary samples that may be called anomalous; needs a model \
      of fit --calibrate.
      """)
  var falseAlarms: Double?

  @Option(help: "The file to write.")
  var output: String

  func validate() throws {
    try ThresholdChoice(
      quantile: quantile, threshold: threshold, falseAlarms: falseAlarms
    ).check()
  }

  func run() throws {
    let progress = TerminalProgress()
    let model = URL(fileURLWithPath: model)
    let pipeline = try FittedPipeline(
      contentsOf: model, catalog: AnomalyCommandLine.catalog)
    InputFiles.keep([model])
    let threshold = try usedThreshold(
      of: pipeline, in: RunContext(progress: progress))
    progress.tellNotes()
    try pipeline.export(
      to: URL(fileURLWithPath: output), as: to, threshold: threshold)
  }

  /// Nil for a model that keeps no scores to make one of.
  private func usedThreshold(
    of pipeline: FittedPipeline, in context: RunContext
  ) throws -> Double? {
    if let threshold { return threshold }
    if let falseAlarms {
      return try pipeline.calibration(
        FalseAlarmRate(falseAlarms), in: context
      ).threshold
    }
    if quantile == nil, pipeline.trainingScores.isEmpty { return nil }
    return try Quantile(quantile ?? 0.95).threshold(of: pipeline.trainingScores)
  }
}

extension ExportFormat: ExpressibleByArgument {}
