import Execution
import Foundation
import LinearAlgebra
import TestSupport
import Testing

@testable import Detectors

@Suite("Isolation forest")
struct IsolationForestTests {
  @Test(
    "c(n) is scikit-learn's average path length",
    arguments: [
      // sklearn.ensemble._iforest._average_path_length
      (0, 0), (1, 0), (2, 1), (3, 1.207392357589623),
      (4, 1.8516559071392855), (5, 2.327020052042847),
      (256, 10.244770920119917), (1_000_000, 26.785452445730613),
    ])
  func averagePathLengths(count: Int, expected: Double) {
    #expect(abs(averagePathLength(sampleCount: count) - expected) < 1e-12)
  }

  @Test("The height limit is the logarithm to base two, rounded up")
  func heightLimits() {
    let limits = [1, 2, 3, 4, 5, 255, 256, 257].map {
      IsolationTree.heightLimit(sampleCount: $0)
    }
    #expect(limits == [0, 1, 2, 2, 3, 8, 8, 9])
  }

  @Test("Path lengths have the expectation of uniform cuts")
  func expectedPathLengths() throws {
    // Of the points 0, 1 and 10 the first cut isolates 10 with the chance 0.9
    // and 0 with the chance 0.1; the second cut isolates the others. A constant
    // feature is never cut.
    let samples = Matrix([[0, 5], [1, 5], [10, 5]])
    let model = try IsolationForest(nEstimators: 20_000).fit(
      samples, in: RunContext())
    let expected = [1.9, 2, 1.1].map {
      exp2(-$0 / averagePathLength(sampleCount: 3))
    }
    // The standard deviation of the mean path is 0.3 / sqrt(20,000).
    expectClose(
      try model.scores(for: samples), expected, within: .absolute(0.003))
  }

  @Test("Features are cut equally often whatever their scale")
  func scaleInvariance() throws {
    var generator = SeededGenerator(seed: 3)
    let values = (0..<1000).map { _ in Float(generator.normal()) }
    let plain = Matrix(rows: 500, columns: 2, values: values)
    var scaled = plain
    for row in 0..<scaled.rows { scaled[row, 1] *= 1024 }
    let detector = IsolationForest()
    #expect(
      try detector.fit(plain, in: RunContext()).scores(for: plain)
        == detector.fit(scaled, in: RunContext()).scores(for: scaled))
  }

  @Test("Constant samples and a single sample score one half")
  func constantSamples() throws {
    for rows in [1, 2, 300] {
      let samples = Matrix(rows: rows, columns: 3, repeating: 2)
      let model = try IsolationForest().fit(samples, in: RunContext())
      #expect(
        try model.scores(for: samples) == [Float](repeating: 0.5, count: rows))
    }
  }

  @Test("A cut between neighbouring numbers separates them")
  func neighbouringValues() throws {
    let samples = Matrix([[1], [Float(1).nextUp]])
    let model = try IsolationForest().fit(samples, in: RunContext())
    // One cut isolates each: the path is 1 = c(2).
    #expect(try model.scores(for: samples) == [0.5, 0.5])
  }

  @Test("The widest range of values does not overflow")
  func extremeValues() throws {
    let greatest = Float.greatestFiniteMagnitude
    let samples = Matrix([[-greatest], [0], [greatest]])
    let scores = try IsolationForest().fit(samples, in: RunContext())
      .scores(for: samples)
    #expect(scores[1] < scores[0] && scores[1] < scores[2])
  }

  @Test("The options set the sub-sample and the features of a tree")
  func subsampling() throws {
    var generator = SeededGenerator(seed: 1)
    let samples = Matrix(
      rows: 1000, columns: 4,
      values: (0..<4000).map { _ in Float(generator.uniform()) })
    func sampleCount(_ maxSamples: IsolationForest.SampleCount) throws -> Int {
      try IsolationForest(nEstimators: 2, maxSamples: maxSamples)
        .fit(samples, in: RunContext()).sampleCount
    }
    #expect(try sampleCount(.automatic) == 256)
    #expect(try sampleCount(.count(7)) == 7)
    #expect(try sampleCount(.count(5000)) == 1000)
    #expect(try sampleCount(.fraction(0.5)) == 500)
    #expect(try sampleCount(.fraction(1e-9)) == 1)

    // A forest of one tree that may cut one feature sees only that one.
    let model = try IsolationForest(nEstimators: 1, maxFeatures: .count(1))
      .fit(samples, in: RunContext())
    let sensitive = try (0..<4).filter { column in
      var probes = Matrix(rows: 2, columns: 4, repeating: 0.5)
      probes[1, column] = 9
      let scores = try model.scores(for: probes)
      return scores[0] != scores[1]
    }
    #expect(sensitive.count == 1)
  }

  @Test("A forest too large for the memory budget is refused before it grows")
  func memoryBudget() {
    let samples = Matrix(rows: 100_000, columns: 1)
    #expect {
      try IsolationForest(maxSamples: .fraction(1)).fit(
        samples, in: RunContext(memoryBudget: 1 << 20))
    } throws: {
      guard case .exceedsMemoryBudget = $0 as? DetectorFault else {
        return false
      }
      return true
    }
  }

  @Test("Options are read from the text that describes them")
  func optionTexts() {
    for text in ["auto", "256", "0.5"] {
      #expect(IsolationForest.SampleCount(text)?.description == text)
    }
    #expect(IsolationForest.SampleCount("256") == .count(256))
    #expect(IsolationForest.SampleCount("half") == nil)
    #expect(IsolationForest.FeatureCount("1") == .count(1))
    #expect(IsolationForest.FeatureCount("1.0") == .fraction(1))
    #expect(IsolationForest.FeatureCount("auto") == nil)
  }

  // What Hariri, Carrasco Kind and Brunner show in their figures: between two
  // clouds on the axes, cuts at one feature leave two more where none are.
  @Test("Slanted cuts do not take the mirrored corners for ordinary")
  func slanted() throws {
    var samples = noise(rows: 400, columns: 2)
    for row in 0..<400 { samples[row, row % 2] += 10 }
    let corners = Matrix([[10, 10], [0, 0]])
    let clouds = Matrix([[10, 0], [0, 10]])
    func gap(_ forest: IsolationForest) throws -> Float {
      let model = try forest.fit(samples)
      let (far, near) = (
        try model.scores(for: corners), try model.scores(for: clouds)
      )
      return (far.reduce(0, +) - near.reduce(0, +)) / 2
    }
    let straight = try gap(IsolationForest())
    let slanted = try gap(IsolationForest(extensionLevel: 1))
    #expect(slanted > straight + 0.03, "\(slanted), \(straight)")
  }

  @Test("A cut weighs no more features than there are")
  func slantedLimit() throws {
    let samples = noise(rows: 100, columns: 3)
    #expect(
      try IsolationForest(extensionLevel: 9).fit(samples).scores(for: samples)
        == IsolationForest(extensionLevel: 2).fit(samples).scores(for: samples))
  }
}
