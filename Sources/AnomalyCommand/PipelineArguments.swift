import AnomalyKit
import ArgumentParser
import Foundation

/// Features and scale.
struct FeatureArguments: ParsableArguments {
  @OptionGroup(title: "Features") var options:
    ParameterArguments<PreparationOptions>

  var preparation: Preparation {
    get throws { try Preparation(options.settings) }
  }

  /// With each of the kinds of features, which are separated by commas.
  var preparations: [Preparation] {
    get throws {
      let name = "features"
      let kinds = options.settings[name]?.flatMap {
        $0.split(separator: ",").map {
          $0.trimmingCharacters(in: .whitespaces)
        }
      }
      return try (kinds ?? []).isEmpty
        ? [preparation]
        : (kinds ?? []).map {
          var settings = options.settings
          settings[name] = [$0]
          return try Preparation(settings)
        }.uniqued()
    }
  }
}

/// One detector with its surroundings, for the commands that fit one model.
struct PipelineArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The detector (default: the one that suits the data). anomaly detectors"
        + " lists them, and what can be set of each.",
      valueName: "name"),
    completion: .list(AnomalyCommandLine.catalog.names))
  var detector: String?

  @OptionGroup(title: "Detectors") var parameters:
    ParameterArguments<DetectorParameterOptions>
  @OptionGroup var features: FeatureArguments
  @OptionGroup var groups: GroupArguments

  @Option(
    help: """
      Autoencoders: keeps the training after every epoch (default: beside the \
      output until that is written).
      """)
  var checkpoint: String?

  @Flag(help: "Autoencoders: go on from the checkpoint.")
  var resume = false

  /// Fits one model and hands it over, for a command that writes the given
  /// output.
  ///
  /// A checkpoint that nobody asked for is gone once `use` has written what it
  /// makes of the model; until then a stopped run can be gone on with.
  func fit(
    _ data: DatasetArguments, for output: String,
    trainingScores: TrainingScores = .heldOut, in session: Session,
    then use: (DatasetCategory, FittedPipeline, RunContext) throws -> Void
  ) throws {
    let chosen = try pipeline(of: data)
    var context = session.context
    let url = URL(fileURLWithPath: checkpoint ?? output + ".checkpoint")
    if chosen?.detector.detector.trainsInEpochs == true {
      context.checkpoint = CheckpointFile(url, resumes: resume)
    } else if resume || checkpoint != nil {
      throw ParameterFault.unknown(
        resume ? "resume" : "checkpoint",
        owner: chosen?.detector.name ?? "the usual detector", owners: [])
    }
    if resume, !FileManager.default.fileExists(atPath: url.path) {
      throw ValidationError(
        "there is nothing to go on from at \(url.relativePath): leave out"
          + " --resume")
    }
    do {
      try session.run {
        let category = try data.openCategory(in: context)
        try InputFiles.check(URL(fileURLWithPath: output))
        let pipeline = try chosen ?? usualPipeline(for: category, of: data)
        // Scoring the test samples and drawing take less than learning.
        let parts = context.parts([5, 1])
        try use(
          category,
          try pipeline.fit(
            category, trainingScores: trainingScores, in: parts[0]), parts[1])
      }
    } catch is CancellationError {
      if context.checkpoint != nil,
        FileManager.default.fileExists(atPath: url.path)
      {
        complain(
          "the training is kept in \(url.relativePath): the same command with"
            + " --resume goes on from there", as: "stopped")
        throw ExitCode(130)
      }
      throw CancellationError()
    }
    if checkpoint == nil, context.checkpoint != nil {
      try? FileManager.default.removeItem(at: url)
    }
  }
}

extension PipelineArguments {
  /// The names of what is set about a fit.
  var givenOptions: [String] {
    [
      detector.map { _ in "detector" }, groups.groups.map { _ in "groups" },
      checkpoint.map { _ in "checkpoint" }, resume ? "resume" : nil,
    ].compactMap { $0 }
      + parameters.settings.names.union(features.options.settings.names)
      .sorted()
  }

  /// What is asked for; nil when no detector is.
  private func pipeline(of data: DatasetArguments) throws -> Pipeline? {
    let preparation = try features.preparation
    return try detector.map {
      Pipeline(
        features: preparation.features, scaler: preparation.scaler,
        detector: try AnomalyCommandLine.catalog.detector(
          named: $0, parameters.settings
        ).grouped(groups.grouping(of: data)))
    }
  }

  private func usualPipeline(
    for category: DatasetCategory, of data: DatasetArguments
  ) throws -> Pipeline {
    let usual = try AnomalyCommandLine.catalog.usualPipeline(
      for: category, groups.grouping(of: data),
      features.options.settings.names.isEmpty ? nil : features.preparation,
      parameters.settings)
    complain(usual.note.text(for: .commandLine), as: "note")
    return usual.pipeline
  }
}
