import Diagnostics
import Execution
import Files
import Foundation
import LinearAlgebra
import LocalFeatures
import TestSupport
import Testing

@testable import Detectors

/// Detectors that see local features, on generated pictures of 64x64 pixels.
@Suite struct LocalDetectorTests {
  private static let detectors: [any Detector] = [
    LocalPCA(), LocalPCA(block: 4, grid: .fine, channels: .gradients),
    LocalPCA(block: 4, channels: .color),
    LocalPCA(block: 8, grid: .fine, channels: .pixels),
    LocalKNN(), LocalKNN(reach: .anywhere, colorOnly: true),
    Fusion(defects: 16), LocalGaussian(),
    LocalGaussian(reach: .anywhere, grid: .medium), LocalCells(.kmeans),
    LocalCells(.oneClassSVM), LocalCells(.isolationForest), Autoregression(),
  ]

  @Test("The highest place of a map is in the defect", arguments: detectors)
  func planted(detector: any Detector) throws {
    let pictures = Pictures()
    let model = try detector.fit(pictures.ordinary(24), in: pictures.context)
    let localizing = try #require(model.localizing)
    let test = pictures.defective(by: .brighter)
    let found = try localizing.localization(of: test, in: pictures.context)
    for row in 0..<test.rows {
      let map = found.maps.row(row)
      let place = try #require(map.firstIndex(of: map.max() ?? 0))
      let (y, x) = (place - map.startIndex).quotientAndRemainder(dividingBy: 64)
      #expect(Pictures.contains(x: x, y: y, margin: 8))
    }
    let ordinary = try model.scores(
      for: pictures.ordinary(8, seed: 9), in: pictures.context)
    #expect(
      try #require(ordinary.max()) < (try #require(found.scores.min())))
    #expect(
      found.scores == (try model.scores(for: test, in: pictures.context)))
  }

  @Test(
    "Training pictures, left out, are as strange as new ones",
    arguments: detectors)
  func leftOut(detector: any Detector) throws {
    #expect(detector.isCalibrating)
    let pictures = Pictures()
    let model = try detector.fit(pictures.ordinary(24), in: pictures.context)
    let leftOut = try #require(model.leftOutScores)
    #expect(leftOut.isWhole(count: 24))
    let new = try #require(model.localizing).localization(
      of: pictures.ordinary(48, seed: 3), in: pictures.context)
    let peaks = (0..<48).map { new.maps.row($0).max() ?? 0 }
    // Of what is exchangeable, 12 of 48 are expected above the upper quarter
    // of the others, with a deviation of 5.
    func above(_ scores: [Float], _ others: [Float]) -> Int {
      let bound = others.sorted()[17]
      return scores.count { $0 > bound }
    }
    #expect(2...26 ~= above(new.scores, leftOut.scores))
    #expect(2...26 ~= above(peaks, leftOut.peaks))
  }

  @Test("Threads, blocks and a saved model change no bit", arguments: detectors)
  func sameBits(detector: any Detector) throws {
    func check<D: Detector>(_ detector: D) throws {
      let pictures = Pictures()
      var context = pictures.context
      let train = pictures.ordinary(12)
      let test = pictures.ordinary(40, seed: 2)
      context.threadCount = 1
      let model = try detector.fit(train, in: context)
      let scores = try model.scores(for: test, in: context)
      context.threadCount = 3
      let other = try detector.fit(train, in: context)
      #expect(try other.scores(for: test, in: context) == scores)
      #expect(
        try other.scores(for: CountedRows(test), in: context) == scores)
      let read = try Safetensors(encoding: model).decode(D.Model.self)
      #expect(try read.scores(for: test, in: context) == scores)
      #expect(model.leftOutScores?.isWhole(count: 12) ?? false)
      for twin in [other, read] {
        #expect(twin.leftOutScores == model.leftOutScores)
      }
    }
    try check(detector)
  }

  @Test("A table, one picture, and alike pictures", arguments: detectors)
  func unusual(detector: any Detector) throws {
    let pictures = Pictures()
    #expect(throws: DetectorFault.needsImages) {
      _ = try detector.fit(pictures.ordinary(4))
    }
    #expect(throws: DetectorFault.tooFewSamples(count: 1, needed: 2)) {
      _ = try detector.fit(pictures.ordinary(1), in: pictures.context)
    }
    for count in [2, 10] {
      let same = Matrix(
        rows: count, columns: 64 * 64 * 3, repeating: 0.5)
      let model = try detector.fit(same, in: pictures.context)
      let scores = try model.scores(for: same, in: pictures.context)
      #expect(Set(scores).count == 1)
      let strange = try model.scores(
        for: pictures.defective(by: .brighter), in: pictures.context)
      // A forest of alike cells has nothing to split by.
      guard detector as? LocalCells != LocalCells(.isolationForest) else {
        continue
      }
      #expect(try #require(strange.min()) > scores[0])
    }
  }

  @Test("More pictures than are learned from: some are drawn, with a word")
  func drawn() throws {
    let pictures = Pictures()
    let warnings = Warnings()
    var context = pictures.context
    context.progress = warnings
    let model = try LocalPCA(maxSamples: 6).fit(
      pictures.ordinary(9), in: context)
    #expect(warnings.count == 1)
    #expect(
      try model.scores(for: pictures.ordinary(3), in: context).count == 3)
  }

  @Test("What only colour shows is given to colour, texture to gradients")
  func weights() throws {
    let pictures = Pictures()
    func share(_ change: Change) throws -> Float {
      let model = try Fusion(pull: 0).learn(
        from: pictures.striped(40), in: pictures.context
      ) { ordinary, _, generator in
        Pictures.damaged(ordinary, by: change, using: &generator)
      }
      #expect(abs(model.weights.reduce(0) { $0 + $1.weight } - 1) < 1e-4)
      #expect(model.weights.allSatisfy { $0.weight > 0 })
      return model.weights.filter { $0.name.hasPrefix("colour") }
        .reduce(0) { $0 + $1.weight }
    }
    // More red and less blue, as bright as before.
    let color = try share { _, _, channel in [0.02, 0, -0.052][channel] }
    // Stripes in the other direction, of the same brightness and contrast.
    let texture = try share { x, y, _ in Pictures.stripe(x - y) }
    #expect(color > 0.2)
    #expect(texture < 0.01)
  }
}

