import Datasets

/// What a dataset holds.
public struct DatasetReport: Encodable, Hashable, Sendable {
  public struct Category: Encodable, Hashable, Sendable {
    public let name: String
    public let trainCount: Int
    public let testCount: Int
    /// Nil when the test samples have no labels.
    public let anomalies: Int?
    /// Defective test images by kind of defect; empty when the data does not
    /// tell.
    public let defects: [String: Int]
  }

  public let name: String
  public let kind: DatasetKind
  public let categories: [Category]

  public init(_ dataset: Dataset) {
    name = dataset.name
    kind = dataset.kind
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
    return "\(name), kind \(kind.rawValue)\n\n\(table.text)"
  }
}
