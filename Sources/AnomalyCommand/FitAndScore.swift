import AnomalyKit
import ArgumentParser
import Foundation

struct Fit: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Fit one detector and save the model.",
    discussion: """
        anomaly fit data --model m.safetensors
        anomaly fit data --detector cnn --epochs 20 --model m.safetensors

      --help-hidden lists the options of single layouts and detectors too.
      """)

  @OptionGroup var data: DatasetArguments
  @OptionGroup var pipeline: PipelineArguments
  @OptionGroup var arguments: RunArguments

  @Option(help: "The model file to write (safetensors).")
  var model: String

  func run() throws {
    let session = Session(arguments)
    try pipeline.fit(data, for: model, in: session) { _, fitted, _ in
      try fitted.write(to: URL(fileURLWithPath: model))
    }
  }
}

/// How scores become a file.
struct SubmissionArguments: ParsableArguments {
  @Option(help: "The header: id-prediction, ID-score or Id-Predicted.")
  var format: Submission.Format = .idPrediction

  @Flag(help: "Write 1 above the threshold and 0 below it, not scores.")
  var binary = false

  @Option(
    help: ArgumentHelp(
      "--binary: the threshold is this quantile of the training scores"
        + " (default: 0.95).", valueName: "number from 0 to 1"))
  var quantile: Double?

  @Option(
    help: ArgumentHelp("--binary: the threshold itself.", valueName: "number"))
  var threshold: Double?

  func validate() throws {
    if !binary, quantile != nil || threshold != nil {
      throw ValidationError("--quantile and --threshold need --binary")
    }
    if let threshold, !threshold.isFinite {
      throw ValidationError("--threshold \(threshold): use a finite number")
    }
    if quantile != nil, threshold != nil {
      throw ValidationError("give --quantile or --threshold, not both")
    }
  }

  /// Whether the threshold comes from the scores of the training samples.
  var needsQuantile: Bool { binary && threshold == nil }

  func submission(
    of set: SampleSet, by pipeline: FittedPipeline, maps: String? = nil,
    in context: RunContext
  ) throws -> Submission {
    let ids = set.samples.map(\.id)
    let scores =
      try maps.map {
        try pipeline.scores(
          for: set, writingHeatMapsTo: URL(fileURLWithPath: $0), in: context)
      } ?? pipeline.scores(for: set, in: context)
    guard binary else { return Submission(ids: ids, scores: scores) }
    let threshold =
      try threshold
      ?? Quantile(quantile ?? 0.95).threshold(of: pipeline.trainingScores)
    return Submission(ids: ids, scores: scores, threshold: threshold)
  }
}

extension Submission.Format: ExpressibleByArgument {}

struct Score: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Score new samples with a saved model.",
    discussion: """
      DATASET may also be what came later: a folder of PNG files, flat or \
      deep, one PNG file, a text file with a path a line, or - for such a list \
      on standard input. The ids are then paths.

        anomaly score new-pictures --model model.safetensors
        find new -name '*.png' | anomaly score - --model model.safetensors
      """)

  @OptionGroup var data: DatasetArguments

  @Option(help: "The model file that `anomaly fit` wrote.")
  var model: String

  @OptionGroup var submission: SubmissionArguments
  @OptionGroup var arguments: RunArguments

  @Option(help: "The CSV file to write (default: standard output).")
  var output: String?

  @Option(
    help: """
      An NPY file to write: where each picture is strange, pictures x height \
      x width, float32.
      """)
  var maps: String?

  func run() throws {
    let session = Session(arguments)
    let submission = try session.run {
      let model = URL(fileURLWithPath: model)
      let pipeline = try FittedPipeline(
        contentsOf: model, catalog: AnomalyCommandLine.catalog)
      let test = try data.openTest(for: pipeline, in: session.context)
      InputFiles.keep([model])
      for path in [output, maps].compactMap({ $0 }) {
        try InputFiles.check(URL(fileURLWithPath: path))
      }
      return try self.submission.submission(
        of: test, by: pipeline, maps: maps, in: session.context)
    }
    let format = self.submission.format
    if let output {
      try submission.write(to: URL(fileURLWithPath: output), format: format)
    } else {
      try StandardStreams.print(submission.text(format: format))
    }
  }
}

struct Submit: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Fit one detector and write the submission file (fit + score).",
    discussion: """
        anomaly submit data --output submission.csv
        anomaly submit data --detector pca --format ID-score

      --help-hidden lists the options of single layouts and detectors too.
      """)

  @OptionGroup var data: DatasetArguments
  @OptionGroup var pipeline: PipelineArguments
  @OptionGroup var submission: SubmissionArguments
  @OptionGroup var arguments: RunArguments

  @Option(help: "The CSV file to write.")
  var output = "submission.csv"

  func validate() throws { try data.check(output: output) }

  func run() throws {
    let session = Session(arguments)
    var count = 0
    try pipeline.fit(
      data, for: output,
      trainingScores: submission.needsQuantile ? .heldOut : .none, in: session
    ) { category, fitted, context in
      let submission = try self.submission.submission(
        of: category.test, by: fitted, in: context)
      try submission.write(
        to: URL(fileURLWithPath: output), format: self.submission.format)
      count = submission.ids.count
    }
    complain("\(count) rows in \(output)", as: "done")
  }
}
