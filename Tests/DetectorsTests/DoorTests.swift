import Diagnostics
import Execution
import LinearAlgebra
import TestSupport
import Testing

@testable import Detectors

private final class Warnings: ProgressSink {
  private let storage = Protected<[String]>([])
  var lines: [String] { storage.withLock(\.self) }

  func report(_ progress: ProgressReport) {}
  func warn(_ line: FaultMessage) {
    storage.withLock { $0.append(line.text(for: .commandLine)) }
  }
}

@Suite("The door of detectors and models", .serialized)
struct DoorTests {
  private func warnings<D: Detector>(
    _ detector: D, on samples: Matrix
  ) throws -> [String] {
    let warnings = Warnings()
    let model = try detector.fit(samples, in: RunContext(progress: warnings))
    #expect(try model.scores(for: samples).allSatisfy(\.isFinite))
    return warnings.lines
  }

  @Test("Of fewer samples than clusters each is one of its own, which is said")
  func clusters() throws {
    let samples = noise(rows: 5, columns: 10)
    let lines = try warnings(KMeansDistance(nClusters: 8), on: samples)
    #expect(lines.count == 1)
    #expect(lines.first?.contains("5 samples for 8 clusters") ?? false)
    #expect(try warnings(KMeansDistance(nClusters: 5), on: samples) == [])
  }

  @Test("There are no more neighbours than samples, which is said")
  func neighbors() throws {
    let samples = noise(rows: 5, columns: 3)
    let lines = try warnings(NeighborDistance(nNeighbors: 6), on: samples)
    #expect(lines.count == 1)
    #expect(lines.first?.contains("5 samples for 6 neighbours") ?? false)
    #expect(try warnings(NeighborDistance(nNeighbors: 5), on: samples) == [])
    #expect(
      try warnings(LocalOutlierFactor(nNeighbors: 5), on: samples).count == 1)
    #expect(try warnings(LocalOutlierFactor(nNeighbors: 4), on: samples) == [])
  }

  @Test("Components that leave nothing over are told, those that do are not")
  func everyComponent() throws {
    let samples = noise(rows: 40, columns: 3)
    let lines = try warnings(
      PCAReconstruction(nComponents: .count(3)), on: samples)
    #expect(lines.count == 1)
    #expect(lines.first?.contains("every score is 0") ?? false)
    #expect(lines.first?.contains("--n-components 2") ?? false)
    #expect(
      try warnings(PCAReconstruction(nComponents: .count(2)), on: samples)
        == [])
    let model = try PCAReconstruction(nComponents: .count(3))
      .fit(samples, in: RunContext())
    let others = noise(rows: 40, columns: 3, seed: 2)
    #expect(try model.scores(for: others).allSatisfy { $0 == 0 })
  }

  @Test("There are no more components than samples, which is said")
  func components() throws {
    let lines = try warnings(
      PCAReconstruction(nComponents: .count(9)), on: noise(rows: 5, columns: 10)
    )
    #expect(lines.count == 1)
    #expect(lines.first?.contains("at most 5 components") ?? false)
  }

  @Test("A tree sees no more features than there are, which is said")
  func features() throws {
    let samples = noise(rows: 5, columns: 10)
    let lines = try warnings(
      IsolationForest(maxFeatures: .count(99)), on: samples)
    #expect(lines.count == 1)
    #expect(
      try warnings(IsolationForest(maxFeatures: .count(10)), on: samples) == [])
  }

  @Test("A solver that runs out of iterations says so, and what to raise")
  func iterations() throws {
    let samples = noise(rows: 200, columns: 3)
    let lines = try warnings(
      OneClassSVM(nu: 0.5, maxIterations: 1), on: samples)
    #expect(lines.count == 1)
    #expect(lines.first?.contains("--max-iter") ?? false)
    #expect(try warnings(OneClassSVM(nu: 0.5), on: samples) == [])
  }

  /// Gives what no score may be.
  private struct Broken: Detector {
    func learn(
      from samples: any SampleSource, in context: RunContext
    ) -> Model { Model(featureCount: samples.columns) }

    struct Model: AnomalyModel {
      let featureCount: Int
      func score(_ samples: Matrix, in context: RunContext) -> [Float] {
        [Float](repeating: .infinity, count: samples.rows)
      }
    }
  }

  @Test("Scores that are no finite numbers are refused where they arise")
  func infiniteScores() throws {
    let samples = noise(rows: 3, columns: 2)
    let model = try Broken().fit(samples)
    #expect(throws: DetectorFault.self) { try model.scores(for: samples) }
  }

  @Test(
    "A memory budget is told in a unit in which there is something to tell",
    arguments: [
      (300 << 20, 200 << 20, "300 MiB", "200 MiB"),
      (200 << 20 | 1, 200 << 20, "201 MiB", "200 MiB"),
      (1 << 20, 1000 << 10, "1024 KiB", "1000 KiB"),
      (1 << 20, 64, "1024 KiB", "64 bytes"), (8, 1, "8 bytes", "1 byte"),
    ])
  func memory(needed: Int, budget: Int, need: String, limit: String) {
    let fault = DetectorFault.exceedsMemoryBudget(
      needed: needed, budget: budget, remedy: "")
    #expect(
      fault.problem.text(for: .programmer)
        == "the fit needs \(need), the memory budget is \(limit)")
  }

  @Test("OpenBLAS has its threads again after a fit and after scores")
  func threads() throws {
    let before = BLAS.threadCount
    let samples = noise(rows: 300, columns: 20)
    let model = try PCAReconstruction().fit(samples)
    #expect(BLAS.threadCount == before)
    _ = try model.scores(for: samples)
    #expect(BLAS.threadCount == before)
    BLAS.onCallingThread { #expect(BLAS.threadCount == 1) }
  }
}
