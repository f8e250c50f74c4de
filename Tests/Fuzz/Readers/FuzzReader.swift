import AnomalyKit
import Foundation

/// Something that reads what strangers write.
///
/// Whatever bytes it is given, it reads them or throws a `Fault`.
package enum FuzzReader: String, CaseIterable, Sendable {
  case picture, npy, npz, idx, table, scores, labels, safetensors, model
  case checkpoint, study, runs, folder

  /// The ending of a file that it reads.
  package var fileExtension: String {
    switch self {
    case .picture: "png"
    case .npy: "npy"
    case .npz: "npz"
    case .idx: "idx"
    case .table, .scores, .labels: "csv"
    case .safetensors, .model, .checkpoint: "safetensors"
    case .study: "yaml"
    case .runs: "jsonl"
    case .folder: "txt"
    }
  }

  /// Reads the bytes from a file in a folder of its own.
  ///
  /// - Returns: The fault, if there was one.
  /// - Throws: What is no `Fault`, or the faults of the folder.
  @discardableResult
  package func read(_ bytes: Data, in folder: URL) throws -> (any Fault)? {
    let file = folder.appending(path: "input." + fileExtension)
    try bytes.write(to: file)
    return try faultOf { try read(file, in: folder) }
  }

  private func read(_ file: URL, in folder: URL) throws {
    let context = RunContext(threadCount: 1, memoryBudget: 1 << 26)
    switch self {
    case .picture:
      _ = try PictureFormat(at: file)
      _ = try PictureFile.header(of: MappedFile(file))
      _ = try PictureFile.decode(file, size: PixelSize(width: 7, height: 5))
      _ = try PictureFile.decode(Data(contentsOf: file), color: .grey)
    case .npy:
      _ = try NPY.read(file).matrix(ofRows: [])
      try Self.rewrite(Dataset(at: file, in: context), as: [.npz], in: folder)
    case .npz:
      let memory = context.memoryBudget
      _ = try NPZ.read(
        file, ["X", "y", "X_train", "X_test"], texts: ["y"],
        memoryLimit: memory)
      try Self.rewrite(
        Dataset(at: file, in: context), as: [.npy, .idx], in: folder)
    case .idx:
      let array = try IDX.read(file, memoryLimit: context.memoryBudget)
      _ = try array.matrix(ofRows: Array(0..<min(array.rows, 3)))
    case .table:
      let faults = try Self.tableOptions.map { options in
        try faultOf {
          try Self.read(Dataset(at: file, options: options, in: context))
        }
      }
      if let fault = faults[0] { throw fault }
    case .scores:
      let scores = try ScoreFile(file, in: context)
      for ids in [scores.ids, Array(scores.ids.dropLast()), ["none"]] {
        _ = try faultOf { _ = try scores.scores(of: ids, path: file.path) }
      }
      _ = try faultOf {
        _ = try ScoreTable(scores: file, labels: file, in: context)
      }
    case .labels:
      let scores = folder.appending(path: "scores-of-ten.csv")
      if !FileManager.default.fileExists(atPath: scores.path) {
        let rows = (0..<10).map { "\($0),\($0 * $0)\n" }.joined()
        try Data(("id,score\n" + rows).utf8).write(to: scores)
      }
      _ = try ScoreTable(scores: scores, labels: file, in: context)
    case .safetensors:
      let again = folder.appending(path: "again.safetensors")
      try Safetensors(contentsOf: file).write(to: again)
      _ = try Safetensors(contentsOf: again)
    case .model:
      let pipeline = try FittedPipeline(contentsOf: file)
      let again = folder.appending(path: "again.safetensors")
      try pipeline.write(to: again)
      _ = try FittedPipeline(contentsOf: again)
      let count = pipeline.model.featureCount
      guard count < 20_000 else { return }
      _ = try pipeline.model.scores(
        for: Matrix(rows: 2, columns: count), in: context)
    case .checkpoint:
      var detector = Autoencoder(.fcn)
      detector.widths = [2]
      detector.training.epochs = 1
      let again = folder.appending(path: "again.checkpoint")
      for checkpoint in [
        CheckpointFile(again), CheckpointFile(again, resumes: true),
        CheckpointFile(file, resumes: true),
      ] {
        _ = try detector.fit(
          Matrix([[0, 0.5, 1], [1, 0.5, 0], [0, 0, 1]]),
          in: RunContext(threadCount: 1, checkpoint: checkpoint))
      }
    case .study: _ = try Study(contentsOf: file)
    case .runs:
      let place = folder.appending(path: "study")
      try FileManager.default.createDirectory(
        at: place, withIntermediateDirectories: true)
      let table = folder.appending(path: "study.csv")
      try Data("a,label\n1,0\n2,0\n3,1\n".utf8).write(to: table)
      let runs = place.appending(path: "runs.jsonl")
      try? FileManager.default.removeItem(at: runs)
      try FileManager.default.moveItem(at: file, to: runs)
      let study = try Study(
        name: "runs", datasets: [Study.Source(path: table.path)],
        baseline: ["detector": "kmeans"],
        varying: ["n-clusters": ["1", "2"]])
      let ablation = try Ablation(study, in: place)
      // Another has the folder.
      _ = try faultOf { _ = try Ablation(study, in: place) }
      _ = try ablation.run(in: context)
    case .folder:
      let place = folder.appending(path: "planted")
      try? FileManager.default.removeItem(at: place)
      try Self.plant(Data(contentsOf: file), in: place)
      try Self.rewrite(
        Dataset(at: place, in: context), as: [.mvtec, .folders], in: folder)
    }
  }

  /// Reads a small dataset, writes it in other layouts, and reads those.
  private static func rewrite(
    _ dataset: Dataset, as kinds: [DatasetKind], in folder: URL
  ) throws {
    let sets = dataset.categories.flatMap { [$0.train, $0.test] }
    guard sets.allSatisfy({ $0.count * $0.source.columns < 1 << 20 }) else {
      return
    }
    for set in sets { _ = try set.source.matrix() }
    for kind in kinds {
      let again = folder.appending(path: "again." + kind.rawValue)
      try? FileManager.default.removeItem(at: again)
      _ = try faultOf {
        try dataset.write(as: kind, to: again, size: PixelSize(square: 2))
        _ = try Dataset(at: again)
      }
    }
  }

  private static let tableOptions: [DatasetOptions] = {
    var filling = DatasetOptions()
    filling.missing = .median
    filling.categorical = .oneHot
    filling.dropColumns = ["b"]
    var dropping = DatasetOptions()
    dropping.missing = .drop
    dropping.normalValues = ["1"]
    dropping.labelColumn = "c"
    dropping.idColumn = "a"
    return [DatasetOptions(), filling, dropping]
  }()

  /// Reads all rows, some of them, and as a model of the first columns does.
  private static func read(_ table: Dataset) throws {
    for set in table.categories.map(\.train) {
      _ = try set.source.matrix()
      _ = try set.selecting([0]).source.matrix()
      if var features = set.tableFeatures, features.names.count > 1 {
        features.names.removeLast()
        features.fills?.removeLast()
        _ = try set.source(matching: features).rows.matrix()
      }
    }
  }

  /// Makes the files that the lines name: a path and, behind a tab, the text,
  /// whose bars stand for line feeds; without a text a picture.
  private static func plant(_ lines: Data, in folder: URL) throws {
    let files = FileManager.default
    try files.createDirectory(at: folder, withIntermediateDirectories: true)
    for line in String(decoding: lines.prefix(4096), as: UTF8.self)
      .split(separator: "\n").prefix(100)
    {
      let parts = line.split(separator: "\t", maxSplits: 1)
      let path = (parts.first ?? "").split(separator: "/").filter {
        $0 != ".." && !$0.contains("\0")
      }
      guard !path.isEmpty, path.count < 9 else { continue }
      let file = folder.appending(path: path.joined(separator: "/"))
      // Names may be too long, or taken by a folder.
      try? files.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      let text = parts.dropFirst().first?.replacing("|", with: "\n")
      try? (text.map { Data($0.utf8) } ?? dot).write(to: file)
    }
  }

  /// A PNG file of one grey pixel.
  private static let dot =
    Data(
      base64Encoded: "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4"
        + "2mNgAAAAAgAB4iG8MwAAAABJRU5ErkJggg==") ?? Data()
}

/// The fault that reading ends with; nil without one.
private func faultOf(_ read: () throws -> Void) throws -> (any Fault)? {
  do {
    try read()
    return nil
  } catch let fault as any Fault {
    // Its words must not fail either.
    _ = fault.text(for: .commandLine)
    return fault
  }
}
