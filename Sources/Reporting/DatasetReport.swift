import Datasets

/// What a dataset holds.
public struct DatasetReport: Encodable, Hashable, Sendable {
  /// What one category holds.
  public struct Category: Encodable, Hashable, Sendable {
    /// As `DatasetCategory.name` has it.
    public let name: String
    /// The number of training samples.
    public let trainCount: Int
    /// The number of test samples.
    public let testCount: Int
    /// Nil when the test samples have no labels.
    public let anomalies: Int?
    /// Defective test images by kind of defect; empty when the data does not
    /// tell.
    public let defects: [String: Int]
  }

  /// The name of the file or folder.
  public let name: String
  /// The layout that it was read in.
  public let kind: DatasetKind
  /// What the layout was recognised by; nil when it was given.
  public let sign: String?
  /// In the order of the dataset.
  public let categories: [Category]

  /// Counts samples and labels; no picture is read.
  public init(_ dataset: Dataset) {
    name = dataset.name
    kind = dataset.kind
    sign = dataset.sign
    categories = dataset.categories.map { category in
      let defects = category.test.samples.filter { $0.label == 1 }
        .compactMap(\.defect)
      return Category(
        name: category.name, trainCount: category.train.count,
        testCount: category.test.count,
        anomalies: category.test.labels?.reduce(0, +),
        defects: Dictionary(defects.map { ($0, 1) }, uniquingKeysWith: +))
    }
  }

  /// The report as JSON, with a line feed at its end.
  public var json: String {
    get throws { try prettyJSON(self) }
  }

  /// A table for a terminal.
  public var text: String {
    let table = Table(
      columns: [
        .init("category", .left), .init("train"), .init("test"),
        .init("anomalies"), .init("kinds of anomalies", .left),
      ],
      rows: categories.map { category in
        [
          category.name, "\(category.trainCount)", "\(category.testCount)",
          category.anomalies.map(String.init) ?? "unknown",
          category.defects.sorted { $0.key < $1.key }
            .map { "\($0.key) \($0.value)" }.joined(separator: ", "),
        ]
      })
    let reason = sign.map { ", by \($0)" } ?? ""
    return "\(name), kind \(kind.rawValue)\(reason)".visible
      + "\n\n\(table.text)"
  }
}