/// What is added at a pixel of a channel.
private typealias Change = (_ x: Int, _ y: Int, Int) -> Float

/// Stripes that move a little, under a little noise; defects are in the middle.
private struct Pictures {
  enum Defect { case brighter }

  let shape = ImageShape(height: 64, width: 64, channels: 3)
  var context: RunContext { RunContext(seed: 1, imageShape: shape) }

  static func contains(x: Int, y: Int, margin: Int) -> Bool {
    (28 - margin..<36 + margin).contains(x)
      && (28 - margin..<36 + margin).contains(y)
  }

  private func pictures(
    _ count: Int, seed: UInt64,
    _ change: (inout [Float], inout SeededGenerator) -> Void = { _, _ in }
  ) -> Matrix {
    var generator = SeededGenerator(seed: seed)
    let rows = (0..<count).map { _ in
      let phase = generator.uniform()
      var row = (0..<64 * 64).flatMap { pixel -> [Float] in
        let wave = 0.5 + 0.2 * sin(Double(pixel % 64) / 5 + phase)
        return [wave, wave, 0.9 * wave].map {
          Float($0 + 0.02 * generator.normal())
        }
      }
      change(&row, &generator)
      return row
    }
    return Matrix(rows)
  }

  func ordinary(_ count: Int, seed: UInt64 = 1) -> Matrix {
    pictures(count, seed: seed)
  }

  func defective(by defect: Defect) -> Matrix {
    pictures(4, seed: 5) { row, _ in
      for y in 28..<36 {
        for x in 28..<36 {
          row[(y * 64 + x) * 3] = 1
          row[(y * 64 + x) * 3 + 2] = (x + y) % 4 < 2 ? 0 : 0.4
        }
      }
    }
  }

  /// Fine stripes from the lower left to the upper right.
  func striped(_ count: Int) -> Matrix {
    pictures(count, seed: 3) { row, generator in
      let phase = 2 * Double.pi * generator.uniform()
      for pixel in 0..<64 * 64 {
        for channel in 0..<3 {
          row[pixel * 3 + channel] += Self.stripe(
            pixel % 64 + pixel / 64, phase: phase)
        }
      }
    }
  }

  static func stripe(_ place: Int, phase: Double = 0) -> Float {
    Float(0.1 * sin(2 * .pi / 6 * Double(place) + phase))
  }

  /// With a change in a square somewhere.
  static func damaged(
    _ ordinary: Raster, by change: Change,
    using generator: inout SeededGenerator
  ) -> SyntheticDefect {
    var picture = ordinary
    var truth = Raster(
      height: 64, width: 64, channels: 1,
      values: [Float](repeating: 0, count: 64 * 64))
    let left = generator.integer(below: 48)
    let top = generator.integer(below: 48)
    for y in top..<top + 16 {
      for x in left..<left + 16 {
        truth.values[y * 64 + x] = 1
        for channel in 0..<3 {
          picture.values[(y * 64 + x) * 3 + channel] += change(x, y, channel)
        }
      }
    }
    return SyntheticDefect(picture: picture, truth: truth)
  }
}

private final class Warnings: ProgressSink {
  private let lines = Protected(0)
  var count: Int { lines.withLock { $0 } }
  func report(_ progress: ProgressReport) {}
  func warn(_ line: FaultMessage) { lines.withLock { $0 += 1 } }
}
