import Datasets
import Execution
import Experiments
import Features
import Files
import Foundation
import Images
import TestSupport
import Testing

/// Files that `anomaly` 0.1.0 wrote, with the scores that it gave by them.
///
/// Each was fitted to the images or the table beside it. The weights of the
/// classifier of `noise-classifier` are mostly set to zero, so that its file
/// can be kept compressed.
private enum Stored {
  static let folder = Repository.models

  /// The names of its models.
  static let models: [String] = {
    let names =
      (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return names.compactMap { name in
      name.firstRange(of: ".safetensors").map {
        String(name[..<$0.lowerBound])
      }
    }.sorted().filter { $0 != "checkpoint" }
  }()

  static func category(of model: String) throws -> DatasetCategory {
    let data = model.hasPrefix("table") ? "table.csv" : "images"
    return try Dataset(at: folder.appending(path: data)).categories[0]
  }

  static func scores(of model: String) throws -> [Double] {
    try String(
      contentsOf: folder.appending(path: model + ".csv"), encoding: .utf8
    ).split(separator: "\n").dropFirst().compactMap {
      $0.split(separator: ",").last.flatMap { Double($0) }
    }
  }

  /// The model file, decompressed into the folder where it has to be.
  static func file(
    of model: String, decompressedIn temporary: TemporaryFolder
  ) throws -> URL {
    let file = folder.appending(path: model + ".safetensors")
    if FileManager.default.fileExists(atPath: file.path) { return file }
    let compressed = try Data(contentsOf: file.appendingPathExtension("gz"))
    // A gzip file ends with the count of its bytes.
    let count = compressed.suffix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
    return try temporary.write(
      compressed.withUnsafeBytes { try Inflater($0, .gzip).read(count) },
      to: file.lastPathComponent)
  }
}

@Suite struct StoredModelTests {
  @Test("There is a model of every detector of 0.1.0")
  func complete() throws {
    let temporary = try TemporaryFolder()
    let names = try Stored.models.map {
      try FittedPipeline(
        contentsOf: Stored.file(of: $0, decompressedIn: temporary)
      ).detector.name
    }
    let known = DetectorCatalog.standard.descriptions
      .filter { $0.pictureSide == nil && $0.group != .further }.map(\.name)
    #expect(Set(names).isSuperset(of: known.prefix(15)))
  }

  @Test("A model of 0.1.0 gives the scores it gave", arguments: Stored.models)
  func scores(model: String) throws {
    let temporary = try TemporaryFolder()
    let pipeline = try FittedPipeline(
      contentsOf: Stored.file(of: model, decompressedIn: temporary))
    let scores = try pipeline.scores(for: Stored.category(of: model).test)
    let expected = try Stored.scores(of: model)
    // Sums may be rounded otherwise on another processor.
    let largest = expected.reduce(0) { max($0, abs($1)) }
    try #require(largest > 0)
    expectClose(scores, expected, within: .absolute(1e-5 * largest))
  }

  // Stopped after few of its sixty epochs, then gone on with by 0.1.0.
  @Test("Training goes on from a checkpoint of 0.1.0 to the same scores")
  func checkpoint() throws {
    let category = try Stored.category(of: "checkpoint")
    let temporary = try TemporaryFolder()
    let checkpoint = temporary.file("checkpoint.safetensors")
    try FileManager.default.copyItem(
      at: Stored.folder.appending(path: "checkpoint.safetensors"),
      to: checkpoint)
    let detector = try DetectorCatalog.standard.detector(
      named: "cnn",
      ["epochs": "60", "batch-size": "8", "widths": "3,4"])
    let pipeline = Pipeline(
      features: FeatureRecipe(size: PixelSize(square: 8)), detector: detector)
    let fitted = try pipeline.fit(
      category,
      in: RunContext(checkpoint: CheckpointFile(checkpoint, resumes: true)))
    expectClose(
      try fitted.scores(for: category.test),
      try Stored.scores(of: "checkpoint"), within: .relative(1e-3))
  }
}
