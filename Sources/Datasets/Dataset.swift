import Foundation
import Parameters

/// How to read a dataset.
public struct DatasetOptions: Sendable {
  /// The layout; nil recognises it.
  public var kind: DatasetKind?
  /// A CSV file with the id and the label, 0 or 1, of every test sample.
  public var labels: URL?
  /// The categories to read; all when empty.
  public var categories: [String] = []
  /// The labels that are ordinary, as they are written; without any, those that
  /// are recognised, and of IDX every class in turn.
  public var normalValues: [String] = []
  /// IDX: the classes that are ordinary, as numbers.
  public var normalLabels: [Int] {
    get { normalValues.compactMap { Int($0) } }
    set { normalValues = newValue.map(String.init) }
  }
  /// Tables: the labels that are anomalies, as they are written; without any,
  /// those that are recognised, or all that are not ordinary.
  public var anomalyValues: [String] = []
  /// IDX: the classes that are anomalies; without any, all others.
  ///
  /// Images of neither kind are left out.
  public var anomalyLabels: [Int] = []
  /// IDX: builds one set of the ordinary training images and this fraction of
  /// their number of anomalies, taken from the training images too.
  public var contamination: Double?
  /// Chooses the anomalies of a contaminated set.
  public var seed: UInt64 = 0
  /// Whether data without training samples is refused; else, of folders and
  /// arrays, the training set may be empty.
  public var needsTraining = true
  /// Tables: the column with the ids; nil recognises it.
  public var idColumn: String?
  /// Tables: the column with the labels; nil recognises it.
  public var labelColumn: String?
  /// Tables of scores: the column with the scores; nil recognises it.
  public var scoreColumn: String?
  /// Tables: columns that are not used.
  public var dropColumns: [String] = []
  /// MVTec: what becomes of the pictures in `validation`; nil passes them over.
  public var validation: ValidationUse?
  /// Arrays of images: the order of their axes; nil recognises it.
  public var layout: AxisOrder?
  /// NPZ: which arrays are the rows and labels, such as `X=feat,y=lab`; nil
  /// recognises them.
  public var arrays: String?
  /// CSV: what becomes of missing numbers; nil refuses them.
  public var missing: MissingValues?
  /// CSV: what becomes of columns of words; nil refuses them.
  public var categorical: Categorical?

  /// By default: all categories, with layout and labels as they are found.
  public init(kind: DatasetKind? = nil, labels: URL? = nil) {
    self.kind = kind
    self.labels = labels
  }

  /// What can be set of tables, and of tables of labels or scores.
  package static let tableParameters: [Parameter<DatasetOptions>] = [
    Parameter(
      "id-column", \.idColumn, .any("the name of a column"),
      "tables: the column with the ids", unset: "recognised"),
    Parameter(
      "label-column", \.labelColumn, .any("the name of a column"),
      "tables: the column with the labels", unset: "recognised"),
    Parameter(
      "drop-columns", each: \.dropColumns,
      .any("the names of columns, separated by commas"),
      "tables: columns that are not used, separated by commas",
      unset: "none but those that are told"),
    Parameter(
      "normal-label", each: \.normalValues, .any("a label"),
      "a label or class that is ordinary; may be repeated",
      unset: "recognised; of IDX, each class in turn"),
    Parameter(
      "anomaly-value", each: \.anomalyValues, .any("a label"),
      "tables: a label that is an anomaly; may be repeated",
      unset: "recognised"),
  ]

  /// Which column of a table of scores holds them.
  package static let scoreParameter = Parameter<DatasetOptions>(
    "score-column", \.scoreColumn, .any("the name of a column"),
    "the column with the scores", unset: "recognised")

  /// What can be set of every layout.
  public static let parameters: [Parameter<DatasetOptions>] =
    [
      Parameter(
        "kind", \.kind, .choice, "the layout of the dataset",
        unset: "recognised"),
      Parameter(
        "labels", \.labels, .path("a CSV file"),
        "CSV with the id and the label, 0 or 1, of every test sample",
        unset: "labels.csv beside the data"),
    ] + tableParameters + [
      Parameter(
        "category", each: \.categories, .any("the name of a category"),
        "only this category; may be repeated", unset: "all")
    ]
}

/// A training set and a test set that belong together.
public struct DatasetCategory: Sendable {
  /// The object, class or file that it is, such as "bottle".
  public var name: String
  /// What is learned from; the same as `test` when transductive.
  public var train: SampleSet
  /// What is scored, and judged where it has labels.
  public var test: SampleSet
  /// Whether training and test samples are the same.
  public var isTransductive: Bool
  /// Whether the layout tells training samples from test samples by lot alone.
  public internal(set) var hasDrawnSplit = false

  /// Of sets that are open already; by default they differ.
  public init(
    name: String, train: SampleSet, test: SampleSet,
    isTransductive: Bool = false
  ) {
    self.name = name
    self.train = train
    self.test = test
    self.isTransductive = isTransductive
  }
}

/// Data to find anomalies in, whatever its layout on disk.
public struct Dataset: Sendable {
  /// The name of the file or folder.
  public var name: String
  /// The layout that it was read in.
  public var kind: DatasetKind
  /// What it was recognised by, such as "train/good/"; nil when the kind was
  /// given.
  public internal(set) var sign: String?
  /// One an object, class or file; fitted one by one unless pooled.
  public var categories: [DatasetCategory]

  /// Of categories that are open already.
  public init(
    name: String, kind: DatasetKind, categories: [DatasetCategory]
  ) {
    self.name = name
    self.kind = kind
    self.categories = categories
  }
}
