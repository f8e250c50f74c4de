import AnomalyKit
import Foundation

/// Something that reads what strangers write.
///
/// Whatever bytes it is given, it reads them or throws a `Fault`.
package enum FuzzReader: String, CaseIterable, Sendable {
  case picture, npy, npz, idx, table, scores, labels, safetensors, model
  case checkpoint, study, runs

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
    do {
      try read(file, in: folder)
      return nil
    } catch let fault as any Fault {
      // Its words must not fail either.
      _ = fault.text(for: .commandLine)
      return fault
    }
  }

  private func read(_ file: URL, in folder: URL) throws {
    let context = RunContext(threadCount: 1, memoryBudget: 1 << 26)
    switch self {
    case .picture:
      _ = try PictureFile.decode(file, size: PixelSize(width: 7, height: 5))
      _ = try PictureFile.decode(file, color: .grey)
    case .npy: _ = try NPY.read(file)
    case .npz:
      _ = try NPZ.read(
        file, ["X", "y", "X_train", "X_test"],
        memoryLimit: context.memoryBudget)
    case .idx: _ = try IDX.read(file, memoryLimit: context.memoryBudget)
    case .table:
      for category in try Dataset(at: file, in: context).categories {
        _ = try category.train.source.matrix()
      }
    case .scores: _ = try ScoreFile(file, in: context)
    case .labels:
      let scores = folder.appending(path: "scores-of-ten.csv")
      if !FileManager.default.fileExists(atPath: scores.path) {
        let rows = (0..<10).map { "\($0),\($0 * $0)\n" }.joined()
        try Data(("id,score\n" + rows).utf8).write(to: scores)
      }
      _ = try ScoreTable(scores: scores, labels: file, in: context)
    case .safetensors: _ = try Safetensors(contentsOf: file)
    case .model:
      let pipeline = try FittedPipeline(contentsOf: file)
      let count = pipeline.model.featureCount
      guard count < 20_000 else { return }
      _ = try pipeline.model.scores(
        for: Matrix(rows: 2, columns: count), in: context)
    case .checkpoint:
      var detector = Autoencoder(.fcn)
      detector.widths = [2]
      detector.training.epochs = 1
      _ = try detector.fit(
        Matrix([[0, 0.5, 1], [1, 0.5, 0], [0, 0, 1]]),
        in: RunContext(
          threadCount: 1,
          checkpoint: CheckpointFile(file, resumes: true)))
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
      _ = try Ablation(study, in: place)
    }
  }
}
