import Datasets
import Detectors
import Evaluation
import Execution
import Experiments
import Features
import Files
import Foundation
import Images
import LinearAlgebra
import Parameters
import TestSupport
import Testing

/// Models as others read them.
@Suite struct ExportTests {
  private static let trainingRows = 300
  private static let newRows = 1_000

  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Rows of columns that hang together, far from zero and of many sizes, one of
  /// them whole numbers; every tenth is far out.
  private func table(rows: Int, seed: UInt64) throws -> URL {
    let noise = noise(rows: rows, columns: 5, seed: seed)
    let text = (0..<rows).map { row -> String in
      let wide: Double = row % 10 == 9 ? 4 : 1
      let values = (0..<5).map { wide * Double(noise[row, $0]) }
      return [
        1e6 + 1_000 * values[0], values[0] + 0.3 * values[1],
        1e-3 * (values[2] - values[0]), (3 * values[3]).rounded(), values[4],
      ].map { "\($0)" }.joined(separator: ",")
    }
    return try folder.write(
      "a,b,c,d,e\n" + text.joined(separator: "\n") + "\n",
      to: "table-\(seed).csv")
  }

  private func category(_ url: URL) throws -> DatasetCategory {
    try Dataset(at: url).categories[0]
  }

  /// What onnxruntime makes of samples.
  private struct Answer: Decodable {
    var scores: [Float]
    var labels: [Int]
    /// Of the first hundred samples, one at a time.
    var single: [Float]
    var metadata: [String: String]
  }

  private func answer(_ model: URL, samples: URL) throws -> Answer {
    let run = try Python.run(
      """
      import json, sys, numpy as np, onnx, onnxruntime
      model, samples = sys.argv[1:]
      onnx.checker.check_model(onnx.load(model), full_check=True)
      session = onnxruntime.InferenceSession(
          model, providers=["CPUExecutionProvider"])
      port = session.get_inputs()[0]
      x = (np.load(samples) if samples.endswith(".npy")
           else np.loadtxt(samples, delimiter=",", skiprows=1))
      x = x.astype(np.float32 if port.type == "tensor(float)" else np.float64)
      ask = lambda x: session.run(["score", "label"], {port.name: x})
      scores, labels = ask(x)
      single = np.concatenate([ask(x[i:i + 1])[0] for i in range(min(len(x), 100))])
      print(json.dumps({
          "scores": scores.tolist(), "labels": labels.tolist(),
          "single": single.tolist(),
          "metadata": session.get_modelmeta().custom_metadata_map}))
      """, model.path, samples.path)
    #expect(run.status == 0, "\(run.errors)")
    return try run.json(Answer.self)
  }

  /// The middle of the widest gap among the upper scores, the highest few left
  /// out.
  private func widestGap(in scores: [Float]) throws -> Double {
    let sorted = scores.sorted().map(Double.init)
    let upper = sorted[(sorted.count / 2)..<(sorted.count * 49 / 50)]
    let gaps = zip(upper, upper.dropFirst())
    let widest = try #require(gaps.max { $0.1 - $0.0 < $1.1 - $1.0 })
    return (widest.0 + widest.1) / 2
  }

