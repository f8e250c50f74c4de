import AnomalyKit
import ArgumentParser
import Foundation

/// How a dataset is read: what can be set of every layout, then of each.
enum DatasetParameterOptions: OptionSource {
  static let options =
    DatasetOptions.parameters.map { parameter in
      var option = DeclaredOption(
        ParameterDescription(parameter, of: DatasetOptions()))
      option.isHidden = parameter.summary.hasPrefix("tables:")
      return option
    }
    + DatasetOptions.layoutParameters.map { parameter, kinds in
      var option = DeclaredOption(
        ParameterDescription(parameter, of: DatasetOptions()),
        of: kinds.map(\.rawValue).joined(separator: ", "))
      option.isHidden = true
      return option
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

/// The columns of tables of scores alone.
enum ScoreColumnOptions: OptionSource {
  static let parameters =
    [DatasetOptions.scoreParameter]
    + DatasetOptions.tableParameters.filter { $0.name == "id-column" }
  static let options = parameters.map {
    DeclaredOption(ParameterDescription($0, of: DatasetOptions()))
  }
}

/// Where the samples are and what is known about them.
struct DatasetArguments: ParsableArguments {
  @Argument(help: "A folder or file; anomaly --help tells which.")
  var dataset: String

  @OptionGroup(title: "Dataset") var parameters:
    ParameterArguments<DatasetParameterOptions>

  @Flag(help: "Put all categories into one training set and one test set.")
  var pool = false

  /// - Throws: `ValidationError` for an output that is the dataset's folder, or
  ///   is called as standard output is elsewhere.
  func check(output: String) throws {
    guard output != Self.standardInput else {
      throw ValidationError(
        "--output - names no file: give a name, or use anomaly score, which"
          + " prints")
    }
    let places = [output, dataset].map {
      URL(fileURLWithPath: $0).standardizedFileURL.resolvingSymlinksInPath()
        .path
    }
    var isFolder: ObjCBool = false
    _ = FileManager.default.fileExists(
      atPath: places[1], isDirectory: &isFolder)
    // Files are told when they would be written over.
    guard places[0] != places[1] || !isFolder.boolValue else {
      throw ValidationError("--output \(output) is the dataset: use another")
    }
  }

  /// Finds the samples.
  ///
  /// - Parameters:
  ///   - path: Where they are; nil for the dataset.
  ///   - model: What was fitted to such samples, if anything: what it learned to
  ///     fill in, or to make of words, needs no options again.
  func open(
    _ path: String? = nil, seed: UInt64, for model: FittedPipeline? = nil,
    needsTraining: Bool = true,
    in context: RunContext
  ) throws -> Dataset {
    var options = DatasetOptions()
    options.needsTraining = needsTraining
    try parameters.settings.apply(DatasetOptions.allParameters, to: &options)
    options.seed = seed
    if options.missing == nil, model?.fillsMissingValues == true {
      options.missing = .mean
    }
    if options.categorical == nil, model?.knowsCategories == true {
      options.categorical = .oneHot
    }
    let url = URL(fileURLWithPath: path ?? dataset)
    do {
      let dataset = try Dataset(keeping: url, options: options, in: context)
      try dataset.checkSame(in: context.team)
      return dataset
    } catch DatasetFault.unrecognizedLayout
      where needsTraining && (try? SampleSet(newPicturesAt: url)) != nil
    {
      throw ExperimentFault.nothingToLearnFrom(path: path ?? dataset)
    }
  }

  /// The one category that a single model is fitted to or scores.
  ///
  /// - Parameter path: Where it is; nil for the dataset.
  func openCategory(
    _ path: String? = nil, for model: FittedPipeline? = nil,
    needsTraining: Bool = true, in context: RunContext
  ) throws -> DatasetCategory {
    let dataset = try open(
      path, seed: context.seed, for: model, needsTraining: needsTraining,
      in: context)
    if pool { return try dataset.pooled() }
    guard dataset.categories.count == 1 else {
      throw ExperimentFault.severalCategories(dataset.categories.map(\.name))
    }
    return dataset.categories[0]
  }

  /// What a model scores: the test samples of a dataset, whether it has
  /// training samples or not, or pictures that are called by their paths.
  func openTest(
    for model: FittedPipeline, in context: RunContext
  ) throws -> SampleSet {
    let pictures: SampleSet
    if dataset == Self.standardInput {
      let text = String(
        decoding: FileHandle.standardInput.readDataToEndOfFile(), as: UTF8.self)
      pictures = try SampleSet(
        pictures: SampleSet.paths(in: text), called: "standard input")
    } else if let test = try testOfLayout(for: model, in: context) {
      return test
    } else {
      pictures = try SampleSet(newPicturesAt: URL(fileURLWithPath: dataset))
    }
    if let name = parameters.settings.names.min() ?? (pool ? "pool" : nil) {
      throw ParameterFault.unknown(
        OptionName(text: name), owner: "a set of pictures", owners: [])
    }
    InputFiles.keep(pictures.samples.compactMap(\.image))
    try [pictures].checkSame(in: context.team)
    return pictures
  }

  /// The test samples that the layout tells; nil where none is recognised, and
  /// where lot alone tells them for another model: a split that was drawn holds
  /// for the model that was fitted to its one half.
  private func testOfLayout(
    for model: FittedPipeline, in context: RunContext
  ) throws -> SampleSet? {
    do {
      let category = try openCategory(
        for: model, needsTraining: false, in: context)
      let isOfModel =
        try !category.hasDrawnSplit
        || model.origin?.dataChecksum == category.train.checksum(in: context)
      return isOfModel ? category.test : nil
    } catch DatasetFault.unrecognizedLayout {
      return nil
    }
  }

  /// Reads the paths of pictures from standard input.
  private static let standardInput = "-"
}

extension DatasetKind: ExpressibleByArgument {}
extension ColorMode: ExpressibleByArgument {}
