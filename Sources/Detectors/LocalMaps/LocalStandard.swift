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
    let length = features.length(on: grid)
    // Of every picture, so that they can be added in its order.
    var moments = [Double](repeating: 0, count: count * 2 * depth)
    var values = try moments.withUnsafeMutableBufferPointer { moments in
      try context.fill(
        count * length, blockSize: length, stage: "local features"
      ) { range, target in
        let picture = range.lowerBound / length
        let fine = features.features(
          of: RasterImage(
            shape: pictures.shape,
            values: try pictures.source.finite(rows: [picture]).values))
        _ = UnsafeMutableBufferPointer(
          rebasing: moments[picture * 2 * depth..<(picture + 1) * 2 * depth]
        ).update(from: fine.moments)
        _ = target.initialize(from: fine.means(of: grid.fineCells).values)
      }
    }
    var sums = [Double](repeating: 0, count: 2 * depth)
    for (index, moment) in moments.enumerated() {
      sums[index % (2 * depth)] += moment
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
    values.withUnsafeMutableBufferPointer { values in
      context.withThreads {
        Parallel.forEach(count) { picture in
          standard.standardize(
            UnsafeMutableBufferPointer(
              rebasing: values[picture * length..<(picture + 1) * length]))
        }
      }
    }
    return (standard, standard.grids(values, on: grid))
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
    let features = features
    let length = features.length(on: grid)
    let values = try context.quiet.fill(
      pictures.rows * length, blockSize: length, stage: ""
    ) { range, target in
      let picture = Array(pictures.row(range.lowerBound / length))
      let fine = features.features(
        of: RasterImage(shape: shape, values: picture))
      _ = target.initialize(from: fine.means(of: grid.fineCells).values)
      standardize(target)
    }
    return grids(values, on: grid)
  }

  /// Grids of which the values are known already.
  func grids(_ values: [Float], on grid: LocalGrid) -> LocalGrids {
    let (rows, columns) = (
      features.rows / grid.fineCells, features.columns / grid.fineCells
    )
    let length = features.length(on: grid)
    return LocalGrids(
      grid: grid, rows: rows, columns: columns, depth: channels.count,
      values: Matrix(
        rows: values.count / length, columns: length, values: values))
  }

  /// Puts cells on the scale.
  private func standardize(_ cells: UnsafeMutableBufferPointer<Float>) {
    means.withUnsafeBufferPointer { means in
      deviations.withUnsafeBufferPointer { deviations in
        for start in stride(from: 0, to: cells.count, by: means.count) {
          for channel in means.indices {
            cells[start + channel] =
              (cells[start + channel] - means[channel]) / deviations[channel]
          }
        }
      }
    }
  }

  /// The channels of colour, of a scale on which faint ones stay faint.
  func colors(of grids: LocalGrids) -> LocalGrids {
    grids.selecting(LocalFeatures.colorChannels, times: colorFactors)
  }

  private var colorFactors: [Float] {
    deviations[LocalFeatures.colorChannels].map {
      $0 / max($0, Self.leastColorDeviation)
    }
  }

  /// Whether the arrays are of as many channels as there are.
  var isWhole: Bool {
    means.count == channels.count && deviations.count == channels.count
      && means.allSatisfy(\.isFinite)
      && deviations.allSatisfy { $0 > 0 && $0.isFinite }
  }
}

extension LocalFeatures {
  /// The numbers of a picture on a grid.
  fileprivate func length(on grid: LocalGrid) -> Int {
    rows * columns * channels.count / (grid.fineCells * grid.fineCells)
  }
}

extension Raster {
  /// The sum of every channel over all cells, then that of its squares.
  fileprivate var moments: [Double] {
    var sums = [Double](repeating: 0, count: 2 * channels)
    sums.withUnsafeMutableBufferPointer { sums in
      values.withUnsafeBufferPointer { values in
        for start in stride(from: 0, to: values.count, by: channels) {
          for channel in 0..<channels {
            let value = Double(values[start + channel])
            sums[channel] += value
            sums[channels + channel] += value * value
          }
        }
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
      graph.constant(colorFactors, shape: [colors.count, 1, 1]))
  }
}
