import Execution
import Files
import Foundation

extension DatasetKind {
  /// An `.npz` file with `X` and `y`.
  public static let npz = NPZLayout.kind
}

/// An `.npz` file with the rows `X` and, if known, their labels `y`.
enum NPZLayout: DatasetLayout {
  static let name = "npz"
  static let summary = "an .npz with X and y"

  static func recognizes(_ place: Folder) -> Bool {
    !place.exists && place.url.pathExtension.lowercased() == "npz"
  }

  static func read(
    _ place: Folder, name: String, options: DatasetOptions,
    in context: RunContext
  ) throws -> [DatasetCategory] {
    let path = place.url.path
    let arrays = try NPZ.read(
      place.url, ["X", "y"], memoryLimit: context.memoryBudget)
    guard let array = arrays["X"] else {
      throw FileFault.malformed(
        path: path, problem: "there is no array X",
        remedy: "save it with numpy.savez(file, X=rows, y=labels)")
    }
    var set = try array.samples(category: name, path: path)
    if let labels = arrays["y"] {
      guard
        labels.rows == array.rows, labels.columns == 1
      else {
        throw DatasetFault.wrongLabels(
          path: path,
          problem: "y has \(labels.rows) labels, X has \(array.rows) rows",
          remedy: "save one label a row")
      }
      let values = try labels.matrix(ofRows: Array(0..<labels.rows)).values
      for (index, value) in values.enumerated() {
        guard value == 0 || value == 1 else {
          throw DatasetFault.wrongLabels(
            path: path, problem: "the label of row \(index) is \(value)",
            remedy: "use 0 for ordinary rows and 1 for anomalies")
        }
        set.samples[index].label = Int(value)
      }
    }
    return [.transductive(name: name, set)]
  }

  static func write(
    _ dataset: Dataset, to url: URL, by writer: DatasetWriter
  ) throws {
    let (rows, samples) = try writer.table(dataset.pooled())
    try NPZ.write(rows, labels: samples.labels, to: url)
  }
}
