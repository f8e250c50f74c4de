import AnomalyKit
import ArgumentParser
import Foundation

struct Fit: ParsableCommand, SharedCommand {
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

  @Flag(
    help: """
      Keep scores of all training samples, each by a model that did not see it \
      (twenty further fits): what --false-alarms of score needs.
      """)
  var calibrate = false

  func run() throws {
    let session = Session(arguments)
    try pipeline.fit(
      data, for: model, trainingScores: calibrate ? .crossFitted : .heldOut,
      in: session
    ) { _, fitted, _ in
      guard AnomalyCommandLine.team.isFirst else { return }
      try fitted.write(to: URL(fileURLWithPath: model))
    }
    complain("the model is in \(model)", as: "done")
  }
}

/// Options of which one at most says what is called anomalous.
struct ThresholdChoice {
  var quantile: Double?
  var threshold: Double?
  var falseAlarms: Double?
  var fdr: Double?

  /// The names of those that are given.
  var given: [String] {
    [
      ("--quantile", quantile), ("--threshold", threshold),
      ("--false-alarms", falseAlarms), ("--fdr", fdr),
    ].filter { $0.1 != nil }.map(\.0)
  }

  /// - Throws: `ValidationError` for several, and a threshold that is no number.
  func check() throws {
    if let threshold, !threshold.isFinite {
      throw ValidationError("--threshold \(threshold): use a finite number")
    }
    if given.count > 1 {
      throw ValidationError(
        "give \(given.joined(separator: " or ")), not both")
    }
  }
}

/// How scores become a file.
struct SubmissionArguments: ParsableArguments {
  @Option(help: "The header.")
  var format: Submission.Format = .idPrediction

  @Flag(help: "Write 1 above a threshold and 0 below it.")
  var binary = false

  @Option(
    help: ArgumentHelp(
      "--binary: the quantile of training scores that is the threshold"
        + " (default: 0.95).", valueName: "0...1"))
  var quantile: Double?

  @Option(
    help: ArgumentHelp("--binary: the threshold itself.", valueName: "number"))
  var threshold: Double?

  @Option(
    help: ArgumentHelp(
      "--binary: the share of ordinary samples that may be flagged, by scores"
        + " that the model did not see.", valueName: "0...1"))
  var falseAlarms: Double?

  @Option(
    help: ArgumentHelp(
      "--binary: the share of the flagged that may be ordinary, on average.",
      valueName: "0...1"))
  var fdr: Double?

  @Flag(help: "Add a column p: how probable so high a score is if ordinary.")
  var pValues = false

  @Option(
    help: ArgumentHelp(
      "For those three: ordinary samples that the model did not see (default:"
        + " see fit --calibrate).", valueName: "dataset"))
  var calibration: String?

  func validate() throws {
    let ways = ThresholdChoice(
      quantile: quantile, threshold: threshold, falseAlarms: falseAlarms,
      fdr: fdr)
    if !binary, let way = ways.given.first {
      throw ValidationError(
        ways.given.allSatisfy { $0 == "--quantile" || $0 == "--threshold" }
          ? "--quantile and --threshold need --binary" : "\(way) needs --binary"
      )
    }
    try ways.check()
    if calibration != nil, !needsUnseen {
      throw ValidationError(
        "--calibration needs --false-alarms, --fdr or --p-values")
    }
  }

  /// - Throws: `ValidationError` for what a part cannot do.
  func check(_ shard: Shard?, output: String?) throws {
    guard shard != nil else { return }
    if fdr != nil {
      throw ValidationError(
        "--fdr needs the scores of all parts: leave out --shard, or use"
          + " --false-alarms")
    }
    if output == nil {
      throw ValidationError("--shard needs --output: the file of the part")
    }
  }

  /// Whether scores of samples that the model did not see are needed.
  private var needsUnseen: Bool {
    falseAlarms != nil || fdr != nil || pValues
  }

  /// What a fit must tell of its training samples.
  var trainingScores: TrainingScores {
    if needsUnseen { return calibration == nil ? .crossFitted : .none }
    return binary && threshold == nil ? .heldOut : .none
  }

  func submission(
    of set: SampleSet, by pipeline: FittedPipeline, as data: DatasetArguments,
    shard: Shard? = nil, maps: String? = nil, in context: RunContext
  ) throws -> Submission {
    let ids =
      (shard.map { set.samples[$0.rows(of: set.count)] }
      ?? set.samples[...]).map(\.id)
    let rate = try (falseAlarms ?? fdr).map { try FalseAlarmRate($0) }
    let ordinary = try calibration.map {
      try data.openCategory($0, for: pipeline, in: context).test
    }
    let unseen =
      needsUnseen ? try pipeline.unseenScores(of: ordinary, in: context) : []
    let scores =
      try maps.map {
        try pipeline.scores(
          for: set, writingHeatMapsTo: URL(fileURLWithPath: $0), in: context)
      } ?? pipeline.scores(for: set, shard: shard, in: context)
    let p = needsUnseen ? try PValues(of: scores, among: unseen) : nil
    var submission: Submission
    if !binary {
      submission = Submission(ids: ids, scores: scores)
    } else if fdr != nil, let p, let rate {
      submission = Submission(
        ids: ids, anomalous: p.discoveries(falseShare: rate))
    } else {
      let threshold =
        try threshold
        ?? rate.map {
          try pipeline.calibration($0, of: unseen, in: context).threshold
        } ?? Quantile(quantile ?? 0.95).threshold(of: pipeline.trainingScores)
      submission = Submission(ids: ids, scores: scores, threshold: threshold)
    }
    if pValues { submission.pValues = p?.values }
    return submission
  }
}

