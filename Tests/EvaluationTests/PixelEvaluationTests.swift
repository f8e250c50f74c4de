import TestSupport
import Testing

@testable import Evaluation

@Suite struct PixelEvaluationTests {
  /// A heat map and where the defect is.
  private struct Picture {
    var map: [Float]
    var mask: [Bool]
    var width: Int

    /// Without a mask when there is no defect.
    func add(to evaluation: inout PixelEvaluation) {
      evaluation.add(
        map,
        mask: mask.contains(true) ? DefectMask(mask, width: width) : nil)
    }
  }

  private func evaluation(_ pictures: [Picture]) -> PixelEvaluation {
    var evaluation = PixelEvaluation()
    for picture in pictures { picture.add(to: &evaluation) }
    return evaluation
  }

  /// Blobs of defects whose pixels score higher than the noise around them.
  private func pictures(
    _ count: Int, side: Int, seed: UInt64,
    transform: (Float) -> Float = { $0 }
  ) -> [Picture] {
    let values = noise(rows: count, columns: 2 * side * side, seed: seed)
    return (0..<count).map { picture in
      let row = Array(values.row(picture))
      let mask = (0..<side * side).map { pixel in
        let (x, y) = (pixel % side, pixel / side)
        return picture % 3 > 0
          && (row[side * side + (y / 5 * side + x / 4)] > 1.2)
      }
      return Picture(
        map: mask.indices.map { transform(row[$0] + (mask[$0] ? 1 : 0)) },
        mask: mask, width: side)
    }
  }

  private func sortedAUROC(_ pictures: [Picture]) throws -> Double {
    func scores(_ isDefect: Bool) -> [Float] {
      pictures.flatMap { picture in
        zip(picture.map, picture.mask).filter { $1 == isDefect }.map(\.0)
      }
    }
    return try ROCCurve(positives: scores(true), negatives: scores(false)).area
  }

  @Test(
    "The pixel AUROC is that of all pixels sorted",
    arguments: [
      { $0 }, { ($0 * 4).rounded() / 4 }, { $0 > 0.5 ? 1 : 0 }, { _ in 3 },
      { $0 * $0 * 1e-30 }, { -abs($0) },
    ] as [@Sendable (Float) -> Float])
  func auroc(transform: @Sendable (Float) -> Float) throws {
    let pictures = pictures(12, side: 128, seed: 3, transform: transform)
    let auroc = try #require(evaluation(pictures).auroc)
    #expect(abs(auroc - (try sortedAUROC(pictures))) < 1e-5)
  }

  /// The regions found pixel by pixel, each a list of scores.
  private func regions(of picture: Picture) -> [[Float]] {
    var open = picture.mask
    let (width, height) = (picture.width, picture.mask.count / picture.width)
    return open.indices.compactMap { first in
      guard open[first] else { return nil }
      var region: [Float] = []
      var waiting = [first]
      open[first] = false
      while let pixel = waiting.popLast() {
        region.append(picture.map[pixel])
        for y in max(pixel / width - 1, 0)...min(pixel / width + 1, height - 1)
        {
          for x in max(pixel % width - 1, 0)...min(pixel % width + 1, width - 1)
          where open[y * width + x] {
            open[y * width + x] = false
            waiting.append(y * width + x)
          }
        }
      }
      return region
    }
  }

  /// Threshold by threshold, by the definition.
  private func countedAUPRO(_ pictures: [Picture], limit: Double) -> Double {
    let regions = pictures.flatMap(regions)
    let others = pictures.flatMap { picture in
      zip(picture.map, picture.mask).filter { !$1 }.map(\.0)
    }
    var points = [(taken: 0.0, found: 0.0)]
    for threshold in Set(pictures.flatMap(\.map)).sorted(by: >) {
      func share(_ scores: [Float]) -> Double {
        Double(scores.count { $0 >= threshold }) / Double(scores.count)
      }
      points.append(
        (
          share(others),
          regions.map(share).reduce(0, +) / Double(regions.count)
        ))
    }
    var area = 0.0
    for (start, end) in zip(points, points.dropFirst())
    where start.taken < limit && end.taken > start.taken {
      let stop = min(end.taken, limit)
      let slope = (end.found - start.found) / (end.taken - start.taken)
      let found = start.found + slope * (stop - start.taken)
      area += (stop - start.taken) * (start.found + found) / 2
    }
    return area / limit
  }

