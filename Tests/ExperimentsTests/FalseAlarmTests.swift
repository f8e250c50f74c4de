import Datasets
import Detectors
import Evaluation
import Execution
import LinearAlgebra
import Parameters
import TestSupport
import Testing

@testable import Experiments

/// Thresholds that keep to a rate of false alarms.
@Suite struct FalseAlarmTests {
  private func set(_ matrix: Matrix, label: Int? = nil) -> SampleSet {
    SampleSet(
      samples: (0..<matrix.rows).map {
        Sample(id: "\($0)", category: "c", label: label)
      }, source: matrix)
  }

  private static let detectors: [NamedDetector] = [
    NamedDetector("iforest", IsolationForest(nEstimators: 20)),
    NamedDetector("gaussian", GaussianDistance()),
    NamedDetector("mcd", MinimumCovariance(nInit: 10)),
    NamedDetector("knn", NeighborDistance()),
    NamedDetector("lof", LocalOutlierFactor()),
    NamedDetector("kde", KernelDensity()),
    NamedDetector("gmm", GaussianMixture(maxComponents: 2)),
    NamedDetector("hbos", HistogramScore()),
    NamedDetector("ecod", EmpiricalTails()),
    NamedDetector("copod", CopulaTails()),
    NamedDetector("pca", PCAReconstruction(nComponents: .count(2))),
    NamedDetector("ocsvm", OneClassSVM(nu: 0.1)),
    NamedDetector("kmeans", KMeansDistance(nInit: 2)),
    NamedDetector("ensemble", Ensemble(members: [.iforest, .hbos, .knn])),
  ]

  // Of 20 splits with 150 training and 300 new rows, a rate of 0.1 has a
  // standard error of √(0.09/300 + 0.09/151)/√20 = 0.0067.
  @Test(
    "New ordinary rows are called anomalous as seldom as promised",
    arguments: detectors)
  func coverage(detector: NamedDetector) throws {
    let splits = 20
    var alarms = 0
    for split in 0..<splits {
      let rows = noise(rows: 450, columns: 4, seed: UInt64(split + 1))
      let train = set(rows.selecting(rows: 0..<150))
      let fitted = try Pipeline(detector: detector).fit(
        DatasetCategory(name: "c", train: train, test: train),
        trainingScores: .crossFitted, in: RunContext(seed: UInt64(split)))
      #expect(fitted.trainingScores.count == 150)
      let calibration = try fitted.calibration(FalseAlarmRate(0.1))
      #expect(calibration.promised == 0.1)
      alarms += try fitted.scores(for: set(rows.selecting(rows: 150..<450)))
        .count { calibration.isExceeded(by: $0) }
    }
    let rate = Double(alarms) / Double(300 * splits)
    #expect(rate < 0.1 + 3 * 0.0067, "\(rate)")
    #expect(rate > 0.02, "\(rate)")
  }

  @Test("A model file keeps the scores; a model without them has other samples")
  func kept() throws {
    let folder = try TemporaryFolder()
    let train = set(noise(rows: 60, columns: 3))
    let category = DatasetCategory(name: "c", train: train, test: train)
    let pipeline = Pipeline(
      detector: NamedDetector("gaussian", GaussianDistance()))
    let fitted = try pipeline.fit(
      category, trainingScores: .crossFitted, in: RunContext())
    try fitted.write(to: folder.file("model"))
    let read = try FittedPipeline(contentsOf: folder.file("model"))
    #expect(try read.unseenScores() == fitted.trainingScores)

    let plain = try pipeline.fit(category, in: RunContext())
    #expect(throws: ExperimentFault.noCalibration) {
      try plain.unseenScores()
    }
    let others = noise(rows: 30, columns: 3, seed: 4)
    #expect(
      try plain.unseenScores(of: set(others)) == plain.scores(for: set(others)))
    // What is labelled an anomaly is no ordinary sample.
    #expect(throws: (any Error).self) {
      try plain.unseenScores(of: set(others, label: 1))
    }
  }
}

/// What holds where the samples to be judged are those that are learned from.
@Suite struct TransductiveTests {
  private func category(isTransductive: Bool) -> DatasetCategory {
    let set = SampleSet(
      samples: (0..<60).map { Sample(id: "\($0)", category: "c") },
      source: noise(rows: 60, columns: 4))
    return DatasetCategory(
      name: "c", train: set, test: set, isTransductive: isTransductive)
  }

  private func fitted(
    _ name: String, _ settings: [String: String] = [:], isTransductive: Bool
  ) throws -> any Detector {
    var asked: ParameterSettings = [:]
    for (key, value) in settings { asked[key] = [value] }
    return try Pipeline(
      detector: DetectorCatalog.standard.detector(named: name, asked)
    ).fit(category(isTransductive: isTransductive), in: RunContext())
      .detector.detector
  }

  @Test("The support vectors of half of the samples, a kernel for the features")
  func supportVectors() throws {
    #expect(
      try fitted("ocsvm", isTransductive: false) as? OneClassSVM
        == OneClassSVM(nu: 0.1))
    #expect(
      try fitted("ocsvm", isTransductive: true) as? OneClassSVM
        == OneClassSVM(nu: 0.5, gamma: .auto))
    // The two go together: where one is asked for, the other is as elsewhere.
    #expect(
      try fitted("ocsvm", ["nu": "0.2"], isTransductive: true) as? OneClassSVM
        == OneClassSVM(nu: 0.2))
  }

  @Test("All components in units of their variance: a Mahalanobis distance")
  func components() throws {
    let all = PCAReconstruction(nComponents: .all, byVariance: true)
    #expect(
      try fitted("pca", isTransductive: true) as? PCAReconstruction == all)
    #expect(
      try fitted("pca", isTransductive: false) as? PCAReconstruction
        == PCAReconstruction())
    #expect(
      try fitted("pca", ["n-components": "2"], isTransductive: true)
        as? PCAReconstruction == PCAReconstruction(nComponents: .count(2)))
    let samples = noise(rows: 80, columns: 5)
    let model = try all.fit(samples)
    // The mean squared distance of n samples in d directions is d (n - 1)/n.
    let scores = try model.scores(for: samples)
    expectClose(
      [scores.reduce(0, +) / 80], [5.0 * 79 / 80], within: .relative(1e-5))
  }
}
