import Execution
import Files
import Images
import LinearAlgebra
import LocalFeatures
import ONNX

/// Local features on one scale: every channel less its mean over all cells of
/// the training pictures, divided by its deviation.
struct LocalStandard: Codable, Sendable {
  let channels: LocalChannels
  let shape: ImageShape
  @Tensor private var means: [Float]
  @Tensor private var deviations: [Float]

  /// Deviations are taken as no less, so that what never varies in training is
  /// not divided by nothing: about the noise of 8-bit pixels.
  private static let leastDeviation: Double = 1e-3
  /// The same where colour is judged by itself.
  private static let leastColorDeviation: Float = 0.03

  /// Pictures whose features are in memory before they are averaged.
  private static let picturesAtOnce = 16

  var features: LocalFeatures { LocalFeatures(channels, of: shape) }

  /// Learns the scale of pictures, and gives them on it.
  ///
  /// - Parameter grid: The fineness of what is given; the scale is that of the
  ///   finest whatever it is.
  static func fit(
    _ channels: LocalChannels, to pictures: LocalPictures, grid: LocalGrid,
    in context: RunContext
  ) throws -> (standard: LocalStandard, grids: LocalGrids) {
    let features = LocalFeatures(channels, of: pictures.shape)
    let (count, depth) = (pictures.source.rows, channels.count)
    var sums = [Double](repeating: 0, count: 2 * depth)
    var values: [Float] = []
    values.reserveCapacity(
      count * features.rows * features.columns * depth
        / (grid.fineCells * grid.fineCells))
    for block in Parallel.blocks(count, size: picturesAtOnce) {
      let parts = try features.averages(
        of: pictures.source.finite(rows: Array(block)), shape: pictures.shape,
        grid: grid, in: context)
      for part in parts {
        for index in sums.indices { sums[index] += part.moments[index] }
        values += part.values
      }
      context.progress.report(
        ProgressReport(
          stage: "local features", completed: block.upperBound, total: count))
    }
    let cells = Double(count * features.rows * features.columns)
    let means = sums[..<depth].map { $0 / cells }
    let standard = LocalStandard(
      channels: channels, shape: pictures.shape, means: means.map(Float.init),
      deviations: (0..<depth).map { channel in
        let variance =
          sums[depth + channel] / cells - means[channel] * means[channel]
        return Float(
          max(max(0, variance).squareRoot(), leastDeviation))
      })
    return (standard, standard.grids(ofRaw: values, count: count, on: grid))
  }

  private init(
    channels: LocalChannels, shape: ImageShape, means: [Float],
    deviations: [Float]
  ) {
    self.channels = channels
    self.shape = shape
    self.means = means
    self.deviations = deviations
  }

  /// Pictures on the scale.
  func grids(
    of pictures: Matrix, on grid: LocalGrid, in context: RunContext
  ) throws -> LocalGrids {
    let values = try features.averages(
      of: pictures, shape: shape, grid: grid, in: context
    ).flatMap(\.values)
    return grids(ofRaw: values, count: pictures.rows, on: grid)
  }

  /// Grids of which the values are known already.
  func grids(_ values: [Float], on grid: LocalGrid) -> LocalGrids {
    let (rows, columns) = (
      features.rows / grid.fineCells, features.columns / grid.fineCells
    )
    let length = rows * columns * channels.count
    return LocalGrids(
      grid: grid, rows: rows, columns: columns, depth: channels.count,
      values: Matrix(
        rows: values.count / length, columns: length, values: values))
  }

  private func grids(
    ofRaw raw: [Float], count: Int, on grid: LocalGrid
  ) -> LocalGrids {
    var values = raw
    values.withUnsafeMutableBufferPointer { values in
      for start in stride(from: 0, to: values.count, by: means.count) {
        for channel in means.indices {
          values[start + channel] =
            (values[start + channel] - means[channel]) / deviations[channel]
        }
      }
    }
    return grids(values, on: grid)
  }

  /// The channels of colour, of a scale on which faint ones stay faint.
  func colors(of grids: LocalGrids) -> LocalGrids {
    let colors = LocalFeatures.colorChannels
    return grids.selecting(
      colors,
      times: deviations[colors].map {
        $0 / max($0, Self.leastColorDeviation)
      })
  }

  /// Whether the arrays are of as many channels as there are.
  var isWhole: Bool {
    means.count == channels.count && deviations.count == channels.count
      && means.allSatisfy(\.isFinite)
      && deviations.allSatisfy { $0 > 0 && $0.isFinite }
  }
}

extension LocalFeatures {
  /// The features of pictures that are the rows of a matrix, averaged, with
  /// the moments of each channel on the finest grid.
  fileprivate func averages(
    of pictures: Matrix, shape: ImageShape, grid: LocalGrid,
    in context: RunContext
  ) throws -> [(values: [Float], moments: [Double])] {
    try context.withThreads {
      try Parallel.map(pictures.rows) { index in
        try context.cancellation.check()
        let fine = features(
          of: RasterImage(shape: shape, values: Array(pictures.row(index))))
        return (fine.means(of: grid.fineCells).values, fine.moments)
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

extension LocalStandard {
  /// Adds pictures on the scale to a graph: pictures x channels x rows x columns
  /// of a grid.
  ///
  /// - Throws: `ONNXFault.notExported`.
  func addGrids(
    of pictures: ONNXGraph.Value, on grid: LocalGrid, to graph: inout ONNXGraph
  ) throws -> ONNXGraph.Value {
    let fine = try features.addFeatures(of: pictures, shape: shape, to: &graph)
    let cells = graph.means(of: fine, side: grid.fineCells)
    let sizes = [channels.count, 1, 1]
    return graph(
      "Div", graph("Sub", cells, graph.constant(means, shape: sizes)),
      graph.constant(deviations, shape: sizes))
  }

  /// As `colors(of:)`.
  func addColors(
    of grids: ONNXGraph.Value, to graph: inout ONNXGraph
  ) -> ONNXGraph.Value {
    let colors = LocalFeatures.colorChannels
    let chosen = graph(
      "Slice", grids, graph.constant([colors.lowerBound]),
      graph.constant([colors.upperBound]), graph.constant([1]))
    return graph(
      "Mul", chosen,
      graph.constant(
        deviations[colors].map { $0 / max($0, Self.leastColorDeviation) },
        shape: [colors.count, 1, 1]))
  }
}
