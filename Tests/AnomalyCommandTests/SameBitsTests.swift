import AnomalyKit
import Foundation
import TestSupport
import Testing

/// Model and scores are the same bytes, whatever the circumstances.
@Suite("Same bits", .serialized)
struct SameBitsTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// What `fit` and `score` write.
  private func bits(
    of data: String, _ detector: String, _ options: String...,
    in place: URL? = nil, environment: [String: String] = [:]
  ) throws -> [Data] {
    let (model, scores) = (folder.path("model"), folder.path("scores.csv"))
    let settings =
      switch detector {
      case "cnn": ["--detector", "cnn", "--size", "32", "--epochs", "1"]
      case "hog": ["--detector", "kmeans", "--features", "hog"]
      default: ["--detector", detector]
      }
    for command in [
      ["fit", data, "--model", model] + settings,
      ["score", data, "--model", model, "--output", scores],
    ] {
      let run = try CommandRun(
        command + options, in: place, environment: environment)
      #expect(run.status == 0, "\(run.errors)")
    }
    return try [model, scores].map { try Data(contentsOf: URL(filePath: $0)) }
  }

  private static let detectors = [
    "iforest", "ocsvm", "kmeans", "pca", "knn", "ensemble", "cnn", "hog",
  ]

  @Test(
    "Neither threads, locale, time zone nor working directory change a bit",
    arguments: detectors)
  func circumstances(detector: String) throws {
    let data = inspection + "/bolt"
    let usual = try bits(of: data, detector)
    for count in ["1", "3"] {
      #expect(try bits(of: data, detector, "--threads", count) == usual)
    }
    for environment in [
      ["LC_ALL": "tr_TR.UTF-8", "TZ": "Asia/Kathmandu"],
      ["LC_ALL": "C", "TZ": "America/St_Johns", "LANG": "de_DE.UTF-8"],
    ] {
      #expect(
        try bits(of: data, detector, environment: environment) == usual,
        "\(environment)")
    }
    let parent = URL(filePath: data).deletingLastPathComponent()
    #expect(try bits(of: "bolt", detector, in: parent) == usual)
    #expect(try bits(of: ".", detector, in: URL(filePath: data)) == usual)
  }

  @Test(
    "No block that is read at a time changes a bit",
    // pca takes what it reads into memory.
    arguments: detectors.filter { $0 != "pca" })
  func blocks(detector: String) throws {
    let data = folder.path("arrays")
    let made = try CommandRun(
      "dataset", "synthesize", "--layout", "npy", "--train", "400", "--good",
      "20", "--defective", "20", "--output", data)
    #expect(made.status == 0, "\(made.errors)")
    let usual = try bits(of: data, detector)
    // 400 pictures of 48 kB are in memory whole, or read in three blocks.
    #expect(
      try bits(of: data, detector, "--memory-budget", "64M") == usual)
  }

  @Test("The order of a folder changes no bit", arguments: ["pca", "kmeans"])
  func order(detector: String) throws {
    let source = inspection + "/bolt/"
    // There the newest names come first.
    let memory = URL(filePath: "/dev/shm")
    let place =
      FileManager.default.isWritableFile(atPath: memory.path)
      ? memory : folder.url
    let root = place.appending(path: "anomaly-test-\(UUID())")
    defer { try? FileManager.default.removeItem(at: root) }
    var results: [[Data]] = []
    for isReversed in [false, true] {
      let data = root.appending(path: "\(isReversed)/bolt")
      for part in ["train/good", "test/good", "test/bent"] {
        let names = try FileManager.default.contentsOfDirectory(
          atPath: source + part
        ).sorted().prefix(20)
        let target = data.appending(path: part)
        try FileManager.default.createDirectory(
          at: target, withIntermediateDirectories: true)
        for name in isReversed ? names.reversed() : Array(names) {
          try FileManager.default.copyItem(
            atPath: source + part + "/" + name,
            toPath: target.appending(path: name).path)
        }
      }
      results.append(try bits(of: data.path, detector))
    }
    #expect(results[0] == results[1])
  }
}
