import Datasets
import Execution
import Features
import LinearAlgebra

/// Numbers for a whole picture that are alike for pictures of one product.
///
/// They are histograms of oriented gradients at 64x64 pixels, and the mean
/// colours of 8x8 cells of 8x8 pixels. Samples that are no pictures stand for
/// themselves.
struct PictureDescriptors: SampleSource {
  private let pictures: any SampleSource
  private let layout: HOGLayout?

  private static let side = 64
  private static let cell = 8

  /// - Parameter shape: Of the pictures; nil for other samples.
  init(of samples: any SampleSource, shape: ImageShape?) throws {
    guard let shape else {
      pictures = samples
      layout = nil
      return
    }
    let small = ImageShape(
      height: Self.side, width: Self.side, channels: shape.channels)
    pictures =
      shape == small
      ? samples : ResampledRows(samples, from: shape, to: small)
    layout = try HOGLayout(small)
  }

  var rows: Int { pictures.rows }
  var columns: Int { gradientCount + colorCount }

  /// How many of the columns are gradients, and come first; all where samples
  /// are no pictures.
  var gradientCount: Int { layout?.count ?? pictures.columns }

  private var colorCount: Int {
    layout == nil ? 0 : pictures.columns / (Self.cell * Self.cell)
  }

  func matrix(ofRows indices: [Int]) throws -> Matrix {
    let pictures = try pictures.matrix(ofRows: indices)
    guard let layout else { return pictures }
    let gradients = layout.features(of: pictures)
    var values: [Float] = []
    values.reserveCapacity(indices.count * columns)
    for row in 0..<pictures.rows {
      values += gradients.row(row)
      values += colors(of: Array(pictures.row(row)))
    }
    return Matrix(rows: indices.count, columns: columns, values: values)
  }

  /// The means of all cells, channel by channel.
  private func colors(of picture: [Float]) -> [Float] {
    let channels = picture.count / (Self.side * Self.side)
    let cells = Self.side / Self.cell
    var means = [Float](repeating: 0, count: colorCount)
    for row in 0..<Self.side {
      for column in 0..<Self.side {
        for channel in 0..<channels {
          let cell = row / Self.cell * cells + column / Self.cell
          means[cell * channels + channel] +=
            picture[(row * Self.side + column) * channels + channel]
            / Float(Self.cell * Self.cell)
        }
      }
    }
    return means
  }
}
