import AnomalyKit
import ArgumentParser
import Foundation

/// How a dataset is read: what can be set of every layout, then of each.
enum DatasetParameterOptions: OptionSource {
  static let options =
    DatasetOptions.parameters.map {
      DeclaredOption(ParameterDescription($0, of: DatasetOptions()))
    }
    + DatasetOptions.layoutParameters.map { parameter, kinds in
      DeclaredOption(
        ParameterDescription(parameter, of: DatasetOptions()),
        of: kinds.map(\.rawValue).joined(separator: ", "))
    }
}

/// Which columns tables of scores and labels have.
enum ScoreParameterOptions: OptionSource {
  static let parameters =
    [DatasetOptions.scoreParameter] + DatasetOptions.tableParameters
  static let options = parameters.map {
    DeclaredOption(ParameterDescription($0, of: DatasetOptions()))
  }
}

/// Where the samples are and what is known about them.
struct DatasetArguments: ParsableArguments {
  @Argument(help: "The dataset: \(DatasetKind.summary).")
  var dataset: String

  @OptionGroup(title: "Dataset") var parameters:
    ParameterArguments<DatasetParameterOptions>

  @Flag(help: "Put all categories into one training set and one test set.")
  var pool = false

  /// Finds the samples.
  ///
  /// - Parameters:
  ///   - path: Where they are; nil for the dataset.
  ///   - model: What was fitted to such samples, if anything: what it learned to
  ///     fill in, or to make of words, needs no options again.
  func open(
    _ path: String? = nil, seed: UInt64, for model: FittedPipeline? = nil,
    in context: RunContext
  ) throws -> Dataset {
    var options = DatasetOptions()
    try parameters.settings.apply(DatasetOptions.allParameters, to: &options)
    options.seed = seed
    if options.missing == nil, model?.fillsMissingValues == true {
      options.missing = .mean
    }
    if options.categorical == nil, model?.knowsCategories == true {
      options.categorical = .oneHot
    }
    let url = URL(fileURLWithPath: path ?? dataset)
    let opened = try Dataset(at: url, options: options, in: context)
    InputFiles.keep(
      [url] + arrays(in: url) + [options.labels].compactMap { $0 }
        + opened.categories.flatMap { [$0.train, $0.test] }
        .filter { $0.files != nil }
        .flatMap { $0.samples.flatMap { [$0.image, $0.mask] } }
        .compactMap { $0 })
    return opened
  }

  /// What a folder of arrays is read from.
  private func arrays(in folder: URL) -> [URL] {
    let names = try? FolderListing.names(in: folder.path)
    return (names ?? []).filter { name in
      ["npy", "gz", "ubyte", "labels.csv"].contains { name.hasSuffix($0) }
    }.map { folder.appendingPathComponent($0) }
  }

  /// The one category that a single model is fitted to or scores.
  ///
  /// - Parameter path: Where it is; nil for the dataset.
  func openCategory(
    _ path: String? = nil, for model: FittedPipeline? = nil,
    in context: RunContext
  ) throws -> DatasetCategory {
    let dataset = try open(path, seed: context.seed, for: model, in: context)
    if pool { return try dataset.pooled() }
    guard dataset.categories.count == 1 else {
      throw ExperimentFault.severalCategories(dataset.categories.map(\.name))
    }
    return dataset.categories[0]
  }
}

extension DatasetKind: ExpressibleByArgument {}
extension ColorMode: ExpressibleByArgument {}
