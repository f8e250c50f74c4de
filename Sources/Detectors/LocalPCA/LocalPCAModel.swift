import Execution
import Files
import LinearAlgebra
import LocalFeatures

/// The training pictures' blocks and how unusual what they leave over is.
public struct LocalPCAModel: LocalizingModel {
  /// The map of one size of blocks.
  struct BlockMap: Codable, Sendable {
    let reconstruction: BlockReconstruction
    let calibration: MapCalibration

    /// - Returns: Also how unusual each training picture is, left out.
    static func fit(
      _ layout: BlockLayout, ridge: Double, to train: Matrix,
      over features: LocalFeatures, in context: RunContext
    ) throws -> (map: BlockMap, unusualness: [Raster]) {
      let (reconstruction, residuals) = try BlockReconstruction.fit(
        layout, ridge: ridge, to: train, in: context)
      let smooth = residuals.map { $0.smoothed(over: features) }
      let calibration = MapCalibration(smooth)
      return (
        BlockMap(reconstruction: reconstruction, calibration: calibration),
        smooth.map(calibration.unusualness)
      )
    }
  }

  private let standard: LocalStandard
  /// That of `train`.
  private let grid: LocalGrid
  @Tensor private var mean: [Float]
  /// The centred grids of the training pictures.
  @Tensor private var train: [Float]
  private let maps: [BlockMap]
  private let score: MapScore

  public var featureCount: Int { standard.shape.count }

  init(
    standard: LocalStandard, grid: LocalGrid, mean: [Float], train: Matrix,
    maps: [BlockMap], score: MapScore
  ) {
    self.standard = standard
    self.grid = grid
    self.mean = mean
    self.train = train.values
    self.maps = maps
    self.score = score
  }

  public func score(
    _ samples: Matrix, in context: RunContext
  ) throws -> [Float] {
    try unusualness(of: samples, in: context).map(score.score)
  }

  public func localize(
    _ samples: Matrix, in context: RunContext
  ) throws -> Localization {
    let maps = try unusualness(of: samples, in: context)
    return Localization(
      scores: maps.map(score.score),
      maps: maps.enlarged(to: standard.shape))
  }

  /// How unusual every cell of the finest grid is, picture by picture.
  private func unusualness(
    of samples: Matrix, in context: RunContext
  ) throws -> [Raster] {
    let train = Matrix(
      rows: self.train.count / mean.count, columns: mean.count,
      values: self.train)
    let coarse = maps.map {
      train.coarser(grid, to: $0.reconstruction.layout, standard)
    }
    return try LocalPictures.blocks(samples.rows).flatMap { block in
      try context.cancellation.check()
      var pictures = try standard.grids(
        of: samples.selecting(rows: block), grid: grid, in: context)
      pictures.subtractFromRows(mean)
      let unusualness = zip(maps, coarse).map { map, train in
        map.reconstruction.maps(
          of: pictures.coarser(grid, to: map.reconstruction.layout, standard),
          train: train
        ).map {
          map.calibration.unusualness(
            of: $0.smoothed(over: standard.features))
        }
      }
      context.progress.report(
        ProgressReport(
          stage: "scoring", completed: block.upperBound, total: samples.rows))
      return block.indices.map { index in
        Raster(meanOf: unusualness.map { $0[index - block.startIndex] })
      }
    }
  }
}

extension Matrix {
  /// Takes the mean of every column off, and gives it.
  mutating func centerColumns() -> [Float] {
    var sums = [Double](repeating: 0, count: columns)
    for row in 0..<rows {
      for column in 0..<columns {
        sums[column] += Double(values[row * columns + column])
      }
    }
    let means = sums.map { Float($0 / Double(rows)) }
    subtractFromRows(means)
    return means
  }

  mutating func subtractFromRows(_ offsets: [Float]) {
    values.withUnsafeMutableBufferPointer { values in
      offsets.withUnsafeBufferPointer { offsets in
        for row in 0..<rows {
          for column in 0..<columns {
            values[row * columns + column] -= offsets[column]
          }
        }
      }
    }
  }

  /// Grids of pictures as coarse as a layout's.
  func coarser(
    _ grid: LocalGrid, to layout: BlockLayout, _ standard: LocalStandard
  ) -> Matrix {
    let factor = layout.grid.fineCells / grid.fineCells
    guard factor > 1 else { return self }
    let values = Parallel.map(rows) { row in
      Raster(
        height: layout.gridRows * factor, width: layout.gridColumns * factor,
        channels: standard.channels.count, values: Array(self.row(row))
      ).means(of: factor).values
    }
    return Matrix(
      rows: rows, columns: columns / (factor * factor),
      values: Array(values.joined()))
  }
}

extension LocalPCAModel {
  private enum CodingKeys: CodingKey {
    case standard
    case grid
    case mean
    case train
    case maps
    case score
  }

  /// - Throws: `DecodingError.dataCorrupted` when the arrays do not fit
  ///   together.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    standard = try container.decode(LocalStandard.self, forKey: .standard)
    grid = try container.decode(LocalGrid.self, forKey: .grid)
    _mean = try container.decode(Tensor<Float>.self, forKey: .mean)
    _train = try container.decode(Tensor<Float>.self, forKey: .train)
    maps = try container.decode([BlockMap].self, forKey: .maps)
    score = try container.decode(MapScore.self, forKey: .score)
    let features = standard.features
    let cells = features.rows * features.columns
    guard
      mean.count * grid.fineCells * grid.fineCells
        == cells * standard.channels.count,
      !train.isEmpty, train.count % mean.count == 0,
      mean.allSatisfy(\.isFinite), train.allSatisfy(\.isFinite),
      !maps.isEmpty,
      maps.allSatisfy({
        $0.reconstruction.fits(train.count / mean.count)
          && $0.reconstruction.layout.lies(on: features, notFinerThan: grid)
          && $0.calibration.rows == features.rows
          && $0.calibration.columns == features.columns
      })
    else {
      throw DecodingError.dataCorrupted(
        .init(
          codingPath: decoder.codingPath,
          debugDescription: "blocks and training pictures do not fit together"))
    }
  }
}
