import AnomalyKit
import ArgumentParser
import Foundation

/// Where the samples are and what is known about them.
struct DatasetArguments: ParsableArguments {
  @Argument(help: "The dataset: a folder, .npz or .csv file.")
  var dataset: String

  @Option(
    help: ArgumentHelp(
      "The layout of the dataset; by default it is recognised.",
      valueName: DatasetKind.allCases.map(\.rawValue).joined(separator: "|")))
  var kind: DatasetKind?

  @Option(
    help: "CSV with the id and the label, 0 or 1, of every test sample.")
  var labels: String?

  @Option(
    name: .customLong("category"), parsing: .singleValue,
    help: "Only this category; may be repeated.")
  var categories: [String] = []

  @Flag(help: "Put all categories into one training set and one test set.")
  var pool = false

  @Option(
    name: .customLong("normal-label"), parsing: .singleValue,
    help: "IDX: an ordinary class; by default each class in turn.")
  var normalLabels: [Int] = []

  @Option(
    name: .customLong("anomaly-label"), parsing: .singleValue,
    help: "IDX: an anomalous class; by default all others.")
  var anomalyLabels: [Int] = []

  @Option(
    help: """
      IDX: fit and score one set of the ordinary training images and this \
      fraction of anomalies.
      """)
  var contamination: Double?

  @Option(help: "CSV: the column with the ids.")
  var idColumn: String?

  @Option(help: "CSV: the column with the labels.")
  var labelColumn: String?

  /// Finds the samples.
  func open(seed: UInt64) throws -> Dataset {
    var options = DatasetOptions(
      kind: kind, labels: labels.map { URL(fileURLWithPath: $0) })
    options.categories = categories
    options.normalLabels = normalLabels
    options.anomalyLabels = anomalyLabels
    options.contamination = contamination
    options.seed = seed
    options.idColumn = idColumn
    options.labelColumn = labelColumn
    return try Dataset(at: URL(fileURLWithPath: dataset), options: options)
  }

  /// The one category that a single model is fitted to or scores.
  func openCategory(seed: UInt64) throws -> DatasetCategory {
    let dataset = try open(seed: seed)
    if pool { return try dataset.pooled() }
    guard dataset.categories.count == 1 else {
      throw ExperimentFault.severalCategories(dataset.categories.map(\.name))
    }
    return dataset.categories[0]
  }
}

extension DatasetKind: ExpressibleByArgument {}
extension ColorMode: ExpressibleByArgument {}
