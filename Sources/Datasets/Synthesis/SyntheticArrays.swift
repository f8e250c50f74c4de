import Execution
import Foundation
import LinearAlgebra

/// Made-up 64x64 colour pictures in two arrays, as many as one likes: to see
/// how time and memory grow.
///
/// An ordinary picture is a random mixture of smooth waves with camera noise;
/// an anomaly has a bright square besides. The seed determines every pixel.
package struct SyntheticArrays: Sendable {
  package var seed: UInt64
  package var trainCount: Int
  /// Ordinary test pictures.
  package var goodCount: Int
  /// Test pictures with a square.
  package var defectCount: Int

  package init(
    seed: UInt64 = 7, trainCount: Int, goodCount: Int, defectCount: Int
  ) {
    self.seed = seed
    self.trainCount = trainCount
    self.goodCount = goodCount
    self.defectCount = defectCount
  }

  /// The pictures, drawn when they are read.
  package var dataset: Dataset {
    let name = "arrays"
    func set(_ rows: Range<Int>, labels: [Int]?) -> SampleSet {
      SampleSet(
        samples: (0..<rows.count).map {
          Sample(id: "\($0)", category: name, label: labels?[$0])
        },
        source: DrawnPictures(
          seed: seed, first: rows.lowerBound, rows: rows.count,
          labels: labels),
        imageShape: DrawnPictures.shape)
    }
    let testCount = goodCount + defectCount
    let labels = (0..<testCount).map { $0 < goodCount ? 0 : 1 }
    return Dataset(
      name: name, kind: .npy,
      categories: [
        DatasetCategory(
          name: name, train: set(0..<trainCount, labels: nil),
          test: set(trainCount..<trainCount + testCount, labels: labels))
      ])
  }
}

private struct DrawnPictures: SampleSource {
  static let shape = ImageShape(height: 64, width: 64, channels: 3)
  /// Waves along each side, so that there are as many squared, times colours.
  private static let waves = 4
  private static let noise: Float = 0.08

  let seed: UInt64
  /// The number of the first picture in the whole dataset.
  let first: Int
  let rows: Int
  let labels: [Int]?

  var columns: Int { Self.shape.count }

  func matrix(ofRows indices: [Int]) -> Matrix {
    let values: [Float] = Parallel.fill(
      indices.count * columns, blockSize: columns
    ) { range, picture in
      let row = indices[range.lowerBound / columns]
      draw(row, into: picture)
    }
    return Matrix(rows: indices.count, columns: columns, values: values)
  }

  private func draw(_ row: Int, into picture: UnsafeMutableBufferPointer<Float>)
  {
    var generator = SeededGenerator(seed: seed, stream: UInt64(first + row))
    let weights = (0..<Self.basisCount).map { _ in
      0.09 * Float(generator.normal())
    }
    picture.initialize(repeating: 0.5)
    Self.basis.withUnsafeBufferPointer { basis in
      for (wave, weight) in weights.enumerated() {
        let start = wave * picture.count
        for pixel in 0..<picture.count {
          picture[pixel] += weight * basis[start + pixel]
        }
      }
    }
    let square =
      labels?[row] == 1
      ? SIMD2(generator.integer(below: 52), generator.integer(below: 52)) : nil
    let noiseSeed = UInt32(truncatingIfNeeded: generator.next())
    for pixel in 0..<picture.count {
      let noise = latticeNoise(pixel, 0, seed: noiseSeed) - 0.5
      picture[pixel] += Self.noise * noise
    }
    if let square {
      for y in square.y..<square.y + 12 {
        for x in square.x..<square.x + 12 {
          picture[3 * (64 * y + x)] += 0.3
        }
      }
    }
    for pixel in 0..<picture.count {
      picture[pixel] = min(max(picture[pixel], 0), 1)
    }
  }

  private static let basisCount = 3 * waves * waves

  /// Products of cosines along the sides, each for one colour.
  private static let basis: [Float] = {
    var basis = [Float](repeating: 0, count: basisCount * shape.count)
    for wave in 0..<basisCount {
      let (color, u, v) = (wave % 3, wave / 3 % waves, wave / 3 / waves)
      let decay = 1 / Float(1 + u + v)
      for y in 0..<shape.height {
        for x in 0..<shape.width {
          let pixel = 3 * (y * shape.width + x) + color
          basis[wave * shape.count + pixel] =
            decay * cos(.pi * Float(u) * (Float(x) + 0.5) / 64)
            * cos(.pi * Float(v) * (Float(y) + 0.5) / 64)
        }
      }
    }
    return basis
  }()
}
