import Diagnostics
import Execution
import LinearAlgebra
import LocalFeatures

/// The training pictures of a detector that sees local features.
struct LocalPictures {
  let source: any SampleSource
  let shape: ImageShape

  /// - Parameters:
  ///   - source: Rows that are pictures of the context's shape.
  ///   - most: How many are learned from: of more, some are drawn at random.
  ///   - needed: How many there must be.
  ///   - context: With the shape and the seed.
  /// - Throws: `DetectorFault.needsImages`, `.tooFewSamples`.
  init(
    of source: any SampleSource, most: Int, needed: Int,
    in context: RunContext
  ) throws {
    guard let shape = context.imageShape, shape.count == source.columns else {
      throw DetectorFault.needsImages
    }
    guard source.rows >= needed else {
      throw DetectorFault.tooFewSamples(count: source.rows, needed: needed)
    }
    self.shape = shape
    guard source.rows > most else {
      self.source = source
      return
    }
    var generator = SeededGenerator(seed: context.seed)
    let drawn = generator.sample(most, below: source.rows).sorted()
    context.warn(
      "learning from \(most) of \(source.rows) pictures: raise"
        + " \(option: "max-samples") for more")
    self.source = DrawnRows(source: source, indices: drawn)
  }

  /// Pictures whose features are in memory at a time.
  private static let atOnce = 64

  static func blocks(_ count: Int) -> [Range<Int>] {
    Parallel.blocks(count, size: atOnce)
  }
}

/// Some rows of a source, read when they are needed.
private struct DrawnRows: SampleSource {
  let source: any SampleSource
  let indices: [Int]

  var rows: Int { indices.count }
  var columns: Int { source.columns }

  func matrix(ofRows rows: [Int]) throws -> Matrix {
    try source.matrix(ofRows: rows.map { indices[$0] })
  }
}

extension Raster {
  /// On the finest grid, smoothed by a Gaussian of one cell: as maps are
  /// compared.
  func smoothed(over features: LocalFeatures) -> Raster {
    enlarged(height: features.rows, width: features.columns).blurred(1)
  }

  /// The sum of maps of one size, at least one, each times its weight.
  init(sumOf maps: [Raster], weights: [Float]) {
    self = maps[0]
    values.withUnsafeMutableBufferPointer { sums in
      for index in sums.indices { sums[index] *= weights[0] }
      for (map, weight) in zip(maps, weights).dropFirst() where weight > 0 {
        map.values.withUnsafeBufferPointer { values in
          for index in sums.indices { sums[index] += weight * values[index] }
        }
      }
    }
  }
}

extension Raster {
  /// A map at the size of its picture, smoothed by a Gaussian of half a cell of
  /// the finest grid.
  func enlarged(to shape: ImageShape) -> Raster {
    enlarged(height: shape.height, width: shape.width)
      .blurred(Float(LocalFeatures.cellSide) / 2)
  }
}

extension Array where Element == Raster {
  /// The maps at the size of their pictures, one a row.
  func enlarged(to shape: ImageShape) -> Matrix {
    let rows = Parallel.map(count) { self[$0].enlarged(to: shape).values }
    return Matrix(
      rows: count, columns: shape.height * shape.width,
      values: rows.flatMap { $0 })
  }
}
