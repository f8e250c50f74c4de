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
    Fusion(defects: 16),
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
    func share(ofColorIn train: Matrix) throws -> Float {
      let model = try Fusion().fit(train, in: pictures.context)
      #expect(abs(model.weights.reduce(0) { $0 + $1.weight } - 1) < 1e-4)
      return model.weights.filter { $0.name.hasPrefix("colour") }
        .reduce(0) { $0 + $1.weight }
    }
    // Where brightness is restless and hue is even, defects show in the colour.
    let restless = try share(ofColorIn: pictures.restless(40, hue: 0))
    let colorful = try share(ofColorIn: pictures.restless(40, hue: 1))
    #expect(restless > colorful)
  }
}

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

  /// Blotches of random brightness, or of random hue.
  func restless(_ count: Int, hue: Float) -> Matrix {
    pictures(count, seed: 3) { row, generator in
      for _ in 0..<60 {
        let (left, top) = (
          generator.integer(below: 56), generator.integer(below: 56)
        )
        let level = Float(0.25 * generator.normal())
        for y in top..<top + 8 {
          for x in left..<left + 8 {
            let start = (y * 64 + x) * 3
            row[start] += level
            row[start + 1] += level * (1 - 2 * hue)
            row[start + 2] += level * (1 - hue)
          }
        }
      }
      row = row.map { min(max($0, 0), 1) }
    }
  }
}

private final class Warnings: ProgressSink {
  private let lines = Protected(0)
  var count: Int { lines.withLock { $0 } }
  func report(_ progress: ProgressReport) {}
  func warn(_ line: FaultMessage) { lines.withLock { $0 += 1 } }
}
