import Datasets
import Detectors
import Diagnostics
import Execution
import Features
import Foundation
import Groups
import Parameters

/// The runs of a study, in the order that shares most work.
struct StudyPlan {
  /// One category of one dataset, and the seeds that it is opened for.
  struct Slice {
    var source: Study.Source
    var dataset: String
    var category: DatasetCategory
    /// Whether a command has to name the category.
    var isOneOfSeveral: Bool
    var preparations: [SharedFeatures]

    var cells: [Cell] { preparations.flatMap(\.cells) }
  }

  /// Runs on the same features.
  struct SharedFeatures {
    let preparation: Preparation
    let workload: Workload
    var cells: [Cell]
  }

  struct Cell {
    var identity: AblationRun.Identity
    var detector: NamedDetector
    /// Roughly how long it will take.
    var expectedSeconds = 0.0
  }

  let slices: [Slice]

  var cells: [Cell] { slices.flatMap(\.cells) }

  /// The runs of a part of the study; nil for all of it.
  func cells(of shard: Shard?) -> [Cell] {
    guard let shard else { return cells }
    let takes = shard.takes(cells.map(\.expectedSeconds))
    return zip(cells, takes).filter(\.1).map(\.0)
  }

  /// - Throws: `StudyFault` naming the line of a dataset that cannot be opened
  ///   or has no labels, or for too many runs.
  init(_ study: Study, in context: RunContext) throws {
    let settings = study.settings
    slices = try study.datasets.flatMap { source in
      // Which anomalies contaminate a training set goes with the seed.
      let seedLists =
        source.options.contamination == nil
        ? [study.seeds] : study.seeds.map { [$0] }
      return try seedLists.enumerated().flatMap { place, seeds in
        // What is told of the data is told once.
        try Self.slices(
          of: source, settings, seeds, in: study,
          place == 0 ? context : context.quiet)
      }
    }
    var seen: Set<AblationRun.Identity> = []
    for slice in slices {
      guard slice.cells.allSatisfy({ seen.insert($0.identity).inserted })
      else {
        throw study.fault(
          slice.source,
          "\(slice.category.name) of \(slice.source.path) is there twice",
          "leave one out, or put it into a study of its own")
      }
    }
    let count = seen.count
    guard count <= Study.runLimit else {
      throw study.fault(
        study.datasets[0], "the study has \(count) runs",
        "leave out categories, or split it: \(Study.runLimit) runs at most")
    }
  }

  private static func slices(
    of source: Study.Source, _ settings: [StudySetting], _ seeds: [UInt64],
    in study: Study, _ context: RunContext
  ) throws -> [Slice] {
    let dataset = try study.blaming(source) {
      try source.open(seed: seeds[0], in: context)
    }
    return try dataset.categories.map { category in
      guard category.test.labels != nil else {
        throw study.fault(
          source, "\(category.name) has no labels",
          "give them with labels: LABELS.csv (id,label)")
      }
      var slice = Slice(
        source: source, dataset: dataset.name, category: category,
        isOneOfSeveral: dataset.categories.count > 1, preparations: [])
      let configured = try settings.map { setting in
        let (asked, detector) = try study.factors.configuration(setting)
        return (setting, try detector.preparation(asked), detector)
      }
      // Of a table, what is asked of pictures is left out while anything else
      // is there to be run.
      let fitting = configured.filter { $0.1.features.fits(category) }
      for (setting, preparation, detector) in fitting.isEmpty
        ? configured : fitting
      {
        let cells = seeds.map {
          Cell(
            identity: AblationRun.Identity(
              dataset: source.path, category: category.name,
              setting: setting, seed: $0),
            detector: detector.grouped(source.usedGrouping))
        }
        if let index = slice.preparations.firstIndex(where: {
          $0.preparation == preparation
        }) {
          slice.preparations[index].cells += cells
        } else {
          slice.preparations.append(
            SharedFeatures(
              preparation: preparation,
              workload: Workload(category, preparation),
              cells: cells))
        }
      }
      for index in slice.preparations.indices {
        slice.preparations[index].estimateSeconds()
      }
      return slice
    }
  }
}

extension StudyPlan.SharedFeatures {
  fileprivate mutating func estimateSeconds() {
    for index in cells.indices {
      // What cells share is read with the first.
      cells[index].expectedSeconds =
        cells[index].detector.expectedSeconds(workload)
        + (index == 0 ? workload.readingSeconds : 0)
    }
  }
}

extension StudyPlan.Slice {
  /// The command that repeats a run.
  func arguments(
    for identity: AblationRun.Identity, in study: Study
  ) -> [String] {
    var options = source.options
    if !source.isPooled, isOneOfSeveral { options.categories = [category.name] }
    var words = ["anomaly", "compare", source.path]
    for parameter in DatasetOptions.allParameters {
      for value in parameter.values(of: options) {
        words += ["--\(parameter.name)", value]
      }
    }
    if source.isPooled { words.append("--pool") }
    if let grouping = source.grouping { words += ["--groups", grouping.text] }
    words += study.factors.arguments(identity.setting)
    return words + ["--seed", "\(identity.seed)"]
  }
}

extension Study {
  /// A fault of a dataset, at its line.
  func fault(
    _ source: Source, _ problem: FaultMessage, _ remedy: FaultMessage
  ) -> StudyFault {
    .invalid(
      path: path, line: source.line, problem: problem, remedy: remedy)
  }

  /// Does something with a dataset; what goes wrong is told with its line.
  func blaming<Result>(
    _ source: Source, _ work: () throws -> Result
  ) throws -> Result {
    do {
      return try work()
    } catch let error as any Fault {
      let place = error.place.map { " (\($0))" } ?? ""
      throw fault(source, "\(error.problem)\(place)", error.remedy)
    }
  }
}

extension Study.Source {
  fileprivate var usedGrouping: Grouping {
    grouping ?? (isPooled ? .automatic : .off)
  }

  func open(seed: UInt64, in context: RunContext) throws -> Dataset {
    var options = options
    options.seed = seed
    var dataset = try Dataset(
      at: URL(fileURLWithPath: path), options: options, in: context)
    if isPooled { dataset.categories = [try dataset.pooled()] }
    return dataset
  }
}

extension FeatureRecipe {
  /// Whether it can be made of the samples: a table has no pictures to describe.
  fileprivate func fits(_ category: DatasetCategory) -> Bool {
    category.train.imageShape != nil
      || kind == .pixels && size == nil && color == .automatic
  }
}
