import Execution
import Files
import Images
import LinearAlgebra
import LocalFeatures

/// The fineness of a grid of local features, by its cells a side on a picture
/// of 256 pixels.
public enum LocalGrid: String, CaseIterable, Codable, Hashable, Sendable {
  /// Cells of 4x4 pixels.
  case fine = "64"
  /// Cells of 8x8 pixels.
  case medium = "32"
  /// Cells of 16x16 pixels.
  case coarse = "16"

  /// The cells of the finest grid along a side of one of this.
  var fineCells: Int {
    switch self {
    case .fine: 1
    case .medium: 2
    case .coarse: 4
    }
  }
}

/// Local features on one scale: every channel less its mean over all cells of
/// the training pictures, divided by its deviation.
struct LocalStandard: Codable, Sendable {
  let channels: LocalChannels
  let shape: ImageShape
  @Tensor private var means: [Float]
  @Tensor private var factors: [Float]

  /// Deviations are taken as no less, so that what never varies in training is
  /// not divided by nothing: about the noise of 8-bit pixels.
  private static let leastDeviation: Double = 1e-3

  /// The pictures whose features are in memory before they are averaged.
  private static let picturesAtOnce = 16

  var features: LocalFeatures { LocalFeatures(channels, of: shape) }

  /// Learns the scale of the pictures, and gives them on it.
  ///
  /// - Parameter grid: The fineness of what is given; the scale is that of the
  ///   finest whatever it is.
  /// - Returns: One picture a row: cells row by row, channels side by side.
  static func fit(
    _ channels: LocalChannels, to pictures: any SampleSource,
    shape: ImageShape, grid: LocalGrid, in context: RunContext
  ) throws -> (standard: LocalStandard, grids: Matrix) {
    let features = LocalFeatures(channels, of: shape)
    let (count, depth) = (pictures.rows, channels.count)
    var sums = [Double](repeating: 0, count: 2 * depth)
    var values: [Float] = []
    for block in Parallel.blocks(count, size: picturesAtOnce) {
      let rasters = try features.grids(
        of: pictures.finite(rows: Array(block)), shape: shape, in: context)
      let moments = rasters.map(\.moments)
      for moments in moments {
        for index in sums.indices { sums[index] += moments[index] }
      }
      for raster in rasters { values += raster.means(of: grid.fineCells).values }
      context.progress.report(
        ProgressReport(
          stage: "local features", completed: block.upperBound, total: count))
    }
    let cells = Double(count * features.rows * features.columns)
    let means = sums[..<depth].map { $0 / cells }
    let deviations = (0..<depth).map {
      max(
        (sums[depth + $0] / cells - means[$0] * means[$0]).squareRoot(),
        leastDeviation)
    }
    let standard = LocalStandard(
      channels: channels, shape: shape, means: means.map(Float.init),
      factors: deviations.map { Float(1 / $0) })
    standard.apply(to: &values)
    return (
      standard,
      Matrix(rows: count, columns: values.count / count, values: values)
    )
  }

  private init(
    channels: LocalChannels, shape: ImageShape, means: [Float],
    factors: [Float]
  ) {
    self.channels = channels
    self.shape = shape
    self.means = means
    self.factors = factors
  }

  /// Pictures on the scale, one a row.
  func grids(
    of pictures: Matrix, grid: LocalGrid, in context: RunContext
  ) throws -> Matrix {
    var values = try features.grids(of: pictures, shape: shape, in: context)
      .flatMap { $0.means(of: grid.fineCells).values }
    apply(to: &values)
    return Matrix(
      rows: pictures.rows, columns: values.count / max(1, pictures.rows),
      values: values)
  }

  private func apply(to values: inout [Float]) {
    let depth = means.count
    values.withUnsafeMutableBufferPointer { values in
      for start in stride(from: 0, to: values.count, by: depth) {
        for channel in 0..<depth {
          values[start + channel] =
            (values[start + channel] - means[channel]) * factors[channel]
        }
      }
    }
  }
}

extension LocalFeatures {
  /// The finest grids of pictures that are the rows of a matrix.
  fileprivate func grids(
    of pictures: Matrix, shape: ImageShape, in context: RunContext
  ) throws -> [Raster] {
    try context.withThreads {
      try Parallel.map(pictures.rows) { index in
        try context.cancellation.check()
        return features(
          of: RasterImage(shape: shape, values: Array(pictures.row(index))))
      }
    }
  }
}

extension Raster {
  /// The sum of every channel over all cells, then that of its squares.
  fileprivate var moments: [Double] {
    var sums = [Double](repeating: 0, count: 2 * channels)
    for start in stride(from: 0, to: values.count, by: channels) {
      for channel in 0..<channels {
        let value = Double(values[start + channel])
        sums[channel] += value
        sums[channels + channel] += value * value
      }
    }
    return sums
  }
}