  @Test(
    "AUPRO is that of every threshold tried",
    arguments: [
      { ($0 * 64).rounded() / 64 }, { ($0 * 2).rounded() }, { _ in 3 },
      { -abs(($0 * 32).rounded()) },
    ] as [@Sendable (Float) -> Float], [0.05, 0.3, 1])
  func aupro(transform: @Sendable (Float) -> Float, limit: Double) throws {
    let pictures = pictures(6, side: 40, seed: 8, transform: transform)
    let aupro = try #require(
      evaluation(pictures).aupro(falsePositiveLimit: limit))
    #expect(abs(aupro - countedAUPRO(pictures, limit: limit)) < 1e-9)
  }

  @Test("Figures of NumPy and SciPy for three small pictures")
  func reference() throws {
    // regions: scipy.ndimage.label(mask, numpy.ones((3, 3))); the curve at
    // every value of numpy.unique, numpy.interp at 0.3, numpy.trapezoid.
    let pictures = (0..<3).map { picture in
      let mask = (0..<1200).map { pixel in
        let product = pixel % 40 * (pixel / 40)
        return picture > 0 && (product + 5 * picture) % 23 < 4
      }
      return Picture(
        map: (0..<1200).map { pixel in
          let i = pixel + 1200 * picture
          let value = Double((i * i * 7 + i * 13) % 1009) / 1009
          return Float(value + (mask[pixel] ? 0.4 : 0))
        }, mask: mask, width: 40)
    }
    let evaluation = evaluation(pictures)
    let regionCounts = pictures.map {
      DefectMask($0.mask, width: 40).regionCount
    }
    #expect(regionCounts.reduce(0, +) == 191)
    #expect(abs(try #require(evaluation.auroc) - 0.8107808468555187) < 1e-5)
    #expect(abs(try #require(evaluation.aupro()) - 0.5373547873730965) < 1e-5)
  }

  @Test("Regions touch at corners, not across the border of the picture")
  func regions() {
    func regions(_ rows: [String]) -> Int {
      DefectMask(rows.joined().map { $0 == "#" }, width: rows[0].count)
        .regionCount
    }
    #expect(regions(["#..", ".#.", "#.#"]) == 1)
    #expect(regions(["#.#", "#.#", "###"]) == 1)
    #expect(regions(["#.#.#", ".....", "#####"]) == 4)
    #expect(regions(["..#", "#.."]) == 2)
    #expect(regions(["...", "..."]) == 0)
    for picture in pictures(5, side: 30, seed: 4) {
      #expect(
        DefectMask(picture.mask, width: 30).regionCount
          == self.regions(of: picture).count)
    }
  }

  @Test("Parts joined in any way give the same bits")
  func merging() {
    let pictures = pictures(9, side: 50, seed: 5)
    let whole = evaluation(pictures)
    for partCount in 2...4 {
      var joined = PixelEvaluation()
      for part in (0..<partCount).reversed() {
        joined.merge(
          evaluation(
            pictures.indices.filter { $0 % partCount == part }
              .map { pictures[$0] }))
      }
      #expect(joined == whole)
    }
    #expect(whole.auroc != nil)
  }

  @Test("Without a defect, or with nothing else, there are no figures")
  func oneClass() {
    var evaluation = PixelEvaluation()
    #expect(evaluation.auroc == nil && evaluation.aupro() == nil)
    evaluation.add([1, 2, 3, 4])
    #expect(evaluation.auroc == nil && evaluation.aupro() == nil)
    var full = PixelEvaluation()
    full.add([1, 2], mask: DefectMask([true, true], width: 2))
    #expect(full.auroc == nil && full.aupro() == nil)
    evaluation.merge(full)
    #expect(evaluation.auroc == 0.25)
  }
}
