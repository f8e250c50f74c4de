import Execution
import LinearAlgebra
import TestSupport
import Testing

@testable import Detectors

@Suite("Fits to samples that are not in memory")
struct BoundedMemoryTests {
  /// Four groups of samples, most of whose variance is in a few directions.
  private let samples: Matrix = {
    var samples = noise(rows: 4500, columns: 140)
    for row in 0..<samples.rows {
      for column in 0..<8 {
        samples[row, column] += Float(row % 4 * column * 3)
      }
    }
    return samples
  }()

  @Test("k-means walks them in blocks, to the same bits")
  func kMeans() throws {
    let detector = KMeansDistance(nClusters: 6, nInit: 2)
    let whole = try detector.fit(samples)
    let counted = CountedRows(samples)
    let budget = 4 << 20
    #expect(budget / 2 < 4 * samples.values.count)
    let walked = try detector.fit(
      counted, in: RunContext(memoryBudget: budget))
    #expect(walked.centroids == whole.centroids)
    #expect(walked.inertia == whole.inertia)
    #expect(walked.counts == whole.counts)
    #expect(1...2048 ~= counted.most)
    #expect(counted.read.count == samples.rows)
    let scores = try walked.scores(for: counted)
    #expect(try scores == whole.scores(for: samples))
  }

  @Test("k-means reads them once when they take half of the memory budget")
  func kMeansInMemory() throws {
    let counted = CountedRows(samples)
    _ = try KMeansDistance(nClusters: 6).fit(counted)
    #expect(counted.most == samples.rows)
  }

  @Test("the one-class SVM reads only the rows that it drew")
  func oneClassSVM() throws {
    let detector = OneClassSVM(nu: 0.3, maxSamples: 200)
    let context = RunContext(seed: 3)
    let whole = try detector.fit(samples, in: context)
    let counted = CountedRows(samples)
    let drawn = try detector.fit(counted, in: context)
    #expect(counted.read.count == 200)
    #expect(drawn.supportVectors == whole.supportVectors)
    #expect(drawn.coefficients == whole.coefficients)
    #expect(drawn.rho == whole.rho)
  }

  @Test("PCA adds up its Gram matrix in blocks, to the same bits")
  func pca() throws {
    let detector = PCAReconstruction(nComponents: .count(5))
    var pixels = samples
    for index in 0..<pixels.rows * pixels.columns {
      pixels[index / pixels.columns, index % pixels.columns] =
        Float(index * index % 251) / 255
    }
    for samples in [samples, pixels] {
      let whole = try detector.fit(samples)
      let counted = CountedRows(samples)
      let budget = RunContext(memoryBudget: 4 << 20)
      let walked = try detector.fit(counted, in: budget)
      #expect(1..<samples.rows ~= counted.most)
      #expect(walked.mean == whole.mean)
      #expect(
        try walked.scores(for: samples) == whole.scores(for: samples))
    }
  }

  @Test("trees see the same rows when they are grown a few at a time")
  func isolationForest() throws {
    let detector = IsolationForest(nEstimators: 20, maxSamples: .count(64))
    let whole = try detector.fit(samples)
    let counted = CountedRows(samples)
    let few = try detector.fit(
      counted, in: RunContext(memoryBudget: 300 << 10))
    #expect(counted.most <= 4 * 64)
    #expect(try few.scores(for: samples) == whole.scores(for: samples))
  }

  @Test("a value that is not finite is named by its row")
  func nonFinite() {
    var samples = samples
    samples[4321, 7] = .nan
    let context = RunContext(memoryBudget: 4 << 20)
    #expect(throws: DetectorFault.nonFiniteValue(row: 4321, column: 7)) {
      try KMeansDistance(nClusters: 6).fit(CountedRows(samples), in: context)
    }
  }
}
