import Diagnostics
import Execution
import LinearAlgebra
import Synchronization
import TestSupport
import Testing

@testable import Detectors

private final class Warnings: ProgressSink {
  private let storage = Mutex<[String]>([])
  var lines: [String] { storage.withLock(\.self) }

  func report(_ progress: ProgressReport) {}
  func warn(_ line: Message) {
    storage.withLock { $0.append(line.text(for: .commandLine)) }
  }
}

@Suite("Bounds that hang on the data")
struct BoundsOfDataTests {
  private let samples = noise(rows: 5, columns: 10)

  private func warnings<D: Detector>(_ detector: D) throws -> [String] {
    let warnings = Warnings()
    let model = try detector.fit(samples, in: RunContext(progress: warnings))
    #expect(try model.scores(for: samples).allSatisfy(\.isFinite))
    return warnings.lines
  }

  @Test("Of fewer samples than clusters each is one of its own, which is said")
  func clusters() throws {
    let lines = try warnings(KMeansDistance(nClusters: 8))
    #expect(lines.count == 1)
    #expect(lines.first?.contains("5 samples for 8 clusters") ?? false)
    #expect(try warnings(KMeansDistance(nClusters: 5)) == [])
  }

  @Test("There are no more components than samples, which is said")
  func components() throws {
    let lines = try warnings(PCAReconstruction(nComponents: .count(9)))
    #expect(lines.count == 1)
    #expect(lines.first?.contains("at most 5 components") ?? false)
  }

  @Test("A tree sees no more features than there are, which is said")
  func features() throws {
    let lines = try warnings(IsolationForest(maxFeatures: .count(99)))
    #expect(lines.count == 1)
    #expect(try warnings(IsolationForest(maxFeatures: .count(10))) == [])
  }
}
