import Diagnostics
import Execution
import Files
import Foundation
import Parameters

extension DatasetKind {
  /// An `.npz` file with `X` and `y`.
  public static let npz = NPZLayout.kind
}

/// An `.npz` file with the rows `X` and, if known, their labels `y`, or with
/// training and test rows of their own; other usual names are recognised.
enum NPZLayout: WritableLayout {
  static let name = "npz"
  static let summary = "an .npz with X and y"
  static let parameters: [Parameter<DatasetOptions>] = [
    Parameter(
      "arrays", \.arrays,
      .any(
        "the names of arrays, such as X=feat,y=lab or"
          + " X_train=a,X_test=b,y_test=c"),
      "which arrays are the rows and the labels, such as X=feat,y=lab",
      unset: "recognised"),
    AxisOrder.parameter,
  ]

  /// The parts that arrays may be, each with its usual names, in lower case
  /// and without underscores.
  private static let parts: [String: [String]] = [
    "X": ["x", "data", "features", "samples", "images", "arr0"],
    "y": ["y", "target", "targets", "label", "labels", "arr1"],
    "X_train": ["xtrain", "trainx", "train", "traindata", "trainimages"],
    "X_test": ["xtest", "testx", "test", "testdata", "testimages"],
    "y_train": ["ytrain", "trainy", "trainlabels", "trainlabel"],
    "y_test": ["ytest", "testy", "testlabels", "testlabel"],
  ]

  static func sign(of place: Folder) -> String? {
    !place.exists && place.url.pathExtension.lowercased() == "npz"
      ? "an .npz" : nil
  }

  static func read(
    _ place: Folder, name: String, options: DatasetOptions,
    in context: RunContext
  ) throws -> [DatasetCategory] {
    let path = place.url.path
    let there = try NPZ.names(place.url)
    let names = try chosen(of: there, options, path: path)
    let arrays = try NPZ.read(
      place.url, Set(names.values),
      texts: Set(["y", "y_train", "y_test"].compactMap { names[$0] }),
      memoryLimit: context.memoryBudget)
    func array(_ part: String) -> StoredArray? {
      names[part].flatMap { arrays[$0] }
    }
    var notes: [FaultMessage] = []
    if names.contains(where: { $0 != $1 }) {
      let told = names.sorted { $0.key < $1.key }.map { "\($0) is \($1)" }
        .joined(separator: ", ")
      notes.append("arrays: \(told)")
    }
    defer {
      if let first = notes.first {
        context.note(notes.dropFirst().reduce(first) { "\($0); \($1)" })
      }
    }
    func set(
      _ rows: StoredArray, _ labels: String, like training: StoredArray? = nil
    ) throws -> SampleSet {
      var set = try rows.samples(
        category: name, path: path, in: options.layout, like: training,
        telling: { notes.append($0) })
      if let array = array(labels) {
        let guess = try label(
          &set, by: array, called: names[labels] ?? labels, options, path: path)
        if let guess { notes.append("\(labels): guessed: \(guess)") }
      }
      return set
    }
    if let rows = array("X") {
      return [.transductive(name: name, try set(rows, "y"))]
    }
    guard let train = array("X_train"), let test = array("X_test") else {
      let listed = there.prefix(20).joined(separator: ", ")
      throw FileFault.malformed(
        path: path, problem: "there is no array X among \(listed)",
        remedy: "choose by \(option: "arrays", "X=ROWS,y=LABELS"), or save it"
          + " with numpy.savez(file, X=rows, y=labels)")
    }
    guard train.shape.dropFirst() == test.shape.dropFirst() else {
      throw DatasetFault.differentShapes(
        path: path, train: train.shape, test: test.shape)
    }
    var learned = try set(train, "y_train")
    if let labels = learned.labels, labels.contains(1) {
      let ordinary = labels.indices.filter { labels[$0] == 0 }
      notes.append(
        "\(labels.count - ordinary.count) of \(labels.count) training rows are"
          + " anomalies, and are left out")
      learned = learned.selecting(ordinary)
    }
    return [
      DatasetCategory(
        name: name, train: learned, test: try set(test, "y_test", like: train))
    ]
  }

  /// The array of the file that is each part.
  private static func chosen(
    of there: [String], _ options: DatasetOptions, path: String
  ) throws -> [String: String] {
    if let arrays = options.arrays {
      var chosen: [String: String] = [:]
      for pair in arrays.split(separator: ",") {
        let sides = pair.split(separator: "=", maxSplits: 1).map(String.init)
        guard sides.count == 2, parts.keys.contains(sides[0]) else {
          throw DatasetFault.unusableOption(
            name: "arrays", problem: "\(pair) says of no array what it is",
            remedy: "use X=NAME, y=NAME, or X_train, X_test, y_train and y_test"
          )
        }
        guard there.contains(sides[1]) else {
          throw FileFault.malformed(
            path: path, problem: "there is no array \(sides[1])",
            remedy: "name one of \(there.prefix(20).joined(separator: ", "))")
        }
        chosen[sides[0]] = sides[1]
      }
      return chosen
    }
    return parts.reduce(into: [:]) { chosen, part in
      chosen[part.key] =
        there.first { $0 == part.key }
        ?? part.value.lazy.compactMap { usual in
          there.first { $0.lowercased().replacing("_", with: "") == usual }
        }.first
    }
  }

  /// - Returns: What was guessed to read the labels.
  private static func label(
    _ set: inout SampleSet, by labels: StoredArray, called name: String,
    _ options: DatasetOptions, path: String
  ) throws -> String? {
    guard labels.rows == set.count, labels.columns == 1 else {
      throw DatasetFault.wrongLabels(
        path: path,
        problem:
          "\(name) has \(labels.rows) labels of \(labels.columns) numbers,"
          + " there are \(set.count) rows",
        remedy: "save one label a row")
    }
    let texts = try labels.texts()
    let words = try LabelWords(texts, options) {
      "of row \($0)"
    } refuse: {
      DatasetFault.wrongLabels(path: path, problem: $0, remedy: $1)
    }
    for (index, text) in texts.enumerated() {
      set.samples[index].label = words.label(text)
    }
    return words.guess
  }

  static func write(
    _ dataset: Dataset, to url: URL, by writer: DatasetWriter
  ) throws {
    let (rows, samples) = try writer.table(dataset.pooled())
    try NPZ.write(rows, labels: samples.labels, to: url)
  }
}