extension Submission.Format: ExpressibleByArgument {}

/// Which part of the work is done.
struct ShardArguments: ParsableArguments {
  @Option(
    help: """
      Do a part of the work, such as 2/8 (auto: as the task of a job array of \
      Slurm or an indexed job of Kubernetes says); merge puts the parts together.
      """,
    transform: Shard.argument)
  var shard: Shard?

  /// The words of the command that are the same for all parts.
  static var sharedWords: [String] {
    let ownOptions = [
      "--shard", "--output", "--threads", "--memory-budget", "--checkpoint",
    ]
    var words: [String] = []
    var isValue = false
    for word in CommandLine.arguments.dropFirst() {
      let name = String(word.prefix { $0 != "=" })
      if !isValue, !ownOptions.contains(name) { words.append(word) }
      isValue = !isValue && ownOptions.contains(word)
    }
    return words
  }
}

extension Submission {
  /// Writes the whole, or the part that it is.
  func write(
    to path: String, format: Format, shard: Shard?, of set: SampleSet,
    model: String? = nil
  ) throws {
    let url = URL(fileURLWithPath: path)
    guard let shard else { return try write(to: url, format: format) }
    try SubmissionPart(
      self, shard, of: set, model: model.map { URL(fileURLWithPath: $0) },
      arguments: ShardArguments.sharedWords, format: format
    ).write(to: url)
  }

  /// Says what was written.
  func tellCount(in path: String, shard: Shard?) {
    complain(
      "\(ids.count) rows in \(path)"
        + (shard.map { ", shard \($0): merge puts the parts together" } ?? ""),
      as: "done")
  }
}

struct Score: ParsableCommand, SharedCommand {
  static let configuration = CommandConfiguration(
    abstract: "Score new samples with a saved model.",
    discussion: """
      DATASET may also be what came later: a folder of PNG files, flat or \
      deep, one PNG file, a text file with a path a line, or - for such a list \
      on standard input. The ids are then paths.

        anomaly score new-pictures --model model.safetensors
        find new -name '*.png' | anomaly score - --model model.safetensors

      --help-hidden lists the options of single layouts too.
      """)

  @OptionGroup var data: DatasetArguments

  @Option(help: "The model file that `anomaly fit` wrote.")
  var model: String

  @OptionGroup var submission: SubmissionArguments
  @OptionGroup var shards: ShardArguments
  @OptionGroup var arguments: RunArguments

  @Option(help: "The CSV file to write (default: standard output).")
  var output: String?

  @Option(
    help: """
      An NPY file to write: where each picture is strange, pictures x height \
      x width, float32.
      """)
  var maps: String?

  func validate() throws {
    try submission.check(shards.shard, output: output)
    let several =
      AnomalyCommandLine.team.isAlone
      ? shards.shard.map { _ in "--shard" }
      : "mpirun"
    if maps != nil, let several {
      throw ValidationError("--maps needs all pictures: leave out \(several)")
    }
  }

  func run() throws {
    let session = Session(arguments)
    let (test, submission) = try session.run {
      let model = URL(fileURLWithPath: model)
      let pipeline = try FittedPipeline(
        contentsOf: model, catalog: AnomalyCommandLine.catalog)
      let test = try data.openTest(for: pipeline, in: session.context)
      InputFiles.keep([model])
      for path in [output, maps].compactMap({ $0 }) {
        try InputFiles.check(URL(fileURLWithPath: path))
      }
      return (
        test,
        try self.submission.submission(
          of: test, by: pipeline, as: data, shard: shards.shard, maps: maps,
          in: session.context)
      )
    }
    let format = self.submission.format
    guard session.context.team.isFirst else { return }
    if let output {
      try submission.write(
        to: output, format: format, shard: shards.shard, of: test, model: model)
      submission.tellCount(in: output, shard: shards.shard)
    } else {
      try StandardStreams.print(submission.text(format: format))
    }
  }
}

struct Submit: ParsableCommand, SharedCommand {
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
  @OptionGroup var shards: ShardArguments
  @OptionGroup var arguments: RunArguments

  @Option(help: "The CSV file to write.")
  var output = "submission.csv"

  func validate() throws {
    try data.check(output: output)
    try submission.check(shards.shard, output: output)
  }

  func run() throws {
    let session = Session(arguments)
    try pipeline.fit(
      data, for: output,
      trainingScores: submission.trainingScores, in: session
    ) { category, fitted, context in
      let submission = try self.submission.submission(
        of: category.test, by: fitted, as: data, shard: shards.shard,
        in: context)
      guard context.team.isFirst else { return }
      try submission.write(
        to: output, format: self.submission.format, shard: shards.shard,
        of: category.test)
      session.progress.clear()
      submission.tellCount(in: output, shard: shards.shard)
    }
  }
}
