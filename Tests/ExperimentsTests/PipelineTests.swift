import Autoencoders
import Datasets
import Detectors
import Evaluation
import Execution
import Features
import Images
import LinearAlgebra
import TestSupport
import Testing

@testable import Experiments

/// The one way from samples to scores.
@Suite struct PipelineTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// 40 ordinary training samples; test samples of which every third is
  /// brighter.
  private func category(shape: ImageShape?) -> DatasetCategory {
    var generator = SeededGenerator(seed: 3)
    func set(_ count: Int, isTest: Bool) -> SampleSet {
      let rows = (0..<count).map { row in
        (0..<64).map { _ in
          Float.random(in: 0..<0.5, using: &generator)
            + (isTest && row % 3 == 0 ? 0.3 : 0)
        }
      }
      return SampleSet(
        samples: (0..<count).map {
          Sample(
            id: "\($0)", category: "c", label: isTest && $0 % 3 == 0 ? 1 : 0)
        }, source: Matrix(rows), imageShape: shape)
    }
    return DatasetCategory(
      name: "c", train: set(40, isTest: false), test: set(12, isTest: true))
  }

  private static let shape = ImageShape(height: 8, width: 8, channels: 1)

  private var fcn: Autoencoder {
    var detector = Autoencoder(.fcn)
    detector.training.epochs = 2
    detector.widths = [16]
    detector.latentSize = 3
    return detector
  }

  private func dataset(_ kind: DatasetKind) throws -> Dataset {
    let category = category(shape: kind == .csv ? nil : Self.shape)
    let url = folder.file(kind == .csv ? "data.csv" : kind.rawValue)
    try Dataset(name: "d", kind: kind, categories: [category])
      .write(as: kind, to: url)
    return try Dataset(at: url)
  }

  /// Counts the epochs of all trainings.
  private final class Epochs: ProgressSink {
    private let counted = Protected(0)
    var count: Int { counted.withLock(\.self) }

    func report(_ progress: ProgressReport) {
      if progress.isMilestone { counted.withLock { $0 += 1 } }
    }
  }

  @Test(
    "A network is trained once, and again only for scores that are promised",
    arguments: [
      (TrainingScores.none, 1), (.own, 1), (.heldOut, 1), (.crossFitted, 21),
    ])
  func trainings(scores: TrainingScores, count: Int) throws {
    let epochs = Epochs()
    let fitted = try Pipeline(
      scaler: .minMax, detector: NamedDetector("fcn", fcn)
    ).fit(
      category(shape: Self.shape), trainingScores: scores,
      in: RunContext(progress: epochs))
    #expect(epochs.count == count * fcn.training.epochs)
    #expect(fitted.trainingScores.count == (scores == .none ? 0 : 40))
  }

  @Test(
    "Scores of a comparison and of a saved model are the same bits",
    arguments: [DatasetKind.folders, .npy, .csv], [Scaler.none, .standard])
  func sameScores(kind: DatasetKind, scaler: Scaler) throws {
    let dataset = try dataset(kind)
    let features = FeatureRecipe(
      size: kind == .folders ? PixelSize(square: 8) : nil)
    var detectors = [
      NamedDetector("ocsvm", OneClassSVM(nu: 0.1)),
      NamedDetector("kmeans", KMeansDistance(nClusters: 3, nInit: 2)),
      NamedDetector("pca", PCAReconstruction(nComponents: .count(5))),
      NamedDetector("iforest", IsolationForest(nEstimators: 10)),
      NamedDetector("knn", NeighborDistance()),
    ]
    if kind != .csv { detectors.append(NamedDetector("fcn", fcn)) }
    let context = RunContext(seed: 7)
    let runs = try Comparison(
      dataset: dataset, detectors: detectors, features: features,
      scaler: scaler, seeds: [7]
    ).run(in: context)
    #expect(runs.count == detectors.count)
    let model = folder.file("model")
    for (detector, run) in zip(detectors, runs) {
      let category = dataset.categories[0]
      try Pipeline(features: features, scaler: scaler, detector: detector)
        .fit(category, in: context).write(to: model)
      let scores = try FittedPipeline(contentsOf: model).scores(
        for: category.test, in: context)
      #expect(run.failure == nil)
      #expect(!scores.isEmpty)
      #expect(scores == run.scores, "\(detector.name)")
    }
  }

  @Test("Training samples are scored only for those who ask")
  func trainingScores() throws {
    let category = category(shape: nil)
    let pipeline = Pipeline(
      detector: NamedDetector("iforest", IsolationForest(nEstimators: 5)))
    let asked = try pipeline.fit(category, in: RunContext())
    let unasked = try pipeline.fit(
      category, trainingScores: .none, in: RunContext())
    #expect(asked.trainingScores.count == 40)
    #expect(unasked.trainingScores.isEmpty)
    #expect(
      try asked.scores(for: category.test)
        == unasked.scores(for: category.test))
  }

  @Test("A network refuses images of another range unless they are scaled")
  func intensities() throws {
    var category = category(shape: Self.shape)
    let rows = try category.train.source.matrix()
    category.train.source = Matrix(
      rows: rows.rows, columns: rows.columns,
      values: rows.values.map { $0 * 10 - 5 })
    func fit(_ scaler: Scaler) throws {
      _ = try Pipeline(scaler: scaler, detector: NamedDetector("fcn", fcn))
        .fit(category, in: RunContext())
    }
    #expect(throws: AutoencoderFault.self) { try fit(.none) }
    try fit(.standard)
  }

  @Test("Latent codes are of the scaled images, edits on the images' own scale")
  func scaledCodes() throws {
    let category = category(shape: Self.shape)
    let fitted = try Pipeline(
      scaler: .standard, detector: NamedDetector("fcn", fcn)
    ).fit(category, in: RunContext())
    let unchanged = try #require(LatentEdit("0*=1"))
    let changed = try #require(LatentEdit("0+=5"))
    let inspection = try Inspection(
      category.test, by: fitted, count: 4, edits: [unchanged, changed])
    #expect(inspection.reconstructions?.count == 4)
    #expect(inspection.edited[0].images == inspection.reconstructions)
    #expect(inspection.edited[1].images != inspection.reconstructions)
    let rows = try fitted.scaler.scaled(
      category.test.source.matrix(
        ofRows: inspection.samples.compactMap { Int($0.id) }))
    let model = try #require(fitted.model as? AutoencoderModel)
    let codes = try model.latentCodes(of: rows)
    #expect(
      inspection.codes == (0..<4).map { Array(codes.row($0)) })
  }

  @Test("Outliers come with their pictures and reconstructions")
  func outlierPictures() throws {
    let category = category(shape: Self.shape)
    let fitted = try Pipeline(
      scaler: .standard,
      detector: NamedDetector("pca", PCAReconstruction(nComponents: .count(39)))
    ).fit(category, in: RunContext())
    let search = try OutlierSearch(
      category.test, by: fitted, quantile: Quantile(0.5), pictureCount: 2)
    let pictures = try #require(search.pictures)
    #expect(pictures.outliers.map(\.place) == Array(search.outliers.prefix(2)))
    for picture in pictures.outliers + pictures.ordinary {
      let original = try #require(try category.test.picture(at: picture.place))
      #expect(picture.original == original)
      #expect(picture.reconstruction?.shape == Self.shape)
    }
  }
}