  /// - Parameters:
  ///   - unit: What scores are differences of; those near zero have its
  ///     rounding.
  ///   - spread: How far samples one at a time may be from all together.
  private func expectSame(
    _ fitted: FittedPipeline, _ set: SampleSet, samples: URL, unit: Double = 0,
    spread: Double = 0
  ) throws {
    let file = folder.file("model.onnx")
    let scores = try fitted.scores(for: set)
    let threshold = try widestGap(in: scores)
    try fitted.export(to: file, as: .onnx, threshold: threshold)
    let answer = try answer(file, samples: samples)
    #expect(answer.scores.count == scores.count)
    for (given, own) in zip(answer.scores, scores) {
      #expect(
        abs(Double(given - own)) <= 1e-5 * max(abs(Double(own)), unit),
        "\(given) and \(own)")
    }
    #expect(answer.labels == scores.map { Double($0) > threshold ? 1 : 0 })
    #expect(Set(answer.labels) == [0, 1])
    expectClose(
      answer.single, answer.scores.prefix(100), within: .absolute(spread))
    #expect(answer.metadata["detector"] == fitted.detector.name)
    #expect(answer.metadata["threshold"] == "\(threshold)")
  }

  private func fit(
    _ name: String, settings: [String: String] = [:],
    features: FeatureRecipe = FeatureRecipe(), to category: DatasetCategory
  ) throws -> FittedPipeline {
    try Pipeline(
      features: features,
      detector: DetectorCatalog.standard.detector(
        named: name, ParameterSettings(settings))
    ).fit(category, in: RunContext(seed: 3))
  }

  @Test(
    "onnxruntime scores 1,000 rows of a table as we do",
    .enabled(
      if: Python.has("onnx, onnxruntime"), Python.missing),
    arguments: [
      "ocsvm", "kmeans", "pca", "iforest", "mcd", "gaussian", "knn", "lof",
      "hbos", "ecod", "copod", "kde", "gmm", "ensemble",
    ])
  func tables(detector: String) throws {
    let category = try category(table(rows: Self.trainingRows, seed: 1))
    let new = try table(rows: Self.newRows, seed: 2)
    let fitted = try fit(detector, to: category)
    try expectSame(
      fitted, self.category(new).test, samples: new,
      unit: ["ocsvm": 10, "ensemble": 1][detector] ?? 0)
  }

  @Test(
    "Variants of detectors are exported too",
    .enabled(
      if: Python.has("onnx, onnxruntime"), Python.missing),
    arguments: [
      ("pca", ["n-components": "2", "mahalanobis": "true"]),
      ("pca", ["n-components": "0.8"]),
      ("kmeans", ["cluster-scaling": "spread"]),
      ("knn", ["distance": "median", "n-neighbors": "4"]),
      ("knn", ["distance": "mean"]),
    ] as [(String, [String: String])])
  func variants(detector: String, settings: [String: String]) throws {
    let category = try category(table(rows: Self.trainingRows, seed: 1))
    let new = try table(rows: Self.newRows, seed: 2)
    try expectSame(
      fit(detector, settings: settings, to: category),
      self.category(new).test, samples: new)
  }

  /// Colour pictures of an odd size as arrays, ordinary ones and a hundred with
  /// some that are not.
  private func pictures() throws -> (category: DatasetCategory, new: URL) {
    let pictures = PlantedDefects(count: 160)
    let (shape, ordinary) = (pictures.shape, pictures.ordinary)
    func write(_ rows: Matrix, to name: String) throws -> URL {
      let url = folder.file(name)
      try NPY.write(
        shape: [rows.rows, shape.height, shape.width, shape.channels], to: url
      ) { try $0(rows.values) }
      return url
    }
    _ = try write(ordinary.selecting(rows: 0..<60), to: "trainingset.npy")
    let new = Matrix(
      rows: 100 + pictures.defective.rows, columns: ordinary.columns,
      values: pictures.defective.values
        + ordinary.selecting(rows: 60..<160).values)
    let url = try write(new, to: "testingset.npy")
    return (try category(folder.url), url)
  }

  @Test(
    "onnxruntime scores pictures as we do, by pixels and local features",
    .enabled(
      if: Python.has("onnx, onnxruntime"), Python.missing),
    arguments: FeatureKind.allCases)
  func pictures(kind: FeatureKind) throws {
    let (category, new) = try pictures()
    try expectSame(
      fit("pca", features: FeatureRecipe(kind: kind), to: category),
      category.test, samples: new)
  }

  @Test(
    "onnxruntime scores pictures by blocks of local features as we do",
    .enabled(if: Python.has("onnx, onnxruntime"), Python.missing),
    arguments: [
      [:], ["block": "3", "channels": "color"],
      ["block": "3", "channels": "pixels"],
    ] as [[String: String]])
  func localFeatures(settings: [String: String]) throws {
    let category = try category(
      Repository.inspection.appending(path: "bolt"))
    let fitted = try fit(
      "local-pca", settings: settings,
      features: FeatureRecipe(size: PixelSize(square: 64)), to: category)
    let pixels = try fitted.extractor.samples(of: category.test).allRows(
      in: RunContext())
    let new = folder.file("pixels.npy")
    try NPY.write(shape: [pixels.rows, 64, 64, 3], to: new) {
      try $0(pixels.values)
    }
    try expectSame(
      fitted, category.test, samples: new, unit: 200, spread: 1e-5)
  }

  @Test(
    "onnxruntime scores pictures by networks as we do",
    .enabled(
      if: Python.has("onnx, onnxruntime"), Python.missing),
    arguments: [
      "fcn", "cnn", "cnn-bn", "mnist-cnn", "vae", "multi-encoder",
      "noise-classifier", "ocgan", "end-to-end-occ", "deep-svdd",
    ])
  func networks(detector: String) throws {
    let (category, new) = try pictures()
    let fitted = try fit(
      detector, settings: ["epochs": "1", "widths": "6,8"], to: category)
    try expectSame(
      fitted, category.test, samples: new,
      unit: detector == "noise-classifier" ? 10 : 0)
  }

  @Test("Archives and JSON have what the model file has")
  func arrays() throws {
    let category = try category(table(rows: Self.trainingRows, seed: 1))
    let fitted = try fit("kmeans", to: category)
    let file = folder.file("model.npz")
    try fitted.export(to: file, as: .npz, threshold: 1.5)
    let arrays = try NPZ.read(
      file, ["model.centroids", "model.counts", "threshold", "scaler.offsets"])
    #expect(
      arrays.mapValues(\.shape) == [
        "model.centroids": [8, 5], "model.counts": [8], "threshold": [],
        "scaler.offsets": [5],
      ])

    let text = folder.file("model.json")
    try fitted.export(to: text, as: .json)
    struct Document: Decodable {
      struct Model: Decodable {
        var centroids: [[Float]]
        var counts: [Int]
      }
      var name: String
      var model: Model
    }
    let document = try JSONDecoder().decode(
      Document.self, from: Data(contentsOf: text))
    let model = try #require(fitted.model as? KMeansDistanceModel)
    #expect(document.name == "kmeans")
    #expect(Matrix(document.model.centroids) == model.centroids)
    #expect(document.model.counts == model.counts)
  }
}
